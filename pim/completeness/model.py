import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Completeness:
    """How far a product is filled in for one channel and locale, and the codes of the attributes it still needs."""

    product_id: uuid.UUID
    channel: str
    locale: str
    percent: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FamilySummary:
    """How many products of a family there are for a channel and locale, and how many of them are complete."""

    family: str
    channel: str
    locale: str
    products: int
    complete: int
