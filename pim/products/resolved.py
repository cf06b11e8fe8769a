"""Products as a channel would say them, read for many at once."""

import uuid
from collections.abc import Collection, Mapping, Sequence

from kernel.db import ReadConn
from kernel.errors import NotFound
from pim.attributes import queries as attribute_queries
from pim.channels import queries as channel_queries
from pim.entities import naming

from . import queries
from .model import Content
from .resolving import PRODUCT, VARIANT, ResolvedValue, resolve

Wanted = tuple[uuid.UUID, str, str | None]  # a product or a variant, on a channel, in a locale or in its default


async def resolved_by_product(conn: ReadConn, keys: Collection[Wanted]) -> dict[Wanted, list[ResolvedValue]]:
    """What counts of each product where it was asked for. Raises NotFound."""
    products = await queries.products_by_id(conn, {one for one, _, _ in keys})
    return await _resolved(conn, keys, {key: [(PRODUCT, one.content)] for key, one in products.items()})


async def resolved_by_variant(conn: ReadConn, keys: Collection[Wanted]) -> dict[Wanted, list[ResolvedValue]]:
    """The same of variants: what a variant does not say itself its product says. Raises NotFound."""
    variants = await queries.variants_by_id(conn, {one for one, _, _ in keys})
    products = await queries.products_by_id(conn, {one.product_id for one in variants.values()})
    contents = {
        key: [(VARIANT, one.content), (PRODUCT, products[one.product_id].content)] for key, one in variants.items()
    }
    return await _resolved(conn, keys, contents)


async def _resolved(
    conn: ReadConn, keys: Collection[Wanted], contents: Mapping[uuid.UUID, Sequence[tuple[str, Content]]]
) -> dict[Wanted, list[ResolvedValue]]:
    channels = await channel_queries.channels_by_code(conn, {channel for _, channel, _ in keys})
    for _, channel, _ in keys:
        if channel not in channels:
            raise NotFound("channel", channel[:100])
    every = [content for some in contents.values() for _, content in some]
    codes = {code for content in every for code in content}
    attributes = await attribute_queries.attributes_by_code(conn, codes)
    options = await attribute_queries.options_by_attribute(conn, codes)
    options |= await naming.names(conn, attributes, every)
    found: dict[Wanted, list[ResolvedValue]] = {}
    for one, channel, locale in keys:
        default = channels[channel].locales[0]
        where = {"channel": channel, "locale": locale or default, "default": default}
        if one in contents:
            found[one, channel, locale] = list(resolve(contents[one], attributes, options, **where))
    return found
