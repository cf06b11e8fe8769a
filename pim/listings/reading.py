"""What the listings of some products are derived from, read at once however many they are."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from kernel.db import ReadConn
from pim.attributes import queries as attribute_queries
from pim.attributes.model import Attribute, Option
from pim.categories import queries as category_queries
from pim.categories.model import Category
from pim.channels import queries as channel_queries
from pim.channels.model import Channel
from pim.entities import naming
from pim.families import queries as family_queries
from pim.families.model import Family
from pim.products import queries as product_queries
from pim.products.model import Content, Product, Variant

from . import exclusions, projecting


@dataclass(frozen=True, slots=True)
class Sources:
    products: Mapping[uuid.UUID, Product]
    variants: Mapping[uuid.UUID, list[Variant]]
    categories: Mapping[uuid.UUID, list[uuid.UUID]]
    lineage: Mapping[uuid.UUID, list[Category]]
    attributes: Mapping[str, Attribute]
    options: Mapping[str, Mapping[str, Option]]
    families: Mapping[uuid.UUID, Family]
    channels: Mapping[uuid.UUID, Channel]
    excluded: Mapping[uuid.UUID, Collection[uuid.UUID]]  # by channel, the variants that it does not offer

    def offered(self, product_id: uuid.UUID, channel: Channel) -> Sequence[Variant]:
        """The variants of a product that the channel offers."""
        variants, excluded = self.variants.get(product_id, ()), self.excluded.get(channel.id)
        return [one for one in variants if one.id not in excluded] if excluded else variants

    def left_out(self, product_id: uuid.UUID, channel: Channel) -> list[uuid.UUID]:
        """The variants of a product that the channel does not offer."""
        variants, excluded = self.variants.get(product_id, ()), self.excluded.get(channel.id)
        return [one.id for one in variants if one.id in excluded] if excluded else []

    def contents(self, product_id: uuid.UUID, channel: Channel) -> list[Content]:
        """What is said on the product and on each of its variants that the channel offers."""
        return [self.products[product_id].content, *(one.content for one in self.offered(product_id, channel))]

    def scopes(self, product_id: uuid.UUID) -> set[str]:
        """The codes of the channels that something is said for in particular."""
        variants = self.variants.get(product_id, ())
        contents = [self.products[product_id].content, *(one.content for one in variants)]
        return {scope for content in contents for scoped in content.values() for scope in scoped}

    def paths(self, product_id: uuid.UUID, channel: Channel) -> list[list[Category]]:
        """The way to each category of the product that is in the channel's tree, from below its root."""
        known = self.categories.get(product_id, ())
        paths = [projecting.in_tree(self.lineage.get(one, []), channel.category_id) for one in known]
        return [path for path in paths if path]

    def name(self, product_id: uuid.UUID, channel: Channel, locale: str) -> str:
        product = self.products[product_id]
        family = self.families.get(product.family_id) if product.family_id else None
        label = family.label_attribute if family else None
        return projecting.name(product.content, label, channel, locale, product.code)

    @property
    def searchable(self) -> list[Attribute]:
        return [one for one in self.attributes.values() if one.searchable and one.type not in projecting.UNSAID]


async def sources(conn: ReadConn, product_ids: Sequence[uuid.UUID]) -> Sources:
    categories = await product_queries.categories_by_product(conn, product_ids)
    attributes = await attribute_queries.all_attributes(conn)
    products = await product_queries.products_by_id(conn, product_ids)
    variants = await product_queries.variants_by_product(conn, product_ids)
    searched = {code: one for code, one in attributes.items() if one.searchable and one.type == "REFERENCE"}
    contents = [one.content for one in products.values()]
    contents += [one.content for found in variants.values() for one in found]
    selects = [code for code, one in attributes.items() if one.searchable and one.type in ("SELECT", "MULTI_SELECT")]
    return Sources(
        products,
        variants,
        categories,
        await category_queries.ancestors(conn, {one for found in categories.values() for one in found}),
        attributes,
        await attribute_queries.options_by_attribute(conn, selects) | await naming.names(conn, searched, contents),
        {one.id: one for one in await family_queries.all_families(conn)},
        {one.id: one for one in await channel_queries.all_channels(conn)},
        await exclusions.by_channel(conn, [one.id for found in variants.values() for one in found]),
    )
