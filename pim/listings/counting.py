"""How many listings a query finds, and of what kinds: from kept counters where they tell, else counted."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import ARRAY, Text, any_, func, select

from kernel.db import ReadConn, texts
from pim.attributes import queries as attribute_queries
from pim.attributes import values
from pim.attributes.tables import attribute
from pim.channels import locales

from . import filters, projecting
from .filters import Resolved
from .model import Facet, FacetValue, ListingFilter, ListingQuery, Shop
from .tables import listing, listing_count, listing_term

MOST_FACET_VALUES = 50


async def counts(conn: ReadConn, asked: Collection[Resolved]) -> dict[Resolved, int]:
    """How many listings each query finds; without a filter, or by category alone, read from kept counters."""
    found: dict[Resolved, int] = {}
    for one in asked:
        if _only_category(one.query):
            term = (projecting.CATEGORY, str(one.category_id)) if one.category_id else (projecting.ALL, "")
            found[one] = (await kept_counts(conn, one.query.shop, [term])).get(term, 0)
        else:
            found[one] = (await conn.execute(filters.matching(one, func.count()))).scalar_one()
    return found


def _only_category(query: ListingQuery) -> bool:
    given = query.filter
    others = (given.search, given.skus, given.min_price, given.max_price, given.in_stock)
    return not given.attributes and all(one is None for one in others)


async def kept_counts(
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
            counted = await kept_counts(conn, one.query.shop, None)
        else:
            counted = await _facet_counts(conn, one)
        found[one] = await _facets(conn, one, counted)
    return found


async def _facet_counts(conn: ReadConn, one: Resolved) -> dict[projecting.Term, int]:
    f = listing_term.alias().c
    counted = select(attribute.c.code).where(attribute.c.filterable, attribute.c.type.in_(projecting.COUNTED))
    matched = filters.matching(one, listing.c.id).cte("matched").prefix_with("MATERIALIZED")
    wanted = (
        select(f.attribute, f.value, func.count())
        .join_from(matched, f.listing_id.table, f.listing_id == matched.c.id)
        .where(f.channel_id == one.query.shop.channel.id)
        .where(f.attribute == any_(func.array(counted.scalar_subquery(), type_=ARRAY(Text))))
        .group_by(f.attribute, f.value)
    )
    return {(code, value): count for code, value, count in await conn.execute(wanted)}


async def _facets(conn: ReadConn, found: Resolved, counted: dict[projecting.Term, int]) -> list[Facet]:
    shop = found.query.shop
    codes = {code for code, _ in counted if not code.startswith(projecting.ALL)}
    known = found.attributes or await attribute_queries.attributes_by_code(conn, codes)
    attributes = {code: one for code, one in known.items() if code in codes}
    options = await attribute_queries.options_by_attribute(conn, codes)
    by_attribute: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for (code, value), count in counted.items():
        by_attribute[code].append((count, value))
    return [
        Facet(
            code,
            locales.label(one.labels, shop.locale, code),
            tuple(
                FacetValue(value, values.term_label(one, value, shop.locale, options.get(code, {})), n)
                for n, value in sorted(by_attribute[code], key=lambda one: (-one[0], one[1]))[:MOST_FACET_VALUES]
            ),
        )
        for code, one in attributes.items()
    ]
