from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import strawberry

from kernel import changes
from kernel.changes import Filter
from kernel.errors import InvalidInput
from kernel.principals import Principal
from oms.offers import model
from oms.offers import queries as offer_queries
from pim.listings import offers as offering
from pim.listings import queries as listing_queries

from .access import Permission
from .context import Info
from .fields import mirrors, subscription
from .offers import Availability
from .shop import MOST_SKUS


@dataclass(frozen=True, slots=True)
class Shown:
    sku: str
    availability: model.Availability
    cursor: str


@strawberry.type
@mirrors(Shown)
class AvailabilityChange:
    sku: str
    availability: Availability
    cursor: str


@subscription(
    AvailabilityChange,
    needs=Permission.SHOP_READ,
    description="What a channel can sell of these skus: as it is now, then whenever that changes.",
)
async def availability_changed(
    caller: Principal,
    info: Info,
    channel: str,
    skus: list[str],
    after: str | None = None,
) -> AsyncIterator[Any]:
    if len(skus) > MOST_SKUS:
        raise InvalidInput("skus", f"must be at most {MOST_SKUS}")
    async with info.context.db.read() as conn:
        shop = await listing_queries.shop(conn, caller, channel=channel, locale=None)
        position = changes.position_of(after) if after is not None else await changes.head(conn)
        offers = await offering.offers_by_sku(conn, [(shop, sku) for sku in skus])
    keys = {sku: offer.on_channel for (_, sku), offer in offers.items()}
    shown: dict[str, tuple[str, int]] = {}
    wanted = Filter(topics=frozenset({"STOCK"}), skus=frozenset(keys))

    async def look(at: str, changed: list[str]) -> list[Shown]:
        async with info.context.db.read() as conn:
            found = await offer_queries.availability_by_offer(conn, [keys[sku] for sku in changed])
        news = [Shown(sku, found[keys[sku]], at) for sku in changed]
        news = [one for one in news if shown.get(one.sku) != (one.availability.status, one.availability.quantity)]
        shown.update({one.sku: (one.availability.status, one.availability.quantity) for one in news})
        return news

    if after is None:
        for one in await look(changes.cursor_of(position), list(dict.fromkeys(sku for sku in skus if sku in keys))):
            yield one
    async for batch in info.context.feed.follow(wanted, position):
        moved = dict.fromkeys(sku for change in batch for sku in change.payload["skus"] if sku in keys)
        for one in await look(batch[-1].cursor, list(moved)):
            yield one
