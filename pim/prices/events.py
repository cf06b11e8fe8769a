from dataclasses import dataclass
from typing import ClassVar

from kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PriceChanged(Event):
    """Prices of a variant were set, or one of them began or ended."""

    topic: ClassVar[str] = "PRICE"
    event: ClassVar[str] = "price.changed"

    price_list: str
    skus: list[str]
