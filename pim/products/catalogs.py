"""What products are made of: read once, and handed to whoever lays inputs over products."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kernel.db import ReadConn
from pim.attributes import queries as attribute_queries
from pim.attributes.model import Attribute
from pim.categories import queries as category_queries
from pim.channels import queries as channel_queries
from pim.channels.model import Channel
from pim.families import queries as family_queries
from pim.families.model import Family

SELECTS = ("SELECT", "MULTI_SELECT")


@dataclass(frozen=True)
class Catalog:
    """Attributes, families and channels, and as far as they were asked for, options and categories."""

    attributes: Mapping[str, Attribute]
    options: Mapping[str, Mapping[str, Any]]
    families: Mapping[str, Family]
    categories: Mapping[str, Any]
    channels: Mapping[str, Channel]

    @cached_property
    def levels(self) -> Mapping[str, Mapping[str, str]]:
        """Where each attribute of each family lives."""
        return {code: {a.attribute: a.level for a in one.attributes} for code, one in self.families.items()}

    @cached_property
    def unique(self) -> list[Attribute]:
        return [one for one in self.attributes.values() if one.is_unique]

    @cached_property
    def searchable(self) -> list[Attribute]:
        return [one for one in self.attributes.values() if one.searchable]


async def read(conn: ReadConn, *, categories: Collection[str], selects: Collection[str] | None = None) -> Catalog:
    """The catalog with these categories, and the options of these select attributes; None stands for all of them."""
    attributes = await attribute_queries.all_attributes(conn)
    wanted = [code for code in (attributes if selects is None else selects) if _has_options(attributes.get(code))]
    return Catalog(
        attributes,
        await attribute_queries.options_by_attribute(conn, wanted),
        {one.code: one for one in await family_queries.all_families(conn)},
        await category_queries.categories_by_code(conn, categories),
        {one.code: one for one in await channel_queries.all_channels(conn)},
    )


def _has_options(attribute: Attribute | None) -> bool:
    return attribute is not None and attribute.type in SELECTS
