import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import any_, func, select, text

from kernel.db import ReadConn, fetch, texts, uuids
from kernel.errors import Forbidden, NotFound
from kernel.paging import Page, Window, page
from kernel.principals import Principal
from pim.attributes import queries as attribute_queries
from pim.attributes import values
from pim.attributes.tables import attribute
from pim.categories import queries as category_queries
from pim.channels import locales
from pim.channels import queries as channel_queries
from pim.products import queries as product_queries
from pim.products.model import Content as ProductContent
from pim.products.tables import product, product_association

from . import filters, projecting
from .filters import Resolved
from .model import (
    Axis,
    AxisValue,
    Content,
    Facet,
    FacetValue,
    Listing,
    ListingAttribute,
    ListingFilter,
    ListingQuery,
    Offer,
    ProductListing,
    Shop,
    ShopCategory,
)
from .tables import listing, listing_count, listing_term, listing_text

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
    if query.by == "RELEVANCE" and query.filter.search:
        wanted = wanted.join(product, product.c.id == _l.product_id)
    return await page(conn, wanted, filters.order(found), window, lambda **facts: Listing(shop=query.shop, **facts))


async def counts(conn: ReadConn, asked: Collection[Resolved]) -> dict[Resolved, int]:
    """How many listings each query finds; without a filter, or by category alone, read from kept counters."""
    found: dict[Resolved, int] = {}
    for one in asked:
        if _only_category(one.query):
            term = (projecting.CATEGORY, str(one.category_id)) if one.category_id else (projecting.ALL, "")
            found[one] = (await _kept_counts(conn, one.query.shop, [term])).get(term, 0)
        else:
            found[one] = (await conn.execute(filters.matching(one, func.count()))).scalar_one()
    return found


def _only_category(query: ListingQuery) -> bool:
    given = query.filter
    others = (given.search, given.skus, given.min_price, given.max_price, given.in_stock)
    return not given.attributes and all(one is None for one in others)


async def _kept_counts(
    conn: ReadConn, shop: Shop, terms: Iterable[projecting.Term] | None
) -> dict[projecting.Term, int]:
    c = listing_count.c
    wanted = select(c.attribute, c.value, c.count).where(c.channel_id == shop.channel.id, c.count > 0)
    if terms is not None:
        attributes, words = zip(*terms, strict=True)
        wanted = wanted.where(c.attribute == any_(texts(attributes)), c.value == any_(texts(words)))
    return {(attribute, value): count for attribute, value, count in await conn.execute(wanted)}


async def facets(conn: ReadConn, asked: Collection[Resolved]) -> dict[Resolved, list[Facet]]:
    """The values of filterable attributes among the listings of each query, with counts, the most frequent first."""
    found: dict[Resolved, list[Facet]] = {}
    for one in asked:
        if one.query.filter == ListingFilter():
            counted = await _kept_counts(conn, one.query.shop, None)
        else:
            counted = await _facet_counts(conn, one)
        found[one] = await _facets(conn, one.query.shop, counted)
    return found


async def _facet_counts(conn: ReadConn, one: Resolved) -> dict[projecting.Term, int]:
    f = listing_term.alias().c
    counted = select(attribute.c.code).where(attribute.c.filterable, attribute.c.type.in_(projecting.COUNTED))
    wanted = (
        select(f.attribute, f.value, func.count())
        .where(
            f.channel_id == one.query.shop.channel.id,
            f.attribute.in_(counted),
            f.listing_id.in_(filters.matching(one, _l.id)),
        )
        .group_by(f.attribute, f.value)
    )
    return {(code, value): count for code, value, count in await conn.execute(wanted)}


async def _facets(conn: ReadConn, shop: Shop, counted: dict[projecting.Term, int]) -> list[Facet]:
    codes = {code for code, _ in counted if not code.startswith(projecting.ALL)}
    attributes = await attribute_queries.attributes_by_code(conn, codes)
    options = await attribute_queries.options_by_attribute(conn, codes)
    by_attribute: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for (code, value), count in counted.items():
        by_attribute[code].append((count, value))
    return [
        Facet(
            code,
            locales.label(one.labels, shop.locale, code),
            tuple(
                FacetValue(
                    value, values.option_label(options[code], value, shop.locale) if code in options else value, n
                )
                for n, value in sorted(by_attribute[code], key=lambda one: (-one[0], one[1]))[:MOST_FACET_VALUES]
            ),
        )
        for code, one in attributes.items()
    ]


