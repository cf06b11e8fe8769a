"""What the things are called that values refer to: records by their labels, files by what they show."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from kernel import ids
from kernel.db import ReadConn
from pim.attributes import scoping
from pim.attributes.model import Attribute, Option
from pim.channels import locales
from pim.media import queries as media_queries

from . import queries

Scoped = Mapping[str, Mapping[str, Mapping[str, Any]]]


async def names(
    conn: ReadConn, attributes: Mapping[str, Attribute], contents: Iterable[Scoped]
) -> dict[str, dict[str, Option]]:
    """As if they were options: the records and files that ``contents`` refer to, by attribute and by value."""
    held: dict[str, set[str]] = defaultdict(set)
    kinds = {code: one for code, one in attributes.items() if one.type == "MEDIA" or one.reference_entity}
    for content in contents:
        for code in kinds.keys() & content.keys():
            held[code].update(one for one in scoping.every(content[code]) if isinstance(one, str))
    return await named(conn, {kinds[code]: some for code, some in held.items()}) if held else {}


async def named(conn: ReadConn, held: Mapping[Attribute, Iterable[str]]) -> dict[str, dict[str, Option]]:
    """The same for values that are known already."""
    records = await queries.records_by_code(
        conn, {(one.reference_entity, code) for one, some in held.items() if one.reference_entity for code in some}
    )
    keys = {code: ids.as_uuid(code) for one, some in held.items() if one.type == "MEDIA" for code in some}
    media = await media_queries.media_by_id(conn, {key for key in keys.values() if key}) if keys else {}
    found: dict[str, dict[str, Option]] = {}
    for attribute, some in held.items():
        mine = found.setdefault(attribute.code, {})
        for code in some:
            if record := records.get((attribute.reference_entity or "", code)):
                mine[code] = Option(code, record.labels)
            elif file := media.get(keys.get(code) or uuid.UUID(int=0)):
                mine[code] = Option(code, {locales.ANY: file.url} | file.texts)
    return found
