import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select

from kernel import tasks
from kernel.db import ReadConn
from kernel.paging import Order, Page, Window, pages_by_window

from .model import EDIT, UNDO, BulkEdit, BulkProblem
from .tables import bulk_problem

_c = bulk_problem.c
_COLUMNS: tuple[Any, ...] = (_c.number, _c.code, _c.path, _c.message)
_PROBLEMS: Select[Any] = select(*_COLUMNS)
_ORDER = Order("bulk_problem", [_c.number], kinds=[int])


async def bulk_edits_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, BulkEdit]:
    return await tasks.some_by_id(conn, ids, BulkEdit, EDIT, UNDO)


async def problems_by_edit(
    conn: ReadConn, keys: Collection[tuple[uuid.UUID, Window]]
) -> dict[tuple[uuid.UUID, Window], Page[BulkProblem]]:
    """What each edit could not do, in the order in which it was found."""
    return await pages_by_window(conn, _PROBLEMS, _c.task_id, keys, _ORDER, BulkProblem)