async def listings_by_slug(conn: ReadConn, keys: Collection[tuple[Shop, str]]) -> dict[tuple[Shop, str], Listing]:
    """The visible listing at each slug, in whatever locale of the channel the slug is; the shop's own locale first."""
    found: dict[tuple[Shop, str], Listing] = {}
    for one, slugs in _by_shop(keys).items():
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
    for one, wanted_ids in _by_shop(keys).items():
        wanted = (
            select(*_COLUMNS)
            .join(listing_text, _t.listing_id == _l.id)
            .where(_l.channel_id == one.channel.id, _l[by] == any_(uuids(wanted_ids)), _t.locale == one.locale)
            .where(filters.visible())
        )
        found += await fetch(conn, wanted, lambda one=one, **facts: Listing(shop=one, **facts))
    return found


def _by_shop(keys: Collection[tuple[Shop, Any]]) -> dict[Shop, list[Any]]:
    found: dict[Shop, list[Any]] = defaultdict(list)
    for one, key in keys:
        found[one].append(key)
    return found


async def related(conn: ReadConn, keys: Collection[tuple[InShop, str]]) -> dict[tuple[InShop, str], list[Listing]]:
    """The listings that each (shop, product) points to by a kind of association, in their order."""
    a = product_association.c
    products = {product_id for (_, product_id), _ in keys}
    wanted = select(a.product_id, a.kind, a.target_id).where(
        a.product_id == any_(uuids(products)), a.kind == any_(texts({kind for _, kind in keys}))
    )
    targets = (await conn.execute(wanted.order_by(a.product_id, a.kind, a.position))).all()
    shops = {one for (one, _), _ in keys}
    shown = await listings_by_product(conn, [(one, row.target_id) for one in shops for row in targets])
    found: dict[tuple[InShop, str], list[Listing]] = defaultdict(list)
    for row in targets:
        for one in shops:
            if (one, row.target_id) in shown:
                found[(one, row.product_id), row.kind].append(shown[one, row.target_id])
    return found


async def offers_by_listing(conn: ReadConn, listings: Collection[Listing]) -> dict[Listing, list[Offer]]:
    """The variants of each listing, in their order, each with the values by which it differs."""
    by_product = {(one.shop, one.product_id): one for one in listings}
    found: dict[Listing, list[Offer]] = {one: [] for one in listings}
    products = {one.product_id for one in listings}
    for row in await conn.execute(_SELLABLE, {"products": list(products), "skus": None}):
        for (_, product_id), one in by_product.items():
            if product_id == row.product_id:
                found[one].append(_offer(one, row))
    return found


async def offers_by_sku(conn: ReadConn, keys: Collection[tuple[Shop, str]]) -> dict[tuple[Shop, str], Offer]:
    """The offers of these skus that their shops show now."""
    found: dict[tuple[Shop, str], Offer] = {}
    for one, skus in _by_shop(keys).items():
        rows = (await conn.execute(_SELLABLE, {"products": None, "skus": skus})).all()
        shown = await listings_by_product(conn, [(one, row.product_id) for row in rows])
        for row in rows:
            if (one, row.product_id) in shown:
                found[one, row.sku] = _offer(shown[one, row.product_id], row)
    return found


_SELLABLE = text("""
    SELECT v.product_id, v.id, v.sku, v.gtin, (
        SELECT jsonb_agg(jsonb_build_array(a.code, v.axes -> a.code, a.labels, o.labels) ORDER BY fa.axis)
        FROM product p
        JOIN family_attribute fa ON fa.family_id = p.family_id AND fa.axis IS NOT NULL
        JOIN attribute a ON a.id = fa.attribute_id AND v.axes ? a.code
        LEFT JOIN attribute_option o ON o.attribute_id = a.id AND o.code = v.axes ->> a.code
        WHERE p.id = v.product_id
    ) AS axes
    FROM variant v
    WHERE v.product_id = ANY(CAST(:products AS uuid[])) OR v.sku = ANY(CAST(:skus AS text[]))
    ORDER BY v.product_id, v.position, v.sku
""")


