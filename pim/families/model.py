import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FamilyAttribute:
    attribute: str
    level: str
    required_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """Which attributes a kind of product has, on which level, and by which its variants differ."""

    id: uuid.UUID
    code: str
    labels: dict[str, str]
    label_attribute: str | None
    attributes: tuple[FamilyAttribute, ...]
    axes: tuple[str, ...]
