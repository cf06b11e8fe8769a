"""What products refer to by their values: other products, records of reference entities and files."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from kernel.db import ReadConn
from pim.entities import naming, targets

from .catalogs import Catalog
from .model import Content, ProductInput


async def widened(
    conn: ReadConn, catalog: Catalog, products: Sequence[ProductInput], contents: Iterable[Content]
) -> Catalog:
    """The catalog with what the inputs may refer to, and with what they and ``contents`` are found by."""
    given = [(value.attribute, value.value) for one in products for value in one.values]
    given += [(value.attribute, value.value) for one in products for v in one.variants for value in v.values]
    fresh = {targets.PRODUCT: {one.code for one in products}}
    found = await targets.there(conn, catalog.attributes, given, new=fresh)
    searched = {code: one for code, one in catalog.attributes.items() if one.searchable}
    for code, named in (await naming.names(conn, searched, contents)).items():
        found[code] = named | found.get(code, {})
    return replace(catalog, options={**catalog.options, **found}) if found else catalog
