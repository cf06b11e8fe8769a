"""Variants as a channel sells them: content, price and availability in one object."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from kernel.errors import InvalidInput
from oms.locations import queries as location_queries
from oms.offers import model as offer_model
from oms.offers import queries as offer_queries
from pim.listings import model
from pim.media import queries as media_queries
from pim.prices import queries as price_queries

from .enums import AvailabilityStatus
from .fields import loads, mirrors
from .locations import Location
from .media import Media
from .prices import OfferPrice, PriceTier

if TYPE_CHECKING:
    from .shop import Listing


@strawberry.type
@mirrors(model.AxisValue)
class AxisValue:
    code: str
    value: str
    label: str


@strawberry.type
@mirrors(offer_model.PickupStock)
class PickupStock:
    quantity: int
    location = loads(Location, location_queries.locations_by_id, by="location_id")


def first_of(found: Any, *, first: int) -> Any:
    """No more than the ``first`` of a short list. Raises InvalidInput."""
    if not 0 <= first <= 100:  # noqa: PLR2004
        raise InvalidInput("first", "must be between 0 and 100")
    return found[:first]


@strawberry.type
@mirrors(offer_model.Availability)
class Availability:
    status: AvailabilityStatus
    quantity: int
    restock_at: datetime | None
    pickup = loads(
        list[PickupStock],
        offer_queries.pickup_by_offer,
        by="on_channel",
        otherwise=(),
        pick=first_of,
        description="Where it can be collected.",
    )


@strawberry.type
@mirrors(model.Offer)
class Offer:
    sku: str
    gtin: str | None
    name: str
    axis_values: list[AxisValue]
    listing: Annotated["Listing", strawberry.lazy("schema.shop")]
    price = loads(OfferPrice | None, price_queries.prices_by_offer, by="on_channel")
    tiers = loads(list[PriceTier], price_queries.tiers_by_offer, by="on_channel", otherwise=())
    availability = loads(Availability, offer_queries.availability_by_offer, by="on_channel")
    media = loads(
        list[Media],
        media_queries.media_by_variant,
        by="in_locale",
        otherwise=(),
        description="What shows this very variant; where nothing does, all that shows its listing.",
    )


@strawberry.type
@mirrors(model.Component)
class OfferComponent:
    sku: str
    quantity: int
    offer: Offer | None = strawberry.field(description="Null where it is not sold here by itself.")