def _offer(one: Listing, row: Any) -> Offer:
    locale = one.shop.locale
    axes = row.axes or ()
    axis_values = tuple(
        AxisValue(code, value, locales.label(labels, locale, value) if labels else value)
        for code, value, _, labels in axes
    )
    name = ", ".join([one.name, *(value.label for value in axis_values)])
    labels = {code: locales.label(labels, locale, code) for code, _, labels, _ in axes}
    return Offer(row.id, row.sku, row.gtin, name, axis_values, labels, one)


def axes_of(offers: Sequence[Offer]) -> list[Axis]:
    """How the offers of one listing differ: each axis with the values there are, in the order of the offers."""
    labels: dict[str, str] = {}
    found: dict[str, dict[str, AxisValue]] = defaultdict(dict)
    for one in offers:
        labels |= one.axis_labels
        for value in one.axis_values:
            found[value.code].setdefault(value.value, value)
    return [Axis(code, labels[code], tuple(by_value.values())) for code, by_value in found.items()]


async def content_by_listing(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, Content]:
    """What the pages of these (shop, product) say."""
    products = await product_queries.products_by_id(conn, {product_id for _, product_id in keys})
    codes = {code for one in products.values() for code in one.content}
    attributes = await attribute_queries.attributes_by_code(conn, codes)
    options = await attribute_queries.options_by_attribute(
        conn, [one.code for one in attributes.values() if one.type in ("SELECT", "MULTI_SELECT")]
    )
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


async def shop_categories(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, ShopCategory]:
    known = await category_queries.categories_by_id(conn, {key for _, key in keys if key})
    return {
        (one, key): ShopCategory(key, known[key].slug, known[key].path, known[key].labels, one)
        for one, key in keys
        if key in known
    }


async def breadcrumbs(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, list[ShopCategory]]:
    """The path to each category from below the root of its shop's tree."""
    above = await category_queries.ancestors(conn, {key for _, key in keys if key})
    return {
        (one, key): [
            ShopCategory(found.id, found.slug, found.path, found.labels, one)
            for found in projecting.in_tree(above.get(key, []), one.channel.category_id)
        ]
        for one, key in keys
    }


async def category_tree(conn: ReadConn, one: Shop) -> list[ShopCategory]:
    """The whole category tree of a shop with its counts, by position; the root itself is left out."""
    if one.channel.category_id is None:
        return []
    found = await category_queries.subtree(conn, one.channel.category_id)
    terms = [(projecting.CATEGORY, str(category.id)) for category in found]
    counted = await _kept_counts(conn, one, terms) if terms else {}
    below: dict[uuid.UUID | None, list[ShopCategory]] = defaultdict(list)
    for category in sorted(found, key=lambda c: (-c.path.count("."), c.position, c.code)):
        count = counted.get((projecting.CATEGORY, str(category.id)), 0)
        children = tuple(below[category.id])
        below[category.parent_id].append(
            ShopCategory(category.id, category.slug, category.path, category.labels, one, children, count)
        )
    return below[one.channel.category_id]


async def below_category(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, list[ShopCategory]]:
    """What stands directly below each category in its shop."""
    trees = {one: _flat(await category_tree(conn, one)) for one in {one for one, _ in keys}}
    return {(one, key): list(trees[one][key].below or ()) for one, key in keys if key in trees[one]}


def _flat(tree: Iterable[ShopCategory]) -> dict[uuid.UUID, ShopCategory]:
    found: dict[uuid.UUID, ShopCategory] = {}
    for one in tree:
        found |= {one.id: one} | _flat(one.below or ())
    return found


async def category_counts(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, int]:
    found: dict[InShop, int] = {}
    for one, wanted in _by_shop(keys).items():
        kept = await _kept_counts(conn, one, [(projecting.CATEGORY, str(category_id)) for category_id in wanted])
        found |= {(one, uuid.UUID(value)): count for (_, value), count in kept.items()}
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
        END, l.publish_from, l.publish_until, l.position
    FROM listing l JOIN channel c ON c.id = l.channel_id
    WHERE l.product_id = ANY(:products) AND (CAST(:channels AS text[]) IS NULL OR c.code = ANY(:channels))
    ORDER BY c.code
""")
