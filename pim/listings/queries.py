import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import any_, literal, select, text

from kernel.db import ReadConn, fetch, texts, uuids
from kernel.errors import Forbidden, NotFound
from kernel.paging import Page, Window, page
from kernel.principals import Principal
from pim.attributes import queries as attribute_queries
from pim.attributes import values
from pim.channels import locales
from pim.channels import queries as channel_queries
from pim.channels.tables import channel
from pim.entities import naming
from pim.products import queries as product_queries
from pim.products.model import BOUGHT_TOGETHER
from pim.products.model import Content as ProductContent
from pim.products.tables import bought_together, product, product_association

from . import filters
from .filters import Resolved
from .model import (
    Content,
    Listing,
    ListingAttribute,
    ProductListing,
    Shop,
)
from .tables import listing, listing_text

InShop = tuple[Shop, uuid.UUID]

MOST_FACET_VALUES = 50

_l, _t = listing.c, listing_text.c
_COLUMNS = (_l.id, _l.product_id, _l.category_id, _t.slug, _t.name)


async def shop(conn: ReadConn, caller: Principal, *, channel: str, locale: str | None) -> Shop:
    """The shop of a channel that the caller sells on. Raises NotFound, Forbidden and InvalidInput."""
    if not caller.sells_on(channel):
        raise Forbidden(f"the channel {channel[:100]}")
    found = await channel_queries.channel_by_code(conn, channel)
    if found is None:
        raise NotFound("channel", channel)
    return Shop(found, found.served(locales.normal(locale) if locale else None))


async def page_of_listings(conn: ReadConn, found: Resolved, window: Window) -> Page[Listing]:
    query = found.query
    wanted = filters.matching(found, *_COLUMNS).join(listing_text, _t.listing_id == _l.id)
    wanted = wanted.where(_t.locale == query.shop.locale, _t.channel_id == query.shop.channel.id)
    return await page(conn, wanted, filters.order(found), window, lambda **facts: Listing(shop=query.shop, **facts))


async def listings_by_slug(conn: ReadConn, keys: Collection[tuple[Shop, str]]) -> dict[tuple[Shop, str], Listing]:
    """The visible listing at each slug, in whatever locale of the channel the slug is; the shop's own locale first."""
    found: dict[tuple[Shop, str], Listing] = {}
    for one, slugs in by_shop(keys).items():
        at = listing_text.alias().c
        wanted = (
            select(*_COLUMNS, at.slug.label("at"), (at.locale == one.locale).label("own"))
            .join(listing_text, _t.listing_id == _l.id)
            .join(at.slug.table, at.listing_id == _l.id)
            .where(at.channel_id == one.channel.id, at.slug == any_(texts(slugs)), filters.visible())
            .where(_t.locale == one.locale)
            .order_by("own")
        )
        for row in await conn.execute(wanted):
            found[one, row.at] = Listing(row.id, row.product_id, row.category_id, row.slug, row.name, one)
    return found


async def slugs_shown(conn: ReadConn, slugs: Collection[str]) -> list[tuple[str, str, str]]:
    """By which products these slugs are held on any channel: locale, slug and the product's code."""
    wanted = (
        select(_t.locale, _t.slug, product.c.code)
        .join(listing, _l.id == _t.listing_id)
        .join(product, product.c.id == _l.product_id)
        .where(_t.slug == any_(texts(slugs)), _t.channel_id.in_(select(channel.c.id)))  # by which they are indexed
    )
    return [(row.locale, row.slug, row.code) for row in await conn.execute(wanted)]


async def listings_by_id(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, Listing]:
    return {(one.shop, one.id): one for one in await _visible(conn, keys, "id")}


async def nodes_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Listing]:
    """Visible listings wherever they are, each in its channel's default locale."""
    owners = (await conn.execute(select(_l.id, _l.channel_id).where(_l.id == any_(uuids(ids))))).all()
    known = await channel_queries.channels_by_id(conn, {row.channel_id for row in owners})
    shops = {key: Shop(one, one.locales[0]) for key, one in known.items()}
    found = await listings_by_id(conn, [(shops[row.channel_id], row.id) for row in owners])
    return {listing_id: one for (_, listing_id), one in found.items()}


async def listings_by_product(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, Listing]:
    return {(one.shop, one.product_id): one for one in await _visible(conn, keys, "product_id")}


