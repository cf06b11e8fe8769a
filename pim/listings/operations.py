import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import any_, select, text

from kernel import ids
from kernel.db import WriteConn, texts, to_json, uuids
from kernel.errors import InvalidInput, NotFound
from kernel.outbox import emit
from pim.attributes import queries as attribute_queries
from pim.attributes.model import Attribute
from pim.categories import queries as category_queries
from pim.categories.model import Category
from pim.channels import queries as channel_queries
from pim.channels.model import Channel
from pim.families import queries as family_queries
from pim.families.model import Family
from pim.products import queries as product_queries
from pim.products.model import Product, Variant

from . import projecting
from .events import ListingChanged
from .model import Published, Skipped
from .tables import listing_text

MOST = 1_000


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

    Unknown products are skipped with the reason. Raises NotFound and InvalidInput.
    """
    if len(products) > MOST:
        raise InvalidInput("products", f"must be at most {MOST} at once")
    if publish_from and publish_until and publish_until <= publish_from:
        raise InvalidInput("until", "must be after from")
    target = await channel_queries.channel_by_code(conn, channel)
    if target is None:
        raise NotFound("channel", channel)
    known = await product_queries.products_by_code(conn, products)
    skipped = [Skipped(code, "there is no such product") for code in products if code not in known]
    rows = [
        {"product_id": str(known[code].id), "position": None if position is None else position + place}
        for place, code in enumerate(dict.fromkeys(code for code in products if code in known))
    ]
    status = "WITHDRAWN" if withdraw else "DRAFT" if draft else "PUBLISHED"
    window = {"from": publish_from, "until": publish_until}
    given = {"channel": target.id, "status": status, "rows": to_json(rows)} | window
    await conn.execute(_HOLD, {"products": [one.id for one in known.values()]})
    changed = (await conn.execute(_PUBLISH, given)).scalars().all()
    await refresh(conn, changed, bulk=bulk, announce=target)
    return Published(len(rows), tuple(skipped))


_PUBLISH = text("""
    INSERT INTO listing AS l (channel_id, product_id, status, publish_from, publish_until, position)
    SELECT :channel, r.product_id, :status, CAST(:from AS timestamptz), CAST(:until AS timestamptz),
        coalesce(r.position, before.position, 0)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (product_id uuid, position int)
    LEFT JOIN listing before ON before.channel_id = :channel AND before.product_id = r.product_id
    ORDER BY r.product_id
    ON CONFLICT (channel_id, product_id) DO UPDATE SET status = excluded.status,
        publish_from = excluded.publish_from, publish_until = excluded.publish_until, position = excluded.position
    WHERE (l.status, l.publish_from, l.publish_until, l.position)
        IS DISTINCT FROM (excluded.status, excluded.publish_from, excluded.publish_until, excluded.position)
    RETURNING product_id
