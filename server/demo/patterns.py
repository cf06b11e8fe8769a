"""The demo shop's products as patterns that more of the kind are made after."""

import uuid
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import any_, select

from kernel.db import ReadConn, fetch, uuids
from oms.locations.tables import channel_location, location
from pim.attributes import queries as attribute_queries
from pim.attributes import values
from pim.attributes.model import Attribute, Option
from pim.categories import queries as category_queries
from pim.categories.model import Category
from pim.channels import locales
from pim.channels import queries as channel_queries
from pim.channels.model import Channel
from pim.families import queries as family_queries
from pim.families.model import Family
from pim.listings import projecting
from pim.listings.projecting import Term
from pim.media.tables import product_media
from pim.prices.tables import price, price_list_channel
from pim.products import queries as product_queries
from pim.products.catalogs import Catalog
from pim.products.model import Content, Variant
from pim.products.searching import search_text
from pim.products.states import State, VariantState

MAKES = 8  # variations of each pattern, by brand and measures
HEAVIER = Decimal("1.12")


@dataclass(frozen=True, slots=True)
class Period:
    """A price of a pattern's variant in one list."""

    price_list_id: uuid.UUID
    min_quantity: int
    valid: Any
    amount: int

    def holds(self, now: datetime) -> bool:
        return bool(self.valid.lower <= now and (self.valid.upper is None or now < self.valid.upper))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A product of the demo shop; ``contents`` are its variations, the first is itself."""

    number: int
    code: str
    id: uuid.UUID
    family: Family | None
    contents: tuple[Content, ...]
    variants: tuple[Variant, ...]
    categories: tuple[uuid.UUID, ...]
    lineages: tuple[tuple[Category, ...], ...]
    associations: Mapping[str, tuple[str, ...]]
    media: tuple[uuid.UUID, ...]
    prices: Mapping[uuid.UUID, tuple[Period, ...]]

    @property
    def label(self) -> str:
        """The attribute that names it."""
        return (self.family and self.family.label_attribute) or "name"

    def lineages_in(self, channel: Channel) -> list[list[Category]]:
        return [projecting.in_tree(one, channel.category_id) for one in self.lineages]

    def home(self, channel: Channel) -> uuid.UUID | None:
        """Its first category in the channel's tree."""
        return next((path[-1].id for path in self.lineages_in(channel) if path), None)


@dataclass(frozen=True)
class Patterns:
    """The patterns with all that what is made after them is derived from."""

    patterns: tuple[Pattern, ...]
    channels: tuple[Channel, ...]
    attributes: Mapping[str, Attribute]
    options: Mapping[str, Mapping[str, Option]]
    lists_of: Mapping[uuid.UUID, frozenset[uuid.UUID]]  # channel → its price lists
    locations: Mapping[str, uuid.UUID]
    sells_from: Mapping[uuid.UUID, Mapping[uuid.UUID, int]]  # channel → location → buffer

    @cached_property
    def catalog(self) -> Catalog:
        return Catalog(self.attributes, self.options, {}, {}, {})

    def terms(self, pattern: Pattern, make: int, variants: int, channel: Channel) -> dict[Term, Decimal | None]:
        """The terms on a channel of what is made after the first ``variants`` variants of a pattern."""
        lineage = [one for path in pattern.lineages_in(channel) for one in path]
        contents = [pattern.contents[make], *(one.content for one in pattern.variants[:variants])]
        return projecting.terms(contents, lineage, self.attributes, channel)

    def search(self, code: str, content: Content, variants: Sequence[tuple[str, str, Variant]]) -> str:
        states = {sku: VariantState(sku, gtin, one.content, one.axes) for sku, gtin, one in variants}
        return search_text(State(code, content=content, variants=states), self.catalog)


