"""Changes to what channels sell that content and stock must both know of."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from kernel.db import WriteConn
from oms.stock import operations as stock_operations
from pim.catalog import operations as catalog_operations
from pim.channels.model import Channel
from pim.listings import operations as listing_operations
from pim.listings.model import Published
from pim.products import queries as product_queries


async def publish(
    conn: WriteConn,
    *,
    channel: str,
    products: Sequence[str],
    publish_from: datetime | None = None,
    publish_until: datetime | None = None,
    withdraw: bool = False,
    draft: bool = False,
    position: int | None = None,
    bulk: bool = False,
) -> Published:
    """Publish, schedule or withdraw products as ``pim.listings.operations.publish`` does, and note what is in stock."""
    done = await listing_operations.publish(
        conn,
        channel=channel,
        products=products,
        publish_from=publish_from,
        publish_until=publish_until,
        withdraw=withdraw,
        draft=draft,
        position=position,
        bulk=bulk,
    )
    known = await product_queries.ids_by_code(conn, products)
    await stock_operations.tell_listings(conn, list(known.values()))
    return done


async def refresh_channel(
    conn: WriteConn, channel: Channel, *, after: uuid.UUID | None, most: int, bulk: bool = False
) -> list[uuid.UUID]:
    """Write anew what a channel shows and needs of the next products behind ``after``, in the order of their ids.

    Returns these products; none at the end. How complete they are, what rules list, names, addresses, terms, documents,
    prices and stock are looked at, and what appears or disappears is told.
    """
    products = await product_queries.ids_after(conn, after, most)
    if products:
        await catalog_operations.refresh(conn, products, bulk=bulk, only=channel)
        await stock_operations.tell_listings(conn, products)
    return products


async def is_unsettled(conn: WriteConn) -> bool:
    """Whether there is anything to ``settle``."""
    return bool(await listing_operations.untold(conn, 1))


async def settle(conn: WriteConn, *, most: int = 500) -> int:
    """Note what is in stock of products that rules listed, or that offer other variants now; returns of how many."""
    found = await listing_operations.untold(conn, most)
    if found:
        await stock_operations.tell_listings(conn, found)
    return len(found)
