from dataclasses import dataclass
from typing import ClassVar

from kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ProductChanged(Event):
    topic: ClassVar[str] = "PRODUCT"
    event: ClassVar[str] = "product.changed"

    code: str
    revision: int
    skus: list[str]
