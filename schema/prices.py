from datetime import datetime

import strawberry

from pim.prices import model

from .fields import mirrors
from .money import Money


@strawberry.type
class Promotion:
    code: str
    name: str


@strawberry.type
class Discount:
    promotion: Promotion
    saving: Money


@strawberry.type
@mirrors(model.OfferPrice)
class OfferPrice:
    current: Money
    list_price: Money = strawberry.field(name="list", description="The price before a reduction in progress.")
    lowest30_days: Money | None = strawberry.field(
        name="lowest30Days", description="The EU Omnibus prior price; null when nothing is reduced."
    )
    tax_included: bool
    valid_until: datetime | None
    discounts: list[Discount]


@strawberry.type
@mirrors(model.Tier)
class PriceTier:
    min_quantity: int
    price: Money


@strawberry.type
@mirrors(model.Price)
class Price:
    amount: Money
    min_quantity: int
    valid_from: datetime
    valid_until: datetime | None
    set_by: str | None