async def read(conn: ReadConn, codes: Sequence[str]) -> Patterns:
    """The products ``codes`` that are there, as patterns."""
    products = await product_queries.products_by_code(conn, codes)
    ids = [one.id for one in products.values()]
    variants = await product_queries.variants_by_product(conn, ids)
    categories = await product_queries.categories_by_product(conn, ids)
    lineage = await category_queries.ancestors(conn, {one for found in categories.values() for one in found})
    associations = await product_queries.associations_by_product(conn, ids)
    families = {one.id: one for one in await family_queries.all_families(conn)}
    attributes = await attribute_queries.all_attributes(conn)
    selects = [code for code, one in attributes.items() if one.type in ("SELECT", "MULTI_SELECT")]
    options = await attribute_queries.options_by_attribute(conn, selects)
    media = await _media(conn, ids)
    prices = await _prices(conn, [one.id for found in variants.values() for one in found])
    return Patterns(
        patterns=tuple(
            Pattern(
                number,
                one.code,
                one.id,
                families.get(one.family_id) if one.family_id else None,
                tuple(_varied(one.content, make, attributes, options) for make in range(MAKES)),
                tuple(variants.get(one.id, ())),
                tuple(categories.get(one.id, ())),
                tuple(tuple(lineage.get(at, ())) for at in categories.get(one.id, ())),
                associations.get(one.id, {}),
                tuple(media.get(one.id, ())),
                {v.id: tuple(prices.get(v.id, ())) for v in variants.get(one.id, ())},
            )
            for number, one in enumerate(products[code] for code in codes if code in products)
        ),
        channels=tuple(await channel_queries.all_channels(conn)),
        attributes=attributes,
        options=options,
        **await _places(conn),
    )


def _varied(
    content: Content, make: int, attributes: Mapping[str, Attribute], options: Mapping[str, Mapping[str, Option]]
) -> Content:
    """``content`` of another brand and, in the second half of the makes, of larger measures."""
    varied = deepcopy(content)
    for code in content.keys() & attributes.keys():
        attribute, stored = attributes[code], content[code].get(locales.ANY, {}).get(locales.ANY)
        if code == "brand" and stored in options.get(code, {}):
            brands = list(options[code])
            stored = brands[(brands.index(str(stored)) + make) % len(brands)]
        elif attribute.type == "MEASUREMENT" and stored is not None and make >= MAKES // 2:
            stored = _larger(attribute, stored)
        if stored is not None:
            varied[code][locales.ANY][locales.ANY] = stored
    return varied


def _larger(attribute: Attribute, stored: Any) -> Any:
    amount = Decimal(stored["amount"])
    try:
        return values.clean(attribute, {"amount": str(round(amount * HEAVIER, 2)), "unit": stored["unit"]})
    except values.Unfit:
        return stored


async def _media(conn: ReadConn, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[uuid.UUID]]:
    c = product_media.c
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    wanted = select(c.product_id, c.media_id).where(c.product_id == any_(uuids(ids)))
    for product_id, media_id in await conn.execute(wanted.order_by(c.product_id, c.position)):
        found.setdefault(product_id, []).append(media_id)
    return found


async def _prices(conn: ReadConn, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Period]]:
    c = price.c
    found: dict[uuid.UUID, list[Period]] = {}
    wanted = select(c.variant_id, c.price_list_id, c.min_quantity, c.valid, c.amount)
    for row in await conn.execute(wanted.where(c.variant_id == any_(uuids(ids))).order_by(c.id)):
        period = Period(row.price_list_id, row.min_quantity, row.valid, row.amount)
        found.setdefault(row.variant_id, []).append(period)
    return found


async def _places(conn: ReadConn) -> dict[str, Any]:
    lists_of: dict[uuid.UUID, set[uuid.UUID]] = {}
    for row in await conn.execute(select(price_list_channel)):
        lists_of.setdefault(row.channel_id, set()).add(row.price_list_id)
    sells_from: dict[uuid.UUID, dict[uuid.UUID, int]] = {}
    for row in await conn.execute(select(channel_location)):
        sells_from.setdefault(row.channel_id, {})[row.location_id] = row.buffer
    places = await fetch(conn, select(location.c.code, location.c.id).order_by(location.c.code), lambda **one: one)
    return {
        "lists_of": {key: frozenset(found) for key, found in lists_of.items()},
        "locations": {one["code"]: one["id"] for one in places},
        "sells_from": sells_from,
    }
