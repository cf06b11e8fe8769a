import uuid
from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import Select, any_, select

from kernel import tasks
from kernel.db import ReadConn, fetch, texts
from kernel.paging import Order, Page, Window, page, pages_by_window

from .model import JOB, Import, KeptProblem, SavedMapping
from .tables import import_mapping, import_problem

_p, _m = import_problem.c, import_mapping.c
_PROBLEMS = cast("Select[Any]", select(_p.task_id, _p.line, _p.column, _p.code, _p.message))
_BY_LINE = Order("import_problem.line", [_p.line, _p.id], kinds=[int, int])
_MAPPINGS = select(_m.name, _m.kind, _m.document, _m.saved_by)


async def imports_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Import]:
    return await tasks.some_by_id(conn, ids, Import, JOB)


async def page_of_imports(conn: ReadConn, window: Window) -> Page[Import]:
    """The newest first."""
    return await tasks.page_of_tasks(conn, window, Import, JOB)


async def problems(
    conn: ReadConn, keys: Collection[tuple[uuid.UUID, Window]]
) -> dict[tuple[uuid.UUID, Window], Page[KeptProblem]]:
    """A page of each import's problems, by line."""
    return await pages_by_window(conn, _PROBLEMS, _p.task_id, keys, _BY_LINE, KeptProblem)


async def mappings_by_name(conn: ReadConn, names: Collection[str]) -> dict[str, SavedMapping]:
    return {one.name: one for one in await fetch(conn, _MAPPINGS.where(_m.name == any_(texts(names))), SavedMapping)}


async def page_of_mappings(conn: ReadConn, window: Window) -> Page[SavedMapping]:
    return await page(conn, _MAPPINGS, Order("import_mapping.name", [_m.name], kinds=[str]), window, SavedMapping)
