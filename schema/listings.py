"""What merchandisers decide about listings; what shops show of them is in ``schema.shop``."""

from datetime import datetime

import strawberry

from kernel.db import WriteConn
from kernel.errors import Forbidden
from kernel.principals import Principal
from oms.offers import operations
from pim.listings import model

from .access import Permission
from .fields import mirrors, mutation


@strawberry.type
@mirrors(model.Skipped)
class SkippedProduct:
    code: str
    reason: str


@strawberry.type
@mirrors(model.Published)
class ListingsPublished:
    published: int = strawberry.field(description="How many products now are as was asked.")
    skipped: list[SkippedProduct]


@strawberry.input(description="Show products on a channel, now or in a window of time, or withdraw them.")
class PublishListingsInput:
    idempotency_key: str
    channel: str
    products: list[str] = strawberry.field(description="Up to 1,000 codes.")
    from_: datetime | None = strawberry.field(default=None, name="from", description="Now, where none is given.")
    until: datetime | None = strawberry.field(default=None, description="For good, where none is given.")
    withdraw: bool | None = False
    position: int | None = strawberry.field(
        default=None, description="Of the first product in lists by position; the others follow it."
    )


@mutation(
    ListingsPublished,
    needs=Permission.CATALOG_WRITE,
    description="Products that cannot be shown are skipped, each with the reason; the others are published.",
)
async def publish_listings(conn: WriteConn, caller: Principal, input: PublishListingsInput) -> model.Published:
    if not caller.sells_on(input.channel):
        raise Forbidden(f"the channel {input.channel[:100]}")
    return await operations.publish(
        conn,
        channel=input.channel,
        products=input.products,
        publish_from=input.from_,
        publish_until=input.until,
        withdraw=bool(input.withdraw),
        position=input.position,
    )
