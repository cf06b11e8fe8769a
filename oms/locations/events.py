from dataclasses import dataclass
from typing import ClassVar

from kernel.outbox import Event


@dataclass(frozen=True, kw_only=True)
class LocationChanged(Event):
    topic: ClassVar[str] = "LOCATION"
    event: ClassVar[str] = "location.changed"

    code: str
