import uuid
from dataclasses import dataclass, field
from typing import Any

from pim.channels import locales

TYPES = (
    "TEXT",
    "LONG_TEXT",
    "NUMBER",
    "MEASUREMENT",
    "BOOLEAN",
    "DATE",
    "SELECT",
    "MULTI_SELECT",
    "MONEY",
    "MEDIA",
    "REFERENCE",
)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of attributes; ``locale`` is the one it is shown in."""

    code: str
    labels: dict[str, str]
    position: int = 0
    locale: str = "en"

    @property
    def label(self) -> str:
        return locales.label(self.labels, self.locale, self.code)


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    labels: dict[str, str]
    position: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """What an attribute of type MEDIA asks of a file: its id, what its name may end in, and its size."""

    id: str
    extensions: frozenset[str]
    bytes: int


@dataclass(frozen=True, slots=True)
class Attribute:
    """``reference_entity`` is what an attribute of type REFERENCE refers to; None stands for products."""

    id: uuid.UUID
    code: str
    type: str
    labels: dict[str, str] = field(hash=False)
    group_code: str | None = None
    localizable: bool = False
    scopable: bool = False
    is_unique: bool = False
    filterable: bool = False
    searchable: bool = False
    unit_family: str | None = None
    default_unit: str | None = None
    validation: dict[str, Any] = field(default_factory=dict, hash=False)
    position: int = 0
    reference_entity: str | None = None

    @property
    def unique(self) -> bool:
        return self.is_unique
