"""How a query for listings becomes a statement: what is visible, what is wanted, and in which order."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    REAL,
    ColumnElement,
    Double,
    Integer,
    Select,
    Text,
    and_,
    any_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from kernel import money
from kernel.db import ReadConn, texts
from kernel.errors import InvalidInput
from kernel.paging import Order
from pim.categories import queries as category_queries
from pim.products.tables import variant
from pim.search import documents
from pim.search import queries as search_queries
from pim.search.model import Understood
from pim.search.tables import search_document

from . import picking
from .model import ListingFilter, ListingQuery
from .picking import Picked
from .projecting import CATEGORY
from .tables import NO_PRICE, listing, listing_by_term, listing_exclusion, listing_term, listing_text

LONGEST_SEARCH = 200
MOST_SKUS = 500
FIRST = 10  # what the whole code of an article counts more than any words

_l, _t, _d, _b, _n = listing.c, listing_text.c, search_document.c, listing_by_term.c, listing_term.c
_x = listing_exclusion.c


@dataclass(frozen=True, slots=True)
class Resolved:
    """A query with what its filter names looked up: the key of its page, its count and its facets."""

    query: ListingQuery
    category_id: uuid.UUID | None
    category_term: int | None = field(compare=False)
    picked: tuple[Picked, ...] = field(compare=False)
    searched: Understood | None = field(compare=False)

    def without(self, code: str) -> "Resolved":
        """The same query with nothing picked of one attribute."""
        given = self.query.filter
        others = replace(given, attributes=tuple(one for one in given.attributes if one.code != code))
        picked = tuple(one for one in self.picked if one.attribute.code != code)
        return replace(self, query=replace(self.query, filter=others), picked=picked)

    @property
    def category_alone(self) -> bool:
        """Whether nothing but the category is asked for."""
        return self.query.filter == ListingFilter(category=self.query.filter.category)


async def resolve(conn: ReadConn, query: ListingQuery) -> Resolved:
    """Look up what a query names and understand what it searches for. Raises InvalidInput."""
    given = query.filter
    channel = query.shop.channel
    category = None
    if given.category is not None:
        category = await category_queries.category_by_slug(conn, given.category)
        if category is None:
            raise InvalidInput("filter.category", f"there is no category {given.category[:100]}")
    if len(given.skus or ()) > MOST_SKUS:
        raise InvalidInput("filter.skus", f"must be at most {MOST_SKUS}")
    if len(given.search or "") > LONGEST_SEARCH:
        raise InvalidInput("filter.search", f"must not have more than {LONGEST_SEARCH} characters")
    term = None
    if category:
        named = (_n.channel_id == channel.id, _n.attribute == CATEGORY, _n.value == str(category.id))
        term = (await conn.execute(select(_n.id).where(*named))).scalar_one_or_none()
    picked = await picking.picked(conn, channel, given.attributes) if given.attributes else ()
    searched = None
    if given.search is not None:
        searched = await search_queries.understood(conn, channel.code, query.shop.locale, given.search)
    return Resolved(query, category.id if category else None, term, picked, searched)


def visible() -> ColumnElement[bool]:
    return and_(
        _l.status == literal_column("'PUBLISHED'"),
        or_(_l.publish_from.is_(None), _l.publish_from <= func.now()),
        or_(_l.publish_until.is_(None), _l.publish_until > func.now()),
    )


def _sold(channel_id: uuid.UUID, skus: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    excluded = exists().where(_x.variant_id == variant.c.id, _x.channel_id == channel_id)
    return variant.c.sku == any_(texts(skus)), not_(excluded)


def matching(found: Resolved, *columns: Any) -> Select[Any]:
    """``columns`` of the visible listings that the query wants."""
    query, given = found.query, found.query.filter
    wanted = select(*columns).select_from(listing).where(_l.channel_id == query.shop.channel.id, visible())
    if found.category_id is not None:
        wanted = wanted.join(listing_by_term, _b.listing_id == _l.id)
        wanted = wanted.where(false() if found.category_term is None else _b.term_id == found.category_term)
    wanted = wanted.where(*(_picked(one) for one in found.picked))
    if given.skus is not None:
        wanted = wanted.where(
            _l.product_id.in_(select(variant.c.product_id).where(*_sold(query.shop.channel.id, given.skus)))
        )
    if given.search is not None and found.searched is None:
        wanted = wanted.where(false())
    if found.searched is not None:
        mine = and_(_d.listing_id == _l.id, _d.locale == query.shop.locale)
        wanted = wanted.join(search_document, mine).where(_d.document.op("@@")(_tsquery(found.searched.wanted)))
    currency = query.shop.channel.currency
    if given.min_price is not None:
        wanted = wanted.where(_l.price >= money.parse(given.min_price, currency, path="filter.price.min").minor)
    if given.max_price is not None:
        wanted = wanted.where(_l.price <= money.parse(given.max_price, currency, path="filter.price.max").minor)
    if given.in_stock is not None:
        wanted = wanted.where(_l.in_stock.is_(given.in_stock))
    return wanted


def _picked(one: Picked) -> ColumnElement[bool]:
    """Terms that many listings have are looked for on the listings as they come, the others where they are listed."""
    if one.terms is not None and one.common:
        return _l.facets.op("&&")(_terms(one.terms))
    b, n = listing_by_term.alias().c, listing_term.alias().c
    if one.terms is not None:
        return exists().where(b.term_id == any_(_terms(one.terms)), b.listing_id == _l.id)
    held = [n.channel_id == _l.channel_id, n.attribute == one.attribute.code, n.number >= one.least]
    return exists().where(*held, n.number <= one.most, n.id == b.term_id, b.listing_id == _l.id)


def _terms(terms: Sequence[int]) -> ColumnElement[Any]:
    return literal(list(terms), ARRAY(Integer))


def _tsquery(query: str) -> ColumnElement[Any]:
    return cast(literal(query, Text), TSQUERY)


def order(found: Resolved) -> Order:
    """The total order in which the listings are paged. NEWEST ascending shows the newest first."""
    query = found.query
    name, down = f"{query.by}.{query.descending}", query.descending
    match query.by:
        case "POSITION" if found.category_id is not None:
            return Order(name, [_b.position, _b.listing_id], down, [int, uuid.UUID])
        case "NAME":
            return Order(name, [_t.sort, _t.listing_id], down, [str, uuid.UUID])
        case "PRICE":
            price = func.coalesce(_l.price, literal_column(str(NO_PRICE)))
            return Order(name, [price, _l.id], down, [int, uuid.UUID])
        case "NEWEST":
            return Order(name, [_l.published_at, _l.id], not down, [datetime, uuid.UUID])
        case "RELEVANCE" if found.searched is not None:
            return Order(name, [_rank(found.searched), _l.position, _l.id], down, [float, int, uuid.UUID])
    return Order(name, [_l.position, _l.id], down, [int, uuid.UUID])


def _rank(searched: Understood) -> ColumnElement[Any]:
    """What stands first has the least: the whole code, then what was typed before what was meant."""
    weights = cast(literal_column(f"'{documents.RANKS}'"), ARRAY(REAL))
    typed, meant = (func.ts_rank(weights, _d.document, _tsquery(one)) for one in (searched.typed, searched.meant))
    code = case((_d.document.op("@@")(_tsquery(searched.code)), literal_column(str(FIRST))), else_=literal_column("0"))
    return cast(-(code + 2 * typed + meant), Double)
