import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, Text, any_, cast, select

from kernel.db import ReadConn, fetch, texts, uuids
from kernel.paging import Order, Page, Window, page, pages_by_window

from .model import Category
from .tables import category

_c = category.c
_PATH = cast(_c.path, Text).label("path")
_COLUMNS: tuple[Any, ...] = (_c.id, _c.code, _c.slug, _c.parent_id, _PATH, _c.labels, _c.position)
_UNSORTED: Select[Any] = select(*_COLUMNS)
_SELECT = _UNSORTED.order_by(_c.path)
_BY_POSITION = Order("category.position", [_c.position, _c.code], kinds=[int, str])


async def categories_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Category]:
    return {one.id: one for one in await fetch(conn, _SELECT.where(_c.id == any_(uuids(ids))), Category)}


async def categories_by_code(conn: ReadConn, codes: Collection[str]) -> dict[str, Category]:
    return {one.code: one for one in await fetch(conn, _SELECT.where(_c.code == any_(texts(codes))), Category)}


async def category_by_slug(conn: ReadConn, slug: str) -> Category | None:
    found = await fetch(conn, _SELECT.where(_c.slug == slug), Category)
    return found[0] if found else None


async def page_of_roots(conn: ReadConn, window: Window) -> Page[Category]:
    return await page(conn, _UNSORTED.where(_c.parent_id.is_(None)), _BY_POSITION, window, Category)


async def pages_below(
    conn: ReadConn, keys: Collection[tuple[uuid.UUID, Window]]
) -> dict[tuple[uuid.UUID, Window], Page[Category]]:
    """A page of what stands directly below each category, by position."""
    return await pages_by_window(conn, _UNSORTED, _c.parent_id, keys, _BY_POSITION, Category)


async def subtree(conn: ReadConn, root_id: uuid.UUID) -> list[Category]:
    """The category and everything below it, each parent before its children."""
    root = select(_c.path).where(_c.id == root_id).scalar_subquery()
    return await fetch(conn, _SELECT.where(_c.path.op("<@")(root)), Category)


async def ancestors(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Category]]:
    """From the root to each category itself."""
    below = category.alias()
    wanted = (
        _SELECT.add_columns(below.c.id.label("of"))
        .join(below, below.c.path.op("<@")(_c.path))
        .where(below.c.id == any_(uuids(ids)))
    )
    found: dict[uuid.UUID, list[Category]] = {}
    for row in (await conn.execute(wanted)).mappings():
        facts = dict(row)
        found.setdefault(facts.pop("of"), []).append(Category(**facts))
    return found
