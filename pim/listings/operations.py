import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from kernel import ids
from kernel.db import WriteConn, to_json
from kernel.errors import InvalidInput, NotFound
from kernel.outbox import emit
from pim.channels import queries as channel_queries
from pim.channels.model import Channel
from pim.completeness import queries as completeness_queries
from pim.completeness.model import Completeness
from pim.products import operations as product_operations
from pim.products import queries as product_queries
from pim.products.model import Product

from . import exclusions, indexing, naming, reading
from .events import ListingChanged
from .indexing import VISIBLE
from .model import Published, Skipped
from .reading import Sources

MOST = 1_000
MOST_POSITION = 1_000_000_000


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
    """Show up to 1,000 products on a channel, from and until the given moments, or withdraw them.

    Unknown products are skipped with the reason, and so are those less complete than the channel requires; what becomes
    incomplete later stays. Raises NotFound and InvalidInput.
    """
    if len(products) > MOST:
        raise InvalidInput("products", f"must be at most {MOST} at once")
    if publish_from and publish_until and publish_until <= publish_from:
        raise InvalidInput("until", "must be after from")
    if position is not None and not 0 <= position <= MOST_POSITION:
        raise InvalidInput("position", f"must be between 0 and {MOST_POSITION}")
    target = await channel_queries.channel_by_code(conn, channel)
    if target is None:
        raise NotFound("channel", channel)
    known = await product_queries.products_by_code(conn, products)
    skipped = [Skipped(code, "there is no such product") for code in dict.fromkeys(products) if code not in known]
    if target.required_completeness is not None and not (withdraw or draft):
        short = await _too_short(conn, target, target.required_completeness, known)
        skipped += short
        known = {code: one for code, one in known.items() if code not in {skip.code for skip in short}}
    rows = [
        {"product_id": str(known[code].id), "position": None if position is None else position + place}
        for place, code in enumerate(dict.fromkeys(code for code in products if code in known))
    ]
    status = "WITHDRAWN" if withdraw else "DRAFT" if draft else "PUBLISHED"
    window = {"from": publish_from, "until": publish_until}
    given = {"channel": target.id, "status": status, "rows": to_json(rows)} | window
    await product_operations.hold(conn, [one.id for one in known.values()])
    changed = (await conn.execute(_PUBLISH, given)).scalars().all()
    if position is not None:
        await indexing.moved(conn, target, changed)
    await refresh(conn, changed, bulk=bulk, announce=target)
    return Published(len(rows), tuple(skipped))


async def _too_short(conn: WriteConn, channel: Channel, required: int, known: Mapping[str, Product]) -> list[Skipped]:
    """Who may not be shown on a channel yet, and why."""
    lacking = await completeness_queries.lacking(conn, channel.id, [one.id for one in known.values()], required)
    return [
        Skipped(code, _lacks(lacking[one.id], required)) for code, one in sorted(known.items()) if one.id in lacking
    ]


def _lacks(where: Sequence[Completeness], required: int) -> str:
    if not where:
        return "it has no family, which says what must be filled in"
    told = "; ".join(f"{one.percent} % in {one.locale}, without {', '.join(one.missing)}" for one in where)
    return f"{required} % must be filled in, but there is {told}"


_PUBLISH = text("""
    INSERT INTO listing AS l (channel_id, product_id, status, publish_from, publish_until, position, stock_told)
    SELECT :channel, r.product_id, :status, CAST(:from AS timestamptz), CAST(:until AS timestamptz),
        coalesce(r.position, before.position, 0), false
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (product_id uuid, position int)
    LEFT JOIN listing before ON before.channel_id = :channel AND before.product_id = r.product_id
    ORDER BY r.product_id
    ON CONFLICT (channel_id, product_id) DO UPDATE SET status = excluded.status,
        publish_from = excluded.publish_from, publish_until = excluded.publish_until, position = excluded.position,
        by_rule = false
    WHERE l.by_rule OR (l.status, l.publish_from, l.publish_until, l.position)
        IS DISTINCT FROM (excluded.status, excluded.publish_from, excluded.publish_until, excluded.position)
    RETURNING product_id
""")


