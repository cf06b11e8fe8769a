"""What a filter picks of attributes: values, ranges of numbers, amounts and dates, looked up as terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from kernel.db import ReadConn
from kernel.errors import InvalidInput
from pim.attributes import queries as attribute_queries
from pim.attributes import units
from pim.attributes.model import Attribute
from pim.channels.model import Channel

from .model import AttributeFilter
from .projecting import FACETED

MOST_FILTERS = 20
MOST_VALUES = 500
MOST_TERMS = 1_000  # of a range that are looked for one by one
COMMON = 50  # a term that more than one listing in so many has is common

_ALWAYS, _NEVER = Decimal("-Infinity"), Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Picked:
    """What is picked of one attribute: ``terms``, or where these are too many all from ``least`` to ``most``.

    They are ``common`` where so many listings have them that one is soon found by looking at all.
    """

    attribute: Attribute
    values: tuple[str, ...] | None
    least: Decimal
    most: Decimal
    terms: tuple[int, ...] | None = None
    common: bool = False


async def picked(conn: ReadConn, channel: Channel, given: Sequence[AttributeFilter]) -> tuple[Picked, ...]:
    """What each filter picks. Raises InvalidInput where one names no filterable attribute or does not fit it."""
    if len(given) > MOST_FILTERS:
        raise InvalidInput("filter.attributes", f"must be at most {MOST_FILTERS}")
    known = await attribute_queries.attributes_by_code(conn, {one.code for one in given})
    found = [_picked(known, channel, one, f"filter.attributes.{place}") for place, one in enumerate(given)]
    pairs = [(place, value) for place, one in enumerate(found) for value in one.values or () if "\0" not in value]
    asked = {
        "channel": channel.id,
        "most_terms": MOST_TERMS + 1,
        "attributes": [one.attribute.code for one in found],
        "ranges": [one.values is None for one in found],
        "least": [one.least for one in found],
        "most": [one.most for one in found],
        "places": [place + 1 for place, _ in pairs],
        "values": [value for _, value in pairs],
    }
    every, terms = 0, dict[int, list[Any]]()
    for row in await conn.execute(_TERMS, asked):
        terms.setdefault(row.place - 1, []).append(row)
        every = row.every
    return tuple(_with(one, terms.get(place, []), every) for place, one in enumerate(found))


def _with(one: Picked, terms: Sequence[Any], every: int) -> Picked:
    if len(terms) > MOST_TERMS:
        return one
    common = one.attribute.type in FACETED and sum(term.count for term in terms) * COMMON >= every > 0
    return replace(one, terms=tuple(term.id for term in terms), common=common)


def _picked(known: Mapping[str, Attribute], channel: Channel, one: AttributeFilter, path: str) -> Picked:
    attribute = known.get(one.code)
    if attribute is None or not attribute.filterable:
        raise InvalidInput(f"{path}.code", f"{one.code[:100]} is no filterable attribute")
    if len(one.values or ()) > MOST_VALUES:
        raise InvalidInput(f"{path}.values", f"must be at most {MOST_VALUES}")
    least, most = _ALWAYS, _NEVER
    if one.min is not None:
        least = _number(attribute, channel, one.min, one.unit, path, "min")
    if one.max is not None:
        most = _number(attribute, channel, one.max, one.unit, path, "max")
    if one.since is not None:
        least = _day(attribute, one.since, f"{path}.from")
    if one.until is not None:
        most = _day(attribute, one.until, f"{path}.until") - 1
    return Picked(attribute, one.values, least, most)


def _number(attribute: Attribute, channel: Channel, bound: Decimal, unit: str | None, path: str, name: str) -> Decimal:
    if not bound.is_finite():
        raise InvalidInput(f"{path}.{name}", "must be a number")
    if attribute.type == "MEASUREMENT":
        family, of = attribute.unit_family or "", unit or attribute.default_unit or ""
        if not units.fits(family, of):
            raise InvalidInput(f"{path}.unit", f"{of[:40]!r} is no unit of {family}")
        return units.base(family, bound, of)
    if attribute.type == "MONEY" and unit not in (None, channel.currency):
        raise InvalidInput(f"{path}.unit", f"must be {channel.currency}, the currency of the channel")
    if attribute.type not in ("NUMBER", "MONEY"):
        raise InvalidInput(f"{path}.{name}", f"{attribute.code} has no range of numbers")
    return bound


def _day(attribute: Attribute, day: date, path: str) -> Decimal:
    if attribute.type != "DATE":
        raise InvalidInput(path, f"{attribute.code} has no range of dates")
    return Decimal(day.toordinal())


_TERMS = text("""
    WITH asked AS (
        SELECT * FROM unnest(CAST(:attributes AS text[]), CAST(:ranges AS bool[]), CAST(:least AS numeric[]),
            CAST(:most AS numeric[])) WITH ORDINALITY AS a (attribute, is_range, least, most, place)
    ), every AS (
        SELECT coalesce((SELECT count FROM listing_term
            WHERE channel_id = :channel AND attribute = '*' AND value = ''), 0) AS every
    )
    SELECT a.place, t.id, t.count, every
    FROM every, asked a
    JOIN unnest(CAST(:places AS int[]), CAST(:values AS text[])) AS v (place, value) ON v.place = a.place
    JOIN listing_term t ON t.channel_id = :channel AND t.attribute = a.attribute AND t.value = v.value
        AND (t.number IS NULL OR t.number BETWEEN a.least AND a.most)
    UNION ALL
    SELECT a.place, t.id, t.count, every
    FROM every, asked a CROSS JOIN LATERAL (
        SELECT t.id, t.count FROM listing_term t
        WHERE t.channel_id = :channel AND t.attribute = a.attribute AND t.number BETWEEN a.least AND a.most
            AND t.count > 0
        LIMIT :most_terms
    ) t WHERE a.is_range
""")
