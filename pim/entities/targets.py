"""What values may refer to, looked up for many at once: records, products and files."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import text

from kernel.db import ReadConn
from pim.attributes.model import Attribute, Option
from pim.media import references

from . import queries

Options = Mapping[str, Mapping[str, Any]]
PRODUCT = "product"


async def there(
    conn: ReadConn,
    attributes: Mapping[str, Attribute],
    given: Iterable[tuple[str, Any]],
    *,
    new: Mapping[str, Collection[str]] | None = None,
) -> dict[str, dict[str, Any]]:
    """As if they were options: by attribute, which of the things that the ``given`` (attribute, value) name there are.

    ``new`` are those just being made, by entity (``product`` for products). One statement for each kind of thing.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    pointing = {code for code, one in attributes.items() if one.type in ("REFERENCE", "MEDIA")}
    for code, value in given:
        if code in pointing and isinstance(value, str) and "\0" not in value:
            wanted[code].add(value)
    if not wanted:
        return {}
    kinds = {code: attributes[code].reference_entity or PRODUCT for code in wanted}
    media = {code for code in wanted if attributes[code].type == "MEDIA"}
    records = await queries.records_by_code(
        conn, {(kinds[code], one) for code, some in wanted.items() if kinds[code] != PRODUCT for one in some}
    )
    products = {one for code, some in wanted.items() if kinds[code] == PRODUCT and code not in media for one in some}
    known = set((await conn.execute(_PRODUCTS, {"codes": list(products)})).scalars()) if products else set[str]()
    files = await references.files_by_reference(conn, {one for code in media for one in wanted[code]}) if media else {}
    found: dict[str, dict[str, Any]] = {}
    for code, some in wanted.items():
        fresh = (new or {}).get(kinds[code], ())
        if code in media:
            found[code] = {one: files[one] for one in some if one in files}
        elif kinds[code] == PRODUCT:
            found[code] = {one: Option(one, {}) for one in some if one in known or one in fresh}
        else:
            labels = {one: records[kinds[code], one].labels for one in some if (kinds[code], one) in records}
            found[code] = {one: Option(one, labels.get(one, {})) for one in some if one in labels or one in fresh}
    return found


_PRODUCTS = text("SELECT code FROM product WHERE code = ANY(:codes)")
