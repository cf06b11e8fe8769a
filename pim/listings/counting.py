"""How many listings a query finds, and of what kinds: from kept counters where they tell, else counted.

What is picked of an attribute narrows down every facet but its own, which tells what else could be picked.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from sqlalchemy import ColumnElement, Integer, Numeric, Subquery, any_, case, func, literal_column, select

from kernel.db import ReadConn, fetch, texts
from kernel.money import Money
from pim.attributes import queries as attribute_queries
from pim.attributes import units, values
from pim.attributes.model import Attribute, Option
from pim.channels import locales
from pim.entities import naming

from . import filters, projecting
from .filters import Resolved
from .model import Facet, FacetValue, ListingFilter, PriceSpan, Shop, Span
from .tables import listing, listing_term

MOST_FACET_VALUES = 50
NOISE = Decimal("1e-12")
MICRO = Decimal("0.000001")

_n = listing_term.c


@dataclass(frozen=True, slots=True)
class _Counted:
    """How often a value was found, or without a value the span of an attribute's numbers."""

    attribute: str
    value: str | None
    count: int
    least: Decimal | None = None
    most: Decimal | None = None


async def counts(conn: ReadConn, asked: Collection[Resolved]) -> dict[Resolved, int]:
    """How many listings each query finds; without a filter, or by category alone, read from kept counters."""
    found: dict[Resolved, int] = {}
    for one in asked:
        if one.category_alone:
            term = (projecting.CATEGORY, str(one.category_id)) if one.category_id else (projecting.ALL, "")
            found[one] = (await kept_counts(conn, one.query.shop, [term])).get(term, 0)
        else:
            found[one] = (await conn.execute(filters.matching(one, func.count()))).scalar_one()
    return found


async def kept_counts(conn: ReadConn, shop: Shop, terms: Iterable[projecting.Term]) -> dict[projecting.Term, int]:
    """How many listings of the shop have each of these terms, where any has it."""
    attributes, words = zip(*terms, strict=True)
    wanted = select(_n.attribute, _n.value, _n.count).where(
        _n.channel_id == shop.channel.id,
        _n.count > 0,
        _n.attribute == any_(texts(attributes)),
        _n.value == any_(texts(words)),
    )
    return {(attribute, value): count for attribute, value, count in await conn.execute(wanted)}


async def price_spans(conn: ReadConn, asked: Collection[Resolved]) -> dict[Resolved, PriceSpan]:
    """The lowest and the highest price among what each query finds at any price; none where nothing has one."""
    found: dict[Resolved, PriceSpan] = {}
    for one in asked:
        given = replace(one.query.filter, min_price=None, max_price=None)
        anyhow = replace(one, query=replace(one.query, filter=given))
        price = listing.c.price
        least, most = (await conn.execute(filters.matching(anyhow, func.min(price), func.max(price)))).one()
        if least is not None:
            currency = one.query.shop.channel.currency
            found[one] = PriceSpan(Money(least, currency), Money(most, currency))
    return found


async def facets(conn: ReadConn, asked: Collection[Resolved]) -> dict[Resolved, list[Facet]]:
    """What the filterable attributes are among the listings of each query, the most frequent values first."""
    known = {
        code: one
        for code, one in (await attribute_queries.all_attributes(conn)).items()
        if one.filterable and one.type in projecting.FACETED
    }
    listed = [code for code, one in known.items() if one.type in ("SELECT", "MULTI_SELECT")]
    options = await attribute_queries.options_by_attribute(conn, listed)
    found: dict[Resolved, list[Facet]] = {}
    for one in asked:
        picked = {each.attribute.code for each in one.picked}
        counted = await _counted(conn, one, known.keys() - picked)
        for code in picked & known.keys():
            counted += await _counted(conn, one.without(code), {code})
        referring = {known[each.attribute]: set[str]() for each in counted if known[each.attribute].reference_entity}
        for each in counted:
            if each.value is not None and known[each.attribute] in referring:
                referring[known[each.attribute]].add(each.value)
        named = options | await naming.named(conn, referring) if referring else options
        found[one] = _facets(one, known, named, counted)
    return found


async def _counted(conn: ReadConn, one: Resolved, codes: Collection[str]) -> list[_Counted]:
    """The values of these attributes among what a query finds."""
    if not codes:
        return []
    given = one.query.filter
    if given == ListingFilter(in_stock=given.in_stock):
        return await _kept(conn, one, codes)
    mine = _n.channel_id == one.query.shop.channel.id, _n.attribute == any_(texts(list(codes)))
    value = case((_n.number.is_(None), _n.value)).label("value")
    terms = _terms(one)
    wanted = (
        select(
            _n.attribute,
            value,
            func.sum(terms.c.count).label("count"),
            func.min(_n.number, type_=Numeric).label("least"),
            func.max(_n.number, type_=Numeric).label("most"),
        )
        .join_from(terms, listing_term, _n.id == terms.c.term)
        .where(*mine)
        .group_by(_n.attribute, value)
    )
    return await fetch(conn, wanted, _Counted)


