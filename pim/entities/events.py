import uuid
from dataclasses import dataclass
from typing import ClassVar

from kernel import ids
from kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ReferenceEntityChanged(Event):
    topic: ClassVar[str] = "PRODUCT"
    event: ClassVar[str] = "reference_entity.changed"

    code: str

    @classmethod
    def of(cls, key: uuid.UUID, code: str) -> "ReferenceEntityChanged":
        return cls(entity=ids.entity("ReferenceEntity", key), code=code)


@dataclass(frozen=True, kw_only=True)
class ReferenceRecordChanged(Event):
    topic: ClassVar[str] = "PRODUCT"
    event: ClassVar[str] = "reference_record.changed"

    code: str
    of_entity: str

    @classmethod
    def of(cls, key: uuid.UUID, code: str, entity: str) -> "ReferenceRecordChanged":
        return cls(entity=ids.entity("ReferenceRecord", key), code=code, of_entity=entity)
