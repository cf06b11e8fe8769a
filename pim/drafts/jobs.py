"""Applying drafts at their time."""

from collections.abc import Mapping
from typing import Any

from kernel import tasks
from kernel.db import Database
from kernel.jobs import Job
from pim.products.model import Problem

from . import operations, queries


async def _apply(db: Database, _given: Mapping[str, Any]) -> None:
    """One by one, for what nobody thought of in one of them is not to keep the others."""
    while (due := await _next_due(db)) is not None:
        await _apply_one(db, due)


async def _apply_one(db: Database, product: str) -> None:
    try:
        await db.transact(lambda conn: operations.apply_due(conn, product=product))
    except Exception as error:
        if tasks.is_lost(error):
            raise
        problem = Problem("", tasks.logged(error, "draft.failed", product=product))
        await db.transact(lambda conn: operations.fail(conn, product=product, problems=[problem]))


async def _next_due(db: Database) -> str | None:
    async with db.read() as conn:
        return await queries.next_due(conn)


APPLY = Job("draft.apply", _apply)