""")


@dataclass(frozen=True, slots=True)
class _Products:
    """What the listings of some products are derived from."""

    products: Mapping[uuid.UUID, Product]
    variants: Mapping[uuid.UUID, list[Variant]]
    categories: Mapping[uuid.UUID, list[uuid.UUID]]
    lineage: Mapping[uuid.UUID, list[Category]]
    attributes: Mapping[str, Attribute]
    families: Mapping[uuid.UUID, Family]
    channels: Mapping[uuid.UUID, Channel]


async def refresh(
    conn: WriteConn, product_ids: Sequence[uuid.UUID], *, bulk: bool = False, announce: Channel | None = None
) -> None:
    """Bring what the listings of these products are called, found by and counted as in line with the products.

    Listings that appear or disappear are announced, and on the channel ``announce`` all of them. Called in the
    transaction that changed the products or their listings.
    """
    if not product_ids:
        return
    rows = (await conn.execute(_LOCK, {"products": sorted(product_ids)})).all()
    if not rows:
        return
    found = await _read(conn, product_ids)
    before = Counter[tuple[uuid.UUID, str, str]]()
    for channel_id, attribute, value, shown in await conn.execute(_FORGET, {"ids": [row.id for row in rows]}):
        if shown and projecting.counted((attribute, value), found.attributes):
            before[channel_id, attribute, value] -= 1
    terms: list[dict[str, Any]] = []
    updates: list[dict[str, Any]] = []
    for row in rows:
        channel, categories = found.channels[row.channel_id], found.categories.get(row.product_id, [])
        lineages = [projecting.in_tree(found.lineage.get(one, []), channel.category_id) for one in categories]
        contents = [found.products[row.product_id].content]
        contents += [one.content for one in found.variants.get(row.product_id, ())]
        lineage = [one for path in lineages for one in path]
        mine = projecting.terms(contents, lineage, found.attributes, channel)
        for (attribute, value), number in mine.items():
            term = {"channel_id": row.channel_id, "listing_id": row.id, "attribute": attribute, "value": value}
            terms.append(term | {"number": None if number is None else str(number)})
            if row.visible and projecting.counted((attribute, value), found.attributes):
                before[row.channel_id, attribute, value] += 1
        home = next((path[-1].id for path in lineages if path), None)
        updates.append({"id": row.id, "category_id": home})
    await conn.execute(_UPDATE, {"rows": to_json(updates)})
    await conn.execute(_TERMS, {"rows": to_json(terms)})
    counts = [{"channel_id": c, "attribute": a, "value": v, "count": n} for (c, a, v), n in before.items() if n]
    if counts:
        await conn.execute(_COUNT, {"rows": to_json(counts)})
    await _name(conn, rows, found)
    await reprice(conn, product_ids)
    told = [row for row in rows if row.shown != row.visible or (announce and row.channel_id == announce.id)]
    await emit(conn, *(_event(row, found) for row in told), bulk=bulk)


def _event(row: Any, found: _Products) -> ListingChanged:
    return ListingChanged(
        entity=ids.entity("Listing", row.id),
        channel=found.channels[row.channel_id].code,
        code=found.products[row.product_id].code,
        status=row.status,
        shown=row.visible,
        skus=sorted(one.sku for one in found.variants.get(row.product_id, ())),
    )


async def _read(conn: WriteConn, product_ids: Sequence[uuid.UUID]) -> _Products:
    categories = await product_queries.categories_by_product(conn, product_ids)
    return _Products(
        await product_queries.products_by_id(conn, product_ids),
        await product_queries.variants_by_product(conn, product_ids),
        categories,
        await category_queries.ancestors(conn, {one for found in categories.values() for one in found}),
        await attribute_queries.all_attributes(conn),
        {one.id: one for one in await family_queries.all_families(conn)},
        {one.id: one for one in await channel_queries.all_channels(conn)},
    )


async def _name(conn: WriteConn, rows: Sequence[Any], found: _Products) -> None:
    """Write the listings' names; a slug, once made, stays."""
    t = listing_text.c
    mine = uuids([row.id for row in rows])
    kept = {
        (row.listing_id, row.locale): row.slug
        for row in await conn.execute(select(t.listing_id, t.locale, t.slug).where(t.listing_id == any_(mine)))
    }
    wanted: list[dict[str, Any]] = []
    fresh: list[tuple[dict[str, Any], Sequence[str]]] = []
    for row in rows:
        channel, product = found.channels[row.channel_id], found.products[row.product_id]
        family = found.families.get(product.family_id) if product.family_id else None
        for locale in channel.locales:
            name = projecting.name(
                product.content, family.label_attribute if family else None, channel, locale, product.code
            )
            wanted.append(
                {"listing_id": row.id, "channel_id": channel.id, "locale": locale, "name": name}
                | {"sort": projecting.sort_key(name), "slug": kept.get((row.id, locale))}
            )
            if wanted[-1]["slug"] is None:
                short, long = projecting.slug(name, product.code)
                fresh.append((wanted[-1], (short, long, f"{short}-{row.id.hex}")))
    if fresh:
        await _slug(conn, fresh)
    await conn.execute(_TEXTS, {"rows": to_json(wanted)})


async def _slug(conn: WriteConn, fresh: Sequence[tuple[dict[str, Any], Sequence[str]]]) -> None:
    """Give each text the first of its slugs that is free; others who name listings of its channel wait meanwhile."""
    await conn.execute(_NAMING, {"channels": [one["channel_id"] for one, _ in fresh]})
    t = listing_text.c
    held = select(t.channel_id, t.slug, t.locale, t.listing_id)
    held = held.where(t.slug == any_(texts({slug for _, slugs in fresh for slug in slugs})))
    owners = {(row.channel_id, row.slug, row.locale): row.listing_id for row in await conn.execute(held)}
    for one, slugs in fresh:
        channel, locale, mine = one["channel_id"], one["locale"], one["listing_id"]
        one["slug"] = next(slug for slug in slugs if owners.setdefault((channel, slug, locale), mine) == mine)


