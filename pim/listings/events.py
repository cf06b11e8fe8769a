from dataclasses import dataclass
from typing import ClassVar

from kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ListingChanged(Event):
    """A listing was published, scheduled or withdrawn, or the time of its window has come."""

    topic: ClassVar[str] = "LISTING"
    event: ClassVar[str] = "listing.changed"

    code: str
    status: str
    shown: bool
    skus: list[str]