async def _visible(conn: ReadConn, keys: Collection[InShop], by: str) -> list[Listing]:
    found: list[Listing] = []
    for one, wanted_ids in by_shop(keys).items():
        wanted = (
            select(*_COLUMNS)
            .join(listing_text, _t.listing_id == _l.id)
            .where(_l.channel_id == one.channel.id, _l[by] == any_(uuids(wanted_ids)), _t.locale == one.locale)
            .where(filters.visible())
        )
        found += await fetch(conn, wanted, lambda one=one, **facts: Listing(shop=one, **facts))
    return found


def by_shop(keys: Collection[tuple[Shop, Any]]) -> dict[Shop, list[Any]]:
    found: dict[Shop, list[Any]] = defaultdict(list)
    for one, key in keys:
        found[one].append(key)
    return found


async def related(conn: ReadConn, keys: Collection[tuple[InShop, str]]) -> dict[tuple[InShop, str], list[Listing]]:
    """The listings that each (shop, product) points to by a kind of association, in their order."""
    a, b = product_association.c, bought_together.c
    products, kinds = uuids({product_id for (_, product_id), _ in keys}), {kind for _, kind in keys}
    wanted = select(a.product_id, a.kind, a.target_id, a.position).where(
        a.product_id == any_(products), a.kind == any_(texts(kinds))
    )
    if BOUGHT_TOGETHER in kinds:
        computed = select(b.product_id, literal(BOUGHT_TOGETHER), b.target_id, b.position)
        wanted = wanted.union_all(computed.where(b.product_id == any_(products)))  # type: ignore[assignment]
    targets = sorted(await conn.execute(wanted), key=lambda row: (row.kind, row.position))
    shops = {one for (one, _), _ in keys}
    shown = await listings_by_product(conn, [(one, row.target_id) for one in shops for row in targets])
    found: dict[tuple[InShop, str], list[Listing]] = defaultdict(list)
    for row in targets:
        for one in shops:
            if (one, row.target_id) in shown:
                found[(one, row.product_id), row.kind].append(shown[one, row.target_id])
    return found


async def content_by_listing(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, Content]:
    """What the pages of these (shop, product) say."""
    products = await product_queries.products_by_id(conn, {product_id for _, product_id in keys})
    codes = {code for one in products.values() for code in one.content}
    attributes = await attribute_queries.attributes_by_code(conn, codes)
    options = await attribute_queries.options_by_attribute(
        conn, [one.code for one in attributes.values() if one.type in ("SELECT", "MULTI_SELECT")]
    )
    options |= await naming.names(conn, attributes, [one.content for one in products.values()])
    groups = await attribute_queries.groups_by_code(
        conn, {one.group_code for one in attributes.values() if one.group_code}
    )

    def shown(one: Shop, content: ProductContent) -> Iterable[ListingAttribute]:
        for code, known in attributes.items():
            stored = values.at(content.get(code, {}), one.channel.code, one.locale, one.channel.locales[0])
            if stored is not None:
                mine, group = options.get(code, {}), groups.get(known.group_code or "")
                display = values.display(known, stored, one.locale, mine)
                yield ListingAttribute(known, group, mine, stored, one.locale, display)

    found: dict[InShop, Content] = {}
    for one, product_id in keys:
        if product_id in products:
            told = tuple(shown(one, products[product_id].content))
            description = next((each.display for each in told if each.attribute.code == "description"), None)
            found[one, product_id] = Content(description, told)
    return found


async def product_listings(
    conn: ReadConn, keys: Collection[tuple[uuid.UUID, frozenset[str] | None]]
) -> dict[tuple[uuid.UUID, frozenset[str] | None], list[ProductListing]]:
    """On which of these channels (None: all) each product is, in any state, by channel code."""
    found: dict[tuple[uuid.UUID, frozenset[str] | None], list[ProductListing]] = {key: [] for key in keys}
    for only in {only for _, only in keys}:
        given = {
            "products": [key for key, mine in keys if mine == only],
            "channels": None if only is None else sorted(only),
        }
        for row in await conn.execute(_PRODUCT_LISTINGS, given):
            found[row.product_id, only].append(ProductListing(*row))
    return found


_PRODUCT_LISTINGS = text("""
    SELECT l.id, l.product_id, c.code, CASE
            WHEN l.status <> 'PUBLISHED' THEN l.status
            WHEN l.publish_until <= now() THEN 'WITHDRAWN'
            WHEN l.publish_from > now() THEN 'SCHEDULED'
            ELSE 'PUBLISHED'
        END, l.publish_from, l.publish_until, l.position, l.by_rule
    FROM listing l JOIN channel c ON c.id = l.channel_id
    WHERE l.product_id = ANY(:products) AND (CAST(:channels AS text[]) IS NULL OR c.code = ANY(:channels))
    ORDER BY c.code
""")
