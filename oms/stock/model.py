import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.errors import DomainError
from kernel.outbox import camel

from .tables import STATES

REASONS = (
    "RECEIVED",
    "SOLD",
    "RETURNED",
    "CORRECTION",
    "DAMAGE",
    "THEFT",
    "EXPIRED",
    "COUNT",
    "TRANSFER",
    "PROMOTION",
    "OTHER",
)
ADJUSTABLE = ("ON_HAND", "AVAILABLE", "DAMAGED", "QUALITY_CONTROL", "SAFETY_STOCK")


@dataclass(frozen=True, slots=True)
class StockLevel:
    """What is there of a variant at a location. Only ``available`` may be below zero: a shelf found empty."""

    variant_id: uuid.UUID
    location_id: uuid.UUID
    sku: str
    location: str
    on_hand: int
    available: int
    committed: int
    reserved: int
    damaged: int
    quality_control: int
    safety_stock: int
    incoming: int
    updated_at: datetime

    @property
    def shortage(self) -> int:
        return max(0, -self.available)

    @property
    def key(self) -> str:
        return f"{self.variant_id}:{self.location_id}"


@dataclass(frozen=True, slots=True)
class Adjusting:
    """Add ``delta`` to one state of a level; ``expected`` is what the state must be before."""

    sku: str
    location: str
    delta: int
    state: str = "ON_HAND"
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """Make a level's on-hand quantity ``quantity``; ``expected`` is what it must be before."""

    sku: str
    location: str
    quantity: int
    expected: int | None = None
    safety_stock: int | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """The levels after a change, in the order given."""

    levels: tuple[StockLevel, ...]


@dataclass(frozen=True, slots=True)
class Movement:
    """One row of the ledger."""

    id: int
    at: datetime
    reason: str
    reference: str | None
    actor: str
    note: str | None
    deltas: Mapping[str, int]
    balance: Mapping[str, int]


def deltas(row: Mapping[str, int]) -> dict[str, int]:
    """The states that a change moved, on hand included: {"AVAILABLE": -2, "ON_HAND": -2}."""
    moved = {state.upper(): row[state] for state in STATES if row[state]}
    on_hand = sum(row[state] for state in STATES[:-1])
    return {"ON_HAND": on_hand} | moved if on_hand else moved


@dataclass
class StaleQuantity(DomainError):
    """{sku} at {location} is {actual}, not {expected}."""

    sku: str
    location: str
    expected: int
    actual: int


@dataclass
class UnknownSku(DomainError):
    """There is no variant {named}."""

    skus: tuple[str, ...]

    @property
    def named(self) -> str:
        return ", ".join(self.skus[:10])


def from_change(entity: str, payload: Mapping[str, Any]) -> StockLevel:
    """The level as a change of it tells it."""
    _, variant_id, location_id = entity.split(":")
    told = payload["level"]
    return StockLevel(
        variant_id=uuid.UUID(variant_id),
        location_id=uuid.UUID(location_id),
        sku=payload["skus"][0],
        location=told["location"],
        on_hand=told["onHand"],
        updated_at=datetime.fromisoformat(told["updatedAt"]),
        **{state: told[camel(state)] for state in STATES},
    )
