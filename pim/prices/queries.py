import uuid
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import any_, func, select, text

from kernel.db import ReadConn, fetch, texts, uuids
from kernel.money import Money

from . import rules
from .model import OfferPrice, Price, PriceList, Tier
from .tables import price, price_list, price_list_channel

ON_CHANNEL = tuple[uuid.UUID, uuid.UUID]  # (channel, variant)


async def price_lists_by_code(conn: ReadConn, codes: Collection[str]) -> dict[str, PriceList]:
    wanted = select(price_list).where(price_list.c.code == any_(texts(codes)))
    return {one.code: one for one in await fetch(conn, wanted, PriceList)}


async def channels_by_price_list(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[uuid.UUID]]:
    c = price_list_channel.c
    found: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    wanted = select(c.price_list_id, c.channel_id).where(c.price_list_id == any_(uuids(ids)))
    for list_id, channel_id in await conn.execute(wanted):
        found[list_id].append(channel_id)
    return found


async def prices_by_offer(conn: ReadConn, keys: Collection[ON_CHANNEL]) -> dict[ON_CHANNEL, OfferPrice]:
    """What one unit of each variant costs on the channel now.

    Among the channel's price lists the highest priority wins, then the latest start.
    """
    found: dict[ON_CHANNEL, OfferPrice] = {}
    for row in await conn.execute(_CURRENT, _given(keys)):
        current = rules.Period(row.amount, row.since, row.until)
        earlier = [
            rules.Period(amount, datetime.fromisoformat(since), until and datetime.fromisoformat(until))
            for amount, since, until in row.earlier or ()
        ]
        found[row.channel_id, row.variant_id] = rules.offer_price(
            current, earlier, row.currency, tax_included=row.tax_included
        )
    return found


async def tiers_by_offer(conn: ReadConn, keys: Collection[ON_CHANNEL]) -> dict[ON_CHANNEL, list[Tier]]:
    """The prices for larger quantities, by rising quantity."""
    found: dict[ON_CHANNEL, list[Tier]] = defaultdict(list)
    for row in await conn.execute(_TIERS, _given(keys)):
        found[row.channel_id, row.variant_id].append(Tier(row.min_quantity, Money(row.amount, row.currency)))
    return found


def _given(keys: Collection[ON_CHANNEL]) -> dict[str, Any]:
    return {"channels": [channel for channel, _ in keys], "variants": [variant for _, variant in keys]}


_OF = """
    FROM unnest(CAST(:channels AS uuid[]), CAST(:variants AS uuid[])) AS k (channel_id, variant_id)
    JOIN price_list_channel plc ON plc.channel_id = k.channel_id
    JOIN price_list pl ON pl.id = plc.price_list_id
    JOIN price p ON p.variant_id = k.variant_id AND p.price_list_id = pl.id AND p.valid @> now()
"""
_CURRENT = text(f"""
    SELECT DISTINCT ON (k.channel_id, k.variant_id) k.channel_id, k.variant_id, p.amount, lower(p.valid) AS since,
        upper(p.valid) AS until, pl.currency, pl.tax_included,
        CASE WHEN upper(p.valid) IS NOT NULL THEN (
            SELECT jsonb_agg(jsonb_build_array(h.amount, lower(h.valid), upper(h.valid)))
            FROM price h
            WHERE h.variant_id = p.variant_id AND h.price_list_id = p.price_list_id AND h.min_quantity = 1
                AND h.valid && tstzrange(lower(p.valid) - interval '30 days', lower(p.valid))
        ) END AS earlier
    {_OF} AND p.min_quantity = 1
    ORDER BY k.channel_id, k.variant_id, pl.priority DESC, lower(p.valid) DESC, pl.code
""")
_TIERS = text(f"""
    SELECT DISTINCT ON (k.channel_id, k.variant_id, p.min_quantity) k.channel_id, k.variant_id, p.min_quantity,
        p.amount, pl.currency
    {_OF} AND p.min_quantity > 1
    ORDER BY k.channel_id, k.variant_id, p.min_quantity, pl.priority DESC, lower(p.valid) DESC, pl.code
""")


async def history(conn: ReadConn, keys: Collection[tuple[uuid.UUID, str]]) -> dict[tuple[uuid.UUID, str], list[Price]]:
    """Every price of each (variant, price list) there ever was or will be, the earliest first."""
    p, pl = price.c, price_list.c
    wanted = (
        select(
            p.variant_id,
            pl.code,
            pl.currency,
            p.amount,
            p.min_quantity,
            func.lower(p.valid).label("valid_from"),
            func.upper(p.valid).label("valid_until"),
            p.set_by,
        )
        .join(price_list, pl.id == p.price_list_id)
        .where(p.variant_id == any_(uuids([v for v, _ in keys])), pl.code == any_(texts([code for _, code in keys])))
        .order_by(func.lower(p.valid), p.min_quantity)
    )
    found: dict[tuple[uuid.UUID, str], list[Price]] = defaultdict(list)
    for row in await conn.execute(wanted):
        found[row.variant_id, row.code].append(
            Price(
                row.variant_id,
                Money(row.amount, row.currency),
                row.min_quantity,
                row.valid_from,
                row.valid_until,
                row.set_by,
            )
        )
    return found
