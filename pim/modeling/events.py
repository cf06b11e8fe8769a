import uuid
from dataclasses import dataclass
from typing import ClassVar

from kernel import ids
from kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class AttributeChanged(Event):
    """An attribute was made or defined anew, or its options were."""

    topic: ClassVar[str] = "PRODUCT"
    event: ClassVar[str] = "attribute.changed"

    code: str

    @classmethod
    def of(cls, key: uuid.UUID, code: str) -> "AttributeChanged":
        return cls(entity=ids.entity("Attribute", key), code=code)


@dataclass(frozen=True, kw_only=True)
class FamilyChanged(Event):
    """A family was made or defined anew."""

    topic: ClassVar[str] = "PRODUCT"
    event: ClassVar[str] = "family.changed"

    code: str

    @classmethod
    def of(cls, key: uuid.UUID, code: str) -> "FamilyChanged":
        return cls(entity=ids.entity("Family", key), code=code)
