import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from kernel.errors import DomainError
from kernel.money import Money


@dataclass(frozen=True, slots=True)
class PriceList:
    id: uuid.UUID
    code: str
    currency: str
    priority: int
    tax_included: bool


@dataclass(frozen=True, slots=True)
class Price:
    """A dated price of a variant; ``valid_until`` is exclusive, None while no end is set."""

    variant_id: uuid.UUID
    amount: Money
    min_quantity: int
    valid_from: datetime
    valid_until: datetime | None
    set_by: str | None


@dataclass(frozen=True, slots=True)
class PriceInput:
    sku: str
    amount: Decimal
    min_quantity: int = 1
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    min_quantity: int
    price: Money


@dataclass(frozen=True, slots=True)
class OfferPrice:
    """What one unit costs now. ``list_price`` is the price before a reduction in progress, else the current one."""

    current: Money
    list_price: Money
    lowest30_days: Money | None
    tax_included: bool
    valid_until: datetime | None
    discounts: tuple[()] = ()  # prices of lists alone: no promotion takes part


@dataclass(frozen=True, slots=True)
class PricesSet:
    count: int


@dataclass
class OverlappingPrices(DomainError):
    """{sku} has a price from {valid_from} until {valid_until} already."""

    sku: str
    valid_from: datetime
    valid_until: datetime | None
