from dataclasses import dataclass
from typing import ClassVar

from kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CategoryChanged(Event):
    """A category was made, changed, moved or deleted."""

    topic: ClassVar[str] = "PRODUCT"
    event: ClassVar[str] = "category.changed"

    code: str
    path: str
    deleted: bool = False
