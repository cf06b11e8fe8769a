"""Products as merchandisers read them: values with their scope, in words."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from kernel.db import ReadConn
from pim.attributes import queries as attribute_queries
from pim.attributes import values
from pim.attributes.model import Attribute, Option
from pim.categories import queries as category_queries
from pim.categories.model import Category
from pim.channels import locales
from pim.channels import queries as channel_queries
from pim.channels.model import Channel
from pim.entities import naming
from pim.entities import queries as entity_queries

from . import queries
from .model import Content


@dataclass(frozen=True, slots=True)
class ProductValue:
    """A stored value with its scope; ``channel`` and ``locale`` are None where it is for all of them."""

    attribute: Attribute
    channel: Channel | None
    locale: str | None
    display: str


@dataclass(frozen=True, slots=True)
class VariantAxis:
    code: str
    value: str
    label: str


async def values_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[ProductValue]]:
    found = await queries.products_by_id(conn, ids)
    return await _values(conn, {key: one.content for key, one in found.items()})


async def values_by_variant(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[ProductValue]]:
    found = await queries.variants_by_id(conn, ids)
    return await _values(conn, {key: one.content for key, one in found.items()})


async def values_by_record(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[ProductValue]]:
    """The values of records of reference entities, which are scoped as those of products."""
    found = await entity_queries.records_by_id(conn, ids)
    kinds = await entity_queries.entities_by_code(conn, {one.entity for one in found.values()})
    return await _values(
        conn,
        {
            key: {code: some for code, some in one.content.items() if code in kinds[one.entity].attributes}
            for key, one in found.items()
        },
    )


async def axes_by_variant(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[VariantAxis]]:
    """The values by which each variant differs, labels in the language the option has first."""
    found = await queries.variants_by_id(conn, ids)
    options = await attribute_queries.options_by_attribute(conn, {code for one in found.values() for code in one.axes})
    return {
        key: [VariantAxis(code, value, _axis_label(options.get(code), value)) for code, value in one.axes.items()]
        for key, one in found.items()
    }


def _axis_label(options: Mapping[str, Option] | None, value: str) -> str:
    return values.option_label(options, value, locales.ANY) if options else value


async def categories_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Category]]:
    held = await queries.categories_by_product(conn, ids)
    known = await category_queries.categories_by_id(conn, {one for found in held.values() for one in found})
    return {key: [known[one] for one in found] for key, found in held.items()}


async def _values(conn: ReadConn, contents: Mapping[uuid.UUID, Content]) -> dict[uuid.UUID, list[ProductValue]]:
    codes = {code for content in contents.values() for code in content}
    attributes = await attribute_queries.attributes_by_code(conn, codes)
    options = await attribute_queries.options_by_attribute(conn, codes)
    options |= await naming.names(conn, attributes, contents.values())
    channels = {one.code: one for one in await channel_queries.all_channels(conn)}
    return {key: list(_shown(content, attributes, options, channels)) for key, content in contents.items()}


def _shown(
    content: Content,
    attributes: Mapping[str, Attribute],
    options: Mapping[str, Mapping[str, Option]],
    channels: Mapping[str, Channel],
) -> Iterable[ProductValue]:
    for code, attribute in attributes.items():
        for channel, by_locale in sorted(content.get(code, {}).items()):
            for locale, stored in sorted(by_locale.items()):
                display = values.display(attribute, stored, locale, options.get(code, {}))
                yield ProductValue(attribute, channels.get(channel), None if locale == locales.ANY else locale, display)
