"""How a query for listings becomes a statement: what is visible, what is wanted, and in which order."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Select,
    and_,
    any_,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from kernel import money
from kernel.db import ReadConn, texts
from kernel.errors import InvalidInput
from kernel.paging import Order
from pim.attributes import queries as attribute_queries
from pim.attributes import units
from pim.attributes.model import Attribute
from pim.categories import queries as category_queries
from pim.products.tables import product, variant

from .model import AttributeFilter, ListingQuery
from .projecting import CATEGORY, sort_key
from .tables import NO_PRICE, listing, listing_term, listing_text

MOST_WORDS = 8
LONGEST_SEARCH = 200
MOST_FILTERS = 20
MOST_SKUS = 500

_l, _t = listing.c, listing_text.c


@dataclass(frozen=True, slots=True)
class Resolved:
    """A query with what its filter names looked up: the key of its page, its count and its facets."""

    query: ListingQuery
    category_id: uuid.UUID | None
    attributes: dict[str, Attribute] = field(compare=False)


async def resolve(conn: ReadConn, query: ListingQuery) -> Resolved:
    """Look up the category and attributes a query names. Raises InvalidInput."""
    given = query.filter
    category = None
    if given.category is not None:
        category = await category_queries.category_by_slug(conn, given.category)
        if category is None:
            raise InvalidInput("filter.category", f"there is no category {given.category[:100]}")
    if len(given.attributes) > MOST_FILTERS:
        raise InvalidInput("filter.attributes", f"must be at most {MOST_FILTERS}")
    if len(given.skus or ()) > MOST_SKUS:
        raise InvalidInput("filter.skus", f"must be at most {MOST_SKUS}")
    if len(given.search or "") > LONGEST_SEARCH:
        raise InvalidInput("filter.search", f"must not have more than {LONGEST_SEARCH} characters")
    attributes = await attribute_queries.all_attributes(conn) if given.attributes else {}
    for place, one in enumerate(given.attributes):
        if one.code not in attributes or not attributes[one.code].filterable:
            raise InvalidInput(f"filter.attributes.{place}.code", f"{one.code[:100]} is no filterable attribute")
    return Resolved(query, category.id if category else None, attributes)


def visible() -> ColumnElement[bool]:
    return and_(
        _l.status == literal_column("'PUBLISHED'"),
        or_(_l.publish_from.is_(None), _l.publish_from <= func.now()),
        or_(_l.publish_until.is_(None), _l.publish_until > func.now()),
    )


def matching(found: Resolved, *columns: Any) -> Select[Any]:
    """``columns`` of the visible listings that the query wants."""
    query, given = found.query, found.query.filter
    wanted = select(*columns).select_from(listing).where(_l.channel_id == query.shop.channel.id, visible())
    if found.category_id is not None:
        wanted = wanted.join(
            listing_term,
            and_(
                listing_term.c.listing_id == _l.id,
                listing_term.c.channel_id == query.shop.channel.id,
                listing_term.c.attribute == CATEGORY,
                listing_term.c.value == str(found.category_id),
            ),
        )
    for place, one in enumerate(given.attributes):
        wanted = wanted.where(_attribute(query, one, found.attributes[one.code], f"filter.attributes.{place}"))
    if given.skus is not None:
        wanted = wanted.where(
            _l.product_id.in_(select(variant.c.product_id).where(variant.c.sku == any_(texts(given.skus))))
        )
    if given.search is not None:
        p = product.alias().c
        words = given.search.lower().split()[:MOST_WORDS]
        held = [p.search.contains(word, autoescape=True) for word in words]
        wanted = wanted.where(exists().where(p.id == _l.product_id, *held))
    currency = query.shop.channel.currency
    if given.min_price is not None:
        wanted = wanted.where(_l.price >= money.parse(given.min_price, currency, path="filter.price.min").minor)
    if given.max_price is not None:
        wanted = wanted.where(_l.price <= money.parse(given.max_price, currency, path="filter.price.max").minor)
    if given.in_stock is not None:
        wanted = wanted.where(_l.in_stock.is_(given.in_stock))
    return wanted


def _attribute(query: ListingQuery, one: AttributeFilter, attribute: Attribute, path: str) -> ColumnElement[bool]:
    t = listing_term.alias().c
    held = [t.channel_id == query.shop.channel.id, t.listing_id == _l.id, t.attribute == one.code]
    if one.values is not None:
        held.append(t.value == any_(texts(one.values)))
    for bound, is_least in ((one.min, True), (one.max, False)):
        if bound is not None:
            number = _number(attribute, bound, one.unit, path)
            held.append(t.number >= number if is_least else t.number <= number)
    return exists().where(*held)


def _number(attribute: Attribute, bound: Decimal, unit: str | None, path: str) -> Decimal:
    if attribute.type == "MEASUREMENT":
        family, of = attribute.unit_family or "", unit or attribute.default_unit or ""
        if not units.fits(family, of):
            raise InvalidInput(f"{path}.unit", f"{of[:40]!r} is no unit of {family}")
        return units.base(family, bound, of)
    if attribute.type != "NUMBER":
        raise InvalidInput(f"{path}.min", f"{attribute.code} has no range")
    return bound


def order(found: Resolved) -> Order:
    """The total order in which the listings are paged. NEWEST ascending shows the newest first."""
    query = found.query
    name, down = f"{query.by}.{query.descending}", query.descending
    match query.by:
        case "POSITION" if found.category_id is not None:
            return Order(name, [listing_term.c.position, listing_term.c.listing_id], down, [int, uuid.UUID])
        case "NAME":
            return Order(name, [_t.sort, _t.listing_id], down, [str, uuid.UUID])
        case "PRICE":
            price = func.coalesce(_l.price, literal_column(str(NO_PRICE)))
            return Order(name, [price, _l.id], down, [int, uuid.UUID])
        case "NEWEST":
            return Order(name, [_l.published_at, _l.id], not down, [datetime, uuid.UUID])
        case "RELEVANCE" if query.filter.search:
            near = func.word_similarity(sort_key(query.filter.search), _t.sort)
            return Order(name, [cast(1 - near, Double), _l.id], down, [float, uuid.UUID])
    return Order(name, [_l.position, _l.id], down, [int, uuid.UUID])
