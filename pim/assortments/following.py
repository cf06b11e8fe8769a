"""Bringing what channels list in line with their rules."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import any_

from kernel.db import WriteConn, uuids
from pim.channels import queries as channel_queries
from pim.listings import operations as listing_operations
from pim.products.tables import product

from . import locking, matching, queries

AT_ONCE = 500  # products whose listings change in one transaction


async def refresh(conn: WriteConn, product_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """List and withdraw these products as the rules of the channels have it; returns those whose listings changed.

    Called in the transaction that changed the products, which shares the rules; ``listings.refresh`` is to follow.
    """
    return await follow(conn, product_ids) if product_ids else []


async def follow(
    conn: WriteConn, product_ids: Sequence[uuid.UUID], only: Collection[uuid.UUID] | None = None
) -> list[uuid.UUID]:
    """The same on some channels ``only``."""
    rules = {one.channel_id: one.rules for one in await queries.all_assortments(conn)}
    if only is not None:
        rules = {channel_id: one for channel_id, one in rules.items() if channel_id in only}
    if not rules or not product_ids:
        return []
    await listing_operations.hold(conn, product_ids)
    compiler = await matching.compiler(conn, [rule for one in rules.values() for rule in one])
    changed: set[uuid.UUID] = set()
    for channel in (await channel_queries.channels_by_id(conn, rules)).values():
        wanted = queries.differing(channel, compiler.wanted(rules[channel.id]))
        rows = (await conn.execute(wanted.where(product.c.id == any_(uuids(product_ids))))).all()
        listed, withdrawn = ([row.id for row in rows if bool(row.lists) is lists] for lists in (True, False))
        changed |= {*await listing_operations.follow(conn, channel.id, listed=listed, withdrawn=withdrawn)}
    return sorted(changed)


async def follow_some(conn: WriteConn, channel_id: uuid.UUID, after: uuid.UUID | None) -> tuple[int, uuid.UUID | None]:
    """Bring the next listings of a channel in line with its rules, those of products with ids behind ``after``.

    Returns how many changed, and the id to go on after; None at the end.
    """
    await locking.share(conn)
    known = (await queries.assortments_by_channel(conn, [channel_id])).get(channel_id)
    channel = (await channel_queries.channels_by_id(conn, [channel_id])).get(channel_id)
    if known is None or channel is None:
        return 0, None
    wanted = (await matching.compiler(conn, known.rules)).wanted(known.rules)
    found = queries.differing(channel, wanted).order_by(product.c.id).limit(AT_ONCE)
    ids = [row.id for row in await conn.execute(found if after is None else found.where(product.c.id > after))]
    changed = await follow(conn, ids, {channel_id})  # decided anew, for they are held only now
    await listing_operations.refresh(conn, changed, bulk=True)
    return len(changed), ids[-1] if len(ids) == AT_ONCE else None
