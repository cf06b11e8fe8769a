"""The products of a selection as documents, page by page, all of them as they were at one moment."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select

from kernel.db import ReadConn, fetch
from kernel.errors import InvalidInput
from pim.attributes import queries as attribute_queries
from pim.catalog import browsing
from pim.channels import locales
from pim.channels import queries as channel_queries
from pim.families import queries as family_queries
from pim.products import queries as product_queries
from pim.products.model import Product
from pim.products.tables import product

from .documents import Choice, Document, document
from .model import Selection

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """``choice`` is what of the products is shown, ``total`` how many there are; ``places`` are of all attributes."""

    choice: Choice
    places: Mapping[str, int]
    total: int
    wanted: Select[Any] = field(repr=False)


async def checked(conn: ReadConn, given: Selection) -> Selection:
    """The selection with its locales in their usual spelling. Raises InvalidInput where it names what is not there."""
    await browsing.conditions(conn, given.filter)
    channels = {one.code for one in await channel_queries.all_channels(conn)}
    for code in given.channels or ():
        if code not in channels:
            raise InvalidInput("channels", f"there is no channel {code[:100]}")
    known = await attribute_queries.attributes_by_code(conn, given.attributes or ())
    for code in given.attributes or ():
        if code not in known:
            raise InvalidInput("attributes", f"there is no attribute {code[:100]}")
    tags = given.locales and tuple(locales.normal(one, path="locales") for one in given.locales)
    return Selection(given.filter, given.channels, tags, given.attributes)


async def begin(conn: ReadConn, given: Selection) -> Reading:
    attributes = await attribute_queries.all_attributes(conn)
    chosen = attributes.keys() if given.attributes is None else attributes.keys() & set(given.attributes)
    families = await family_queries.all_families(conn)
    choice = Choice(
        {code: one for code, one in attributes.items() if code in chosen},
        {one.code: {a.attribute: a.level for a in one.attributes} for one in families},
        given.channels,
        given.locales,
    )
    total = (await browsing.product_counts(conn, [given.filter]))[given.filter]
    wanted = product_queries.PRODUCTS.where(*await browsing.conditions(conn, given.filter))
    places = {code: one.position for code, one in attributes.items()}
    return Reading(choice, places, total, wanted.order_by(product.c.code).limit(AT_ONCE))


async def pages(conn: ReadConn, reading: Reading) -> AsyncIterator[list[Document]]:
    """Documents by code, up to 500 at once."""
    after = ""
    while products := await fetch(conn, reading.wanted.where(product.c.code > after), Product):
        held = await product_queries.states_by_product(conn, products)
        yield [document(held[one.id], reading.choice) for one in products]
        after = products[-1].code
