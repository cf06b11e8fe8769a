import uuid
from dataclasses import dataclass
from datetime import datetime

LOW = 5  # units at or below which a channel says that little is left


@dataclass(frozen=True, slots=True)
class Availability:
    """How much of a variant a channel can sell now."""

    channel_id: uuid.UUID
    variant_id: uuid.UUID
    quantity: int
    restock_at: datetime | None = None

    @property
    def status(self) -> str:
        if self.quantity <= 0:
            return "OUT_OF_STOCK"
        return "LOW_STOCK" if self.quantity <= LOW else "IN_STOCK"

    @property
    def on_channel(self) -> tuple[uuid.UUID, uuid.UUID]:
        return self.channel_id, self.variant_id


@dataclass(frozen=True, slots=True)
class PickupStock:
    location_id: uuid.UUID
    quantity: int
