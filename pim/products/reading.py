"""Products as merchandisers read them: values with their scope, in words."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

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
from pim.families import queries as family_queries
from pim.media import queries as media_queries
from pim.media.model import Media

from . import queries, revisions
from .merging import with_axes
from .model import BOUGHT_TOGETHER, KINDS, Content, Product, Then, Variant
from .states import State


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


@dataclass(frozen=True, slots=True)
class Association:
    """The products that a product points to by one kind of association."""

    kind: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Component:
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Slug:
    locale: str
    text: str


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
    return await _axes(conn, {key: one.axes for key, one in found.items()})


async def _axes(conn: ReadConn, axes: Mapping[uuid.UUID, Mapping[str, str]]) -> dict[uuid.UUID, list[VariantAxis]]:
    options = await attribute_queries.options_by_attribute(conn, {code for one in axes.values() for code in one})
    return {
        key: [VariantAxis(code, value, _axis_label(options.get(code), value)) for code, value in one.items()]
        for key, one in axes.items()
    }


def _axis_label(options: Mapping[str, Option] | None, value: str) -> str:
    return values.option_label(options, value, locales.ANY) if options else value


async def categories_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Category]]:
    held = await queries.categories_by_product(conn, ids)
    known = await category_queries.categories_by_id(conn, {one for found in held.values() for one in found})
    return {key: [known[one] for one in found] for key, found in held.items()}


async def associations_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Association]]:
    """What each product is linked to, what is bought with it included, kind by kind."""
    linked = await queries.associations_by_product(conn, ids)
    bought = await queries.bought_together_by_product(conn, ids)
    return {key: _associations(linked.get(key, {}) | {BOUGHT_TOGETHER: bought.get(key, ())}) for key in ids}


def _associations(linked: Mapping[str, tuple[str, ...]]) -> list[Association]:
    return [Association(kind, linked[kind]) for kind in (*KINDS, BOUGHT_TOGETHER) if linked.get(kind)]


async def products_of(conn: ReadConn, keys: Collection[tuple[str, ...]]) -> dict[tuple[str, ...], list[Product]]:
    """The products of each list of codes, as far as they are there, in its order."""
    known = await queries.products_by_code(conn, {code for codes in keys for code in codes})
    return {codes: [known[code] for code in codes if code in known] for codes in keys}


async def components_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Component]]:
    found = await queries.components_by_product(conn, ids)
    return {key: [Component(*one) for one in some] for key, some in found.items()}


async def slugs_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Slug]]:
    found = await queries.slugs_by_product(conn, ids)
    return {key: [Slug(*one) for one in some.items()] for key, some in found.items()}


async def media_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Media]]:
    found = await media_queries.media_by_product(conn, [(locales.ANY, key) for key in ids])
    return {key: some for (_, key), some in found.items()}


async def products_at(conn: ReadConn, keys: Collection[tuple[str, datetime]]) -> dict[tuple[str, datetime], Product]:
    """Each product, by code, as it was at a moment; nothing where it was not there yet."""
    ids = await queries.ids_by_code(conn, {code for code, _ in keys})
    found: dict[tuple[str, datetime], Product] = {}
    for moment in {moment for _, moment in keys}:
        mine = {ids[code]: moment for code, at in keys if at == moment and code in ids}
        for product_id, (revision, state) in (await revisions.states_at(conn, mine)).items():
            found[state.code, moment] = await _past(conn, product_id, state, revision)
    return found


async def _past(conn: ReadConn, product_id: uuid.UUID, state: State, revision: revisions.Revision) -> Product:
    family = (await family_queries.families_by_code(conn, [state.family])).get(state.family) if state.family else None
    state = with_axes(state, family)
    kept = {one.sku: one for one in (await queries.variants_by_product(conn, [product_id])).get(product_id, ())}
    values_of = await _values(conn, {product_id: state.content} | {one.id: state.variants[sku].content
        for sku, one in kept.items() if sku in state.variants})  # fmt: skip
    axes = await _axes(
        conn, {one.id: dict(state.variants[sku].axes) for sku, one in kept.items() if sku in state.variants}
    )
    variants = [
        Variant(
            kept[sku].id, product_id, sku, one.gtin, one.content, dict(one.axes), place,
            then=Then(values_of[kept[sku].id], axes[kept[sku].id]),
        )
        for place, (sku, one) in enumerate(state.variants.items())
        if sku in kept
    ]  # fmt: skip
    categories = await category_queries.categories_by_code(conn, state.categories)
    files = await media_queries.media_by_id(conn, state.media)
    then = Then(
        values_of[product_id],
        categories=[categories[code] for code in state.categories if code in categories],
        variants=variants,
        associations=_associations(state.associations),
        components=[Component(*one) for one in state.components],
        media=[files[key] for key in state.media if key in files],
        slugs=[Slug(*one) for one in state.slugs.items()],
    )
    family_id = family.id if family else None
    return Product(product_id, state.code, family_id, state.content, revision.number, revision.at, then=then)


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
