from dataclasses import dataclass
from typing import Any, ClassVar

from kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class StockAdjusted(Event):
    """A level changed: by how much in each state, and what it is after that."""

    topic: ClassVar[str] = "STOCK"
    event: ClassVar[str] = "stock.adjusted"

    skus: list[str]
    reason: str
    reference: str | None
    deltas: dict[str, int]
    level: dict[str, Any]