async def reprice(conn: WriteConn, product_ids: Sequence[uuid.UUID]) -> None:
    """Bring the price by which the listings of these products are sorted and filtered up to now."""
    await conn.execute(_REPRICE, {"products": list(product_ids)})


async def mark_in_stock(conn: WriteConn, in_stock: Mapping[tuple[uuid.UUID, uuid.UUID], bool]) -> None:
    """Note of each (channel, product) whether any of it can be bought now, as oms knows it."""
    rows = [{"channel_id": c, "product_id": p, "in_stock": there} for (c, p), there in in_stock.items()]
    await conn.execute(_IN_STOCK, {"rows": to_json(rows)})


async def lock(conn: WriteConn, product_ids: Sequence[uuid.UUID]) -> None:
    """Hold these products and their listings, those that are just being made included, until the transaction ends."""
    await conn.execute(_HOLD, {"products": list(product_ids)})
    await conn.execute(_LOCK, {"products": list(product_ids)})


async def due(conn: WriteConn, since: datetime) -> list[uuid.UUID]:
    """The products of listings that a window which began or ended after ``since`` shows or hides by now."""
    return list((await conn.execute(_DUE, {"since": since})).scalars())


VISIBLE = """(l.status = 'PUBLISHED' AND coalesce(l.publish_from <= now(), true)
    AND coalesce(l.publish_until > now(), true))"""
_HOLD = text("SELECT FROM product WHERE id = ANY(:products) ORDER BY code FOR NO KEY UPDATE")
_LOCK = text(f"""
    SELECT l.id, l.channel_id, l.product_id, l.status, l.shown, {VISIBLE} AS visible
    FROM listing l WHERE l.product_id = ANY(:products) ORDER BY l.id FOR UPDATE
""")
_DUE = text(f"""
    SELECT DISTINCT product_id FROM listing l
    WHERE (publish_from > :since AND publish_from <= now() OR publish_until > :since AND publish_until <= now())
        AND shown <> {VISIBLE}
""")
_FORGET = text("""
    DELETE FROM listing_term t USING listing l WHERE l.id = t.listing_id AND t.listing_id = ANY(:ids)
    RETURNING t.channel_id, t.attribute, t.value, l.shown
""")
_UPDATE = text(f"""
    UPDATE listing l SET category_id = r.category_id, shown = {VISIBLE},
        published_at = CASE WHEN {VISIBLE} AND NOT l.shown THEN now() ELSE l.published_at END
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, category_id uuid)
    WHERE l.id = r.id
""")
_TERMS = text("""
    INSERT INTO listing_term (channel_id, attribute, value, position, listing_id, number)
    SELECT r.channel_id, r.attribute, r.value, l.position, r.listing_id, r.number
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r (channel_id uuid, listing_id uuid, attribute text, value text, number numeric)
    JOIN listing l ON l.id = r.listing_id
""")
_COUNT = text("""
    INSERT INTO listing_count AS c (channel_id, attribute, value, count)
    SELECT channel_id, attribute, value, count
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (channel_id uuid, attribute text, value text, count int)
    ORDER BY channel_id, attribute, value
    ON CONFLICT (channel_id, attribute, value) DO UPDATE SET count = c.count + excluded.count
""")
_NAMING = text("SELECT FROM channel WHERE id = ANY(:channels) ORDER BY id FOR NO KEY UPDATE")
_TEXTS = text("""
    INSERT INTO listing_text AS t (listing_id, locale, channel_id, slug, name, sort)
    SELECT listing_id, locale, channel_id, slug, name, sort
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r (listing_id uuid, locale text, channel_id uuid, slug text, name text, sort text)
    ON CONFLICT (listing_id, locale) DO UPDATE SET name = excluded.name, sort = excluded.sort
    WHERE t.name <> excluded.name
""")
_REPRICE = text("""
    UPDATE listing l SET price = r.price
    FROM (
        SELECT id, min(amount) AS price
        FROM (
            SELECT DISTINCT ON (o.id, v.id) o.id, p.amount
            FROM listing o
            JOIN variant v ON v.product_id = o.product_id
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
_IN_STOCK = text("""
    UPDATE listing l SET in_stock = r.in_stock
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (channel_id uuid, product_id uuid, in_stock bool)
    WHERE l.channel_id = r.channel_id AND l.product_id = r.product_id AND l.in_stock <> r.in_stock
""")
