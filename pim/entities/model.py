import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.errors import DomainError

Content = dict[str, dict[str, dict[str, Any]]]  # attribute → channel → locale → value


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of thing that products refer to, such as brands or designers, and the attributes it has."""

    id: uuid.UUID
    code: str
    labels: dict[str, str]
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One thing of an entity: one brand, one designer."""

    id: uuid.UUID
    entity: str
    code: str
    labels: dict[str, str]
    content: Content
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RecordValue:
    """A value of an attribute for a channel and locale; None stands for all of them, a value of None clears."""

    attribute: str
    value: Any = None
    channel: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class RecordInput:
    """What to make true of a record. Labels of None leave those that are there; values not named stay."""

    code: str
    labels: Mapping[str, str] | None = None
    values: tuple[RecordValue, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """Why a record was refused: where in its input, and what is wrong there."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    code: str
    problems: tuple[RecordProblem, ...]


@dataclass(frozen=True, slots=True)
class SavedRecord:
    """``relabeled`` is whether there was a record, and is called something else now."""

    code: str
    record_id: uuid.UUID
    created: bool
    changed: bool
    relabeled: bool


@dataclass(frozen=True, slots=True)
class SavedRecords:
    """The outcome for each record, in the order given."""

    results: tuple[SavedRecord | RefusedRecord, ...]


@dataclass(frozen=True, slots=True)
class DeletedRecords:
    count: int


@dataclass
class RecordInUse(DomainError):
    """{code} cannot be deleted: {products} products, {variants} variants and {records} records refer to it."""

    code: str
    products: int
    variants: int
    records: int
