"""Bringing what channels list in line with their rules."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, any_

from kernel.db import WriteConn, uuids
from pim.channels import queries as channel_queries
from pim.channels.model import Channel
from pim.listings import operations as listing_operations
from pim.products import operations as product_operations
from pim.products.tables import product

from . import locking, matching, queries

AT_ONCE = 500  # products whose listings change in one transaction


async def follow(
    conn: WriteConn, product_ids: Sequence[uuid.UUID], only: Collection[uuid.UUID] | None = None
) -> list[uuid.UUID]:
    """List and withdraw these products as the rules of the channels, or of ``only`` some, have it.

    Returns the products whose listings changed. Whoever calls shares the rules and holds the products, and
    ``listings.refresh`` is to follow.
    """
    if not product_ids:
        return []
    known = await queries.assortments_by_channel(conn, only)
    if not known:
        return []
    compiler = await matching.compiler(conn, [rule for one in known.values() for rule in one.rules])
    changed: set[uuid.UUID] = set()
    for channel in (await channel_queries.channels_by_id(conn, known)).values():
        changed |= {*await follow_on(conn, channel, compiler.wanted(known[channel.id].rules), product_ids)}
    return sorted(changed)


async def follow_on(
    conn: WriteConn, channel: Channel, wanted: ColumnElement[bool], product_ids: Sequence[uuid.UUID]
) -> list[uuid.UUID]:
    """The same on one channel, whose rules ask for what is ``wanted``."""
    found = queries.differing(channel, wanted).where(product.c.id == any_(uuids(product_ids)))
    rows = (await conn.execute(found)).all()
    listed, withdrawn = ([row.id for row in rows if bool(row.lists) is lists] for lists in (True, False))
    return await listing_operations.follow(conn, channel.id, listed=listed, withdrawn=withdrawn)


async def follow_some(conn: WriteConn, channel_id: uuid.UUID, after: uuid.UUID | None) -> tuple[int, uuid.UUID | None]:
    """Bring the next listings of a channel in line with its rules, those of products with ids behind ``after``.

    Returns how many changed, and the id to go on after; None at the end.
    """
    await locking.share(conn)
    known = (await queries.assortments_by_channel(conn, [channel_id])).get(channel_id)
    channel = (await channel_queries.channels_by_id(conn, [channel_id])).get(channel_id)
    if known is None or channel is None:
        return 0, None
    wanted = await matching.wanted(conn, known.rules)
    found = queries.differing(channel, wanted).order_by(product.c.id).limit(AT_ONCE)
    ids = [row.id for row in await conn.execute(found if after is None else found.where(product.c.id > after))]
    await product_operations.hold(conn, ids)
    changed = await follow_on(conn, channel, wanted, ids)  # decided anew, for they are held only now
    await listing_operations.refresh(conn, changed, bulk=True)
    return len(changed), ids[-1] if len(ids) == AT_ONCE else None