def _terms(one: Resolved) -> Subquery:
    """How often each term occurs among what a query finds."""
    each = filters.matching(one, func.unnest(listing.c.facets, type_=Integer).label("term")).subquery()
    return select(each.c.term, func.count().label("count")).group_by(each.c.term).subquery()


async def _kept(conn: ReadConn, one: Resolved, codes: Collection[str]) -> list[_Counted]:
    """The same of a whole shop, from the kept counters. What is in stock is all but the few that are not."""
    given = one.query.filter
    left: ColumnElement[Any] = literal_column("0")
    kept = select(_n.attribute, _n.value, _n.number).where(
        _n.channel_id == one.query.shop.channel.id, _n.attribute == any_(texts(list(codes))), _n.count > 0
    )
    if given.in_stock is not None:
        others = replace(one.query, filter=ListingFilter(in_stock=not given.in_stock))
        terms = _terms(replace(one, query=others))
        kept = kept.outerjoin(terms, terms.c.term == _n.id)
        left = func.coalesce(terms.c.count, left)
    found: list[_Counted] = []
    spans: dict[str, list[tuple[Decimal, int]]] = defaultdict(list)
    for attribute, value, number, count in await conn.execute(kept.add_columns(_n.count - left)):
        if count > 0 and number is None:
            found.append(_Counted(attribute, value, count))
        elif count > 0:
            spans[attribute].append((number, count))
    for attribute, numbers in spans.items():
        least, most = min(numbers)[0], max(numbers)[0]
        found.append(_Counted(attribute, None, sum(count for _, count in numbers), least, most))
    return found


def _facets(
    one: Resolved,
    known: Mapping[str, Attribute],
    options: Mapping[str, Mapping[str, Option]],
    counted: Iterable[_Counted],
) -> list[Facet]:
    """By the position of the attributes. What is picked is among the values even where nothing else fits it."""
    by_attribute: dict[str, list[_Counted]] = defaultdict(list)
    for each in counted:
        by_attribute[each.attribute].append(each)
    for picked in one.picked:
        code, there = picked.attribute.code, {each.value for each in by_attribute[picked.attribute.code]}
        if picked.attribute.type in projecting.LISTED:
            lost = [value for value in dict.fromkeys(picked.values or ()) if value not in there]
            by_attribute[code] += [_Counted(code, value, 0) for value in lost]
    shop, made = one.query.shop, []
    for code, attribute in known.items():
        if mine := by_attribute.get(code):
            label = locales.label(attribute.labels, shop.locale, code)
            if attribute.type in projecting.RANGED:
                made.append(Facet(code, label, (), _span(attribute, shop, mine[0])))
            else:
                made.append(Facet(code, label, _values(attribute, shop, options.get(code, {}), mine)))
    return made


def _values(
    attribute: Attribute, shop: Shop, options: Mapping[str, Option], counted: Iterable[_Counted]
) -> tuple[FacetValue, ...]:
    places = {code: place for place, code in enumerate(options)}
    ranked: list[tuple[Any, ...]] = sorted(
        (-each.count, places.get(each.value or "", len(places)), each.value or "") for each in counted
    )
    return tuple(
        FacetValue(value, values.term_label(attribute, value, shop.locale, options), -count)
        for count, _, value in ranked[:MOST_FACET_VALUES]
    )


def _span(attribute: Attribute, shop: Shop, counted: _Counted) -> Span:
    least, most = counted.least or Decimal(0), counted.most or Decimal(0)
    match attribute.type:
        case "DATE":
            return Span(first=date.fromordinal(int(least)), last=date.fromordinal(int(most)))
        case "MEASUREMENT" if attribute.unit_family and attribute.default_unit:
            unit = attribute.default_unit
            least, most = (units.from_base(attribute.unit_family, one, unit) for one in (least, most))
            return Span(_rounded(least, ROUND_FLOOR), _rounded(most, ROUND_CEILING), unit)
        case "MEASUREMENT":
            return Span(least, most, units.FAMILIES.get(attribute.unit_family or ""))
        case "MONEY":
            return Span(least, most, shop.channel.currency)
    return Span(least, most)


def _rounded(number: Decimal, rounding: str) -> Decimal:
    """Without what dividing by a unit's factor leaves behind the sixth decimal; never past the value itself."""
    if abs(number) >= 10**15:
        return number
    near = number.quantize(MICRO)
    exact = abs(near - number) < NOISE  # what the conversion alone has added or taken
    return (near if exact else number.quantize(MICRO, rounding)).normalize()
