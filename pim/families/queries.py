import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Executable, any_, select

from kernel.db import ReadConn, texts, uuids
from kernel.paging import Order, Page, Window, page
from pim.attributes.tables import attribute

from .model import Family, FamilyAttribute
from .tables import family, family_attribute


async def families_by_code(conn: ReadConn, codes: Collection[str]) -> dict[str, Family]:
    return {one.code: one for one in await _families(conn, _SELECT.where(family.c.code == any_(texts(codes))))}


async def all_families(conn: ReadConn) -> list[Family]:
    return await _families(conn, _SELECT)


async def page_of_families(conn: ReadConn, window: Window) -> Page[Family]:
    """By code."""
    order = Order("family.code", [family.c.code], kinds=[str])
    found = await page(conn, select(family.c.id), order, window, _key)
    known = await families_by_id(conn, found.items)
    return Page([known[one] for one in found.items], found.cursors, found.has_next, found.has_previous)


def _key(*, id: uuid.UUID) -> uuid.UUID:
    return id


async def families_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Family]:
    return {one.id: one for one in await _families(conn, _SELECT.where(family.c.id == any_(uuids(ids))))}


_f, _fa = family.c, family_attribute.c
_named = attribute.alias()
_SELECT = (
    select(
        _f.id,
        _f.code,
        _f.labels,
        _named.c.code.label("label_attribute"),
        attribute.c.code.label("attribute"),
        _fa.level,
        _fa.required_on,
        _fa.axis,
    )
    .select_from(family)
    .outerjoin(_named, _named.c.id == _f.label_attribute_id)
    .outerjoin(family_attribute, _fa.family_id == _f.id)
    .outerjoin(attribute, attribute.c.id == _fa.attribute_id)
    .order_by(_f.code, _fa.position, attribute.c.code)
)


async def _families(conn: ReadConn, wanted: Executable) -> list[Family]:
    rows: dict[uuid.UUID, list[Any]] = {}
    for row in await conn.execute(wanted):
        rows.setdefault(row.id, []).append(row)
    return [
        Family(
            first.id,
            first.code,
            first.labels,
            first.label_attribute,
            tuple(FamilyAttribute(r.attribute, r.level, tuple(r.required_on)) for r in [first, *rest] if r.attribute),
            tuple(r.attribute for r in sorted((r for r in [first, *rest] if r.axis is not None), key=lambda r: r.axis)),
        )
        for first, *rest in rows.values()
    ]
