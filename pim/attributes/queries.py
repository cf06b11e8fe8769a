import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, any_, select, text

from kernel.db import ReadConn, fetch, mentions, texts, uuids
from kernel.paging import Order, Page, Window, page

from .model import Attribute, Group, Option
from .tables import attribute, attribute_group, attribute_option

_ATTRIBUTES = select(attribute).order_by(attribute.c.position, attribute.c.code)


async def attributes_by_code(conn: ReadConn, codes: Collection[str]) -> dict[str, Attribute]:
    if not codes:
        return {}
    found = await fetch(conn, _ATTRIBUTES.where(attribute.c.code == any_(texts(codes))), Attribute)
    return {one.code: one for one in found}


async def attributes_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Attribute]:
    found = await fetch(conn, _ATTRIBUTES.where(attribute.c.id == any_(uuids(ids))), Attribute)
    return {one.id: one for one in found}


async def all_attributes(conn: ReadConn) -> dict[str, Attribute]:
    return {one.code: one for one in await fetch(conn, _ATTRIBUTES, Attribute)}


async def page_of_attributes(
    conn: ReadConn,
    window: Window,
    *,
    search: str | None = None,
    type: str | None = None,
    group: str | None = None,
) -> Page[Attribute]:
    """By code; ``search`` looks into codes and labels, whatever their case."""
    wanted: Select[Any] = select(attribute)
    if search is not None:
        wanted = wanted.where(mentions(search, attribute.c.code, attribute.c.labels))
    if type is not None:
        wanted = wanted.where(attribute.c.type == type)
    if group is not None:
        wanted = wanted.where(attribute.c.group_code == group)
    return await page(conn, wanted, Order("attribute.code", [attribute.c.code], kinds=[str]), window, Attribute)


async def page_of_groups(conn: ReadConn, window: Window) -> Page[Group]:
    order = Order("attribute_group", [attribute_group.c.position, attribute_group.c.code], kinds=[int, str])
    return await page(conn, select(attribute_group), order, window, Group)


async def groups_by_code(conn: ReadConn, codes: Collection[str]) -> dict[str, Group]:
    wanted = select(attribute_group).where(attribute_group.c.code == any_(texts(codes)))
    return {one.code: one for one in await fetch(conn, wanted, Group)}


async def options_by_attribute(conn: ReadConn, codes: Collection[str]) -> dict[str, dict[str, Option]]:
    """The options of each attribute that has any, by attribute code and option code, in their order."""
    if not codes:
        return {}
    o = attribute_option.c
    wanted = (
        select(attribute.c.code.label("attribute"), o.code, o.labels, o.position)
        .join(attribute, attribute.c.id == o.attribute_id)
        .where(attribute.c.code == any_(texts(codes)))
        .order_by(attribute.c.code, o.position, o.code)
    )
    found: dict[str, dict[str, Option]] = {}
    for code, option, labels, position in await conn.execute(wanted):
        found.setdefault(code, {})[option] = Option(option, labels, position)
    return found


async def is_entity(conn: ReadConn, code: str) -> bool:
    """Whether there is a reference entity with this code, for an attribute to refer to."""
    return bool((await conn.execute(_IS_ENTITY, {"code": code.replace("\0", "")})).scalar_one())


_IS_ENTITY = text("SELECT EXISTS (SELECT FROM reference_entity WHERE code = :code)")