async def refresh(
    conn: WriteConn,
    product_ids: Sequence[uuid.UUID],
    *,
    bulk: bool = False,
    announce: Channel | None = None,
    only: Channel | None = None,
) -> None:
    """Bring what the listings of these products are called, found by and counted as in line with the products.

    Listings that appear or disappear are announced, and on the channel ``announce`` all of them; of other channels
    than ``only``, where it is given, none is looked at. Called in the transaction that changed the products or their
    listings.
    """
    if not product_ids:
        return
    rows = (await conn.execute(_LISTINGS, {"products": sorted(product_ids)})).all()
    if only is not None:
        rows = [row for row in rows if row.channel_id == only.id]
    if not rows:
        return
    found = await reading.sources(conn, product_ids)
    await indexing.classify(conn, rows, found)
    await naming.name(conn, rows, found)
    await indexing.describe(conn, rows, found)
    await reprice(conn, product_ids)
    told = [row for row in rows if row.shown != row.visible or (announce and row.channel_id == announce.id)]
    await emit(conn, *(_event(row, found) for row in told), bulk=bulk)


def _event(row: Any, found: Sources) -> ListingChanged:
    return ListingChanged(
        entity=ids.entity("Listing", row.id),
        channel=found.channels[row.channel_id].code,
        code=found.products[row.product_id].code,
        status=row.status,
        shown=row.visible,
        skus=sorted(one.sku for one in found.variants.get(row.product_id, ())),
    )


async def reprice(conn: WriteConn, product_ids: Sequence[uuid.UUID]) -> None:
    """Bring the price by which the listings of these products are sorted and filtered up to now."""
    await conn.execute(_REPRICE, {"products": list(product_ids)})


async def follow(
    conn: WriteConn, channel_id: uuid.UUID, *, listed: Sequence[uuid.UUID], withdrawn: Sequence[uuid.UUID]
) -> list[uuid.UUID]:
    """List and withdraw products as a channel's rules have it; returns those whose listing changed.

    What somebody decided by hand stays. The products are held, and ``refresh`` is to follow.
    """
    given = {"channel": channel_id, "listed": list(listed), "withdrawn": list(withdrawn)}
    changed = list((await conn.execute(_LIST, given)).scalars()) if listed else []
    return changed + (list((await conn.execute(_WITHDRAW, given)).scalars()) if withdrawn else [])


