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