async def leave_to_rules(conn: WriteConn, channel_id: uuid.UUID, product_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Let the rules of a channel decide on these products from now on; returns those whose listing changed.

    The products are held, and ``refresh`` is to follow.
    """
    given = {"channel": channel_id, "products": list(product_ids)}
    return list((await conn.execute(_LEAVE, given)).scalars())


async def untold(conn: WriteConn, most: int) -> list[uuid.UUID]:
    """Up to ``most`` products of whose listings oms is to say whether anything is left."""
    return list((await conn.execute(_UNTOLD, {"most": most})).scalars())


async def unsettle(conn: WriteConn, channel_id: uuid.UUID, product_ids: Sequence[uuid.UUID]) -> None:
    """Have it said anew whether anything is left of these products on a channel, which offers other variants now."""
    await conn.execute(_UNSETTLE, {"channel": channel_id, "products": list(product_ids)})


async def mark_in_stock(conn: WriteConn, in_stock: Mapping[tuple[uuid.UUID, uuid.UUID], bool]) -> None:
    """Note of each (channel, product) whether any of it can be bought now, as oms knows it."""
    rows = [{"channel_id": c, "product_id": p, "in_stock": there} for (c, p), there in in_stock.items()]
    await conn.execute(_IN_STOCK, {"rows": to_json(rows)})


async def lock(conn: WriteConn, product_ids: Sequence[uuid.UUID]) -> None:
    """Hold these products and their listings, those that are just being made included, until the transaction ends."""
    await product_operations.hold(conn, product_ids)
    await conn.execute(_LOCK, {"products": list(product_ids)})


async def due(conn: WriteConn, since: datetime) -> list[uuid.UUID]:
    """The products of listings that a window which began or ended after ``since`` shows or hides by now."""
    return list((await conn.execute(_DUE, {"since": since})).scalars())


_LOCK = text("SELECT FROM listing WHERE product_id = ANY(:products) ORDER BY id FOR UPDATE")
_LISTINGS = text(f"""
    SELECT l.id, l.channel_id, l.product_id, l.status, l.shown, l.facets, l.terms, {VISIBLE} AS visible
    FROM listing l WHERE l.product_id = ANY(:products) ORDER BY l.id FOR UPDATE
""")
_DUE = text(f"""
    SELECT DISTINCT product_id FROM listing l
    WHERE (publish_from > :since AND publish_from <= now() OR publish_until > :since AND publish_until <= now())
        AND shown <> {VISIBLE}
""")
_REPRICE = text(f"""
    UPDATE listing l SET price = r.price
    FROM (
        SELECT id, min(amount) AS price
        FROM (
            SELECT DISTINCT ON (o.id, v.id) o.id, p.amount
            FROM listing o
            LEFT JOIN variant v ON v.product_id = o.product_id AND {exclusions.offered("o.channel_id", "v.id")}
            LEFT JOIN (
                price_list_channel plc
                JOIN price_list pl ON pl.id = plc.price_list_id
                JOIN price p ON p.price_list_id = pl.id AND p.min_quantity = 1 AND p.valid @> now()
            ) ON plc.channel_id = o.channel_id AND p.variant_id = v.id
            WHERE o.product_id = ANY(:products)
            ORDER BY o.id, v.id, pl.priority DESC, lower(p.valid) DESC, pl.code
        ) current
        GROUP BY id
    ) r
    WHERE l.id = r.id AND l.price IS DISTINCT FROM r.price
""")
_LIST = text("""
    INSERT INTO listing AS l (channel_id, product_id, status, by_rule, stock_told)
    SELECT :channel, id, 'PUBLISHED', true, false FROM unnest(CAST(:listed AS uuid[])) AS r (id) ORDER BY id
    ON CONFLICT (channel_id, product_id) DO UPDATE SET status = 'PUBLISHED'
    WHERE l.by_rule AND l.status = 'WITHDRAWN'
    RETURNING product_id
""")
_WITHDRAW = text("""
    UPDATE listing SET status = 'WITHDRAWN'
    WHERE channel_id = :channel AND product_id = ANY(:withdrawn) AND by_rule AND status = 'PUBLISHED'
    RETURNING product_id
""")
_LEAVE = text(f"""
    UPDATE listing l SET by_rule = true, publish_from = NULL, publish_until = NULL,
        status = CASE WHEN {VISIBLE} THEN 'PUBLISHED' ELSE 'WITHDRAWN' END
    WHERE channel_id = :channel AND product_id = ANY(:products) AND NOT by_rule
    RETURNING product_id
""")
_UNTOLD = text("SELECT DISTINCT product_id FROM listing WHERE NOT stock_told LIMIT :most")
_UNSETTLE = text("""
    UPDATE listing SET stock_told = false WHERE channel_id = :channel AND product_id = ANY(:products) AND stock_told
""")
_IN_STOCK = text("""
    UPDATE listing l SET in_stock = r.in_stock, stock_told = true
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (channel_id uuid, product_id uuid, in_stock bool)
    WHERE l.channel_id = r.channel_id AND l.product_id = r.product_id
        AND (l.in_stock <> r.in_stock OR NOT l.stock_told)
""")
