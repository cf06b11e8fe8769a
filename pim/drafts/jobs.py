"""Applying drafts at their time."""

import uuid
from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from kernel.db import Database
from kernel.jobs import Job
from pim.products.model import Problem

from . import operations, queries

log = structlog.get_logger()

AT_ONCE = 50


async def _apply(db: Database, _given: Mapping[str, Any]) -> None:
    most = AT_ONCE
    while True:
        try:
            if not await db.transact(lambda conn, most=most: operations.apply_due(conn, most=most)):  # type: ignore[misc]
                return
        except Exception as error:
            if isinstance(error, OSError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
                raise
            if most == 1:
                await _give_up(db, error)
            most = 1  # one of them is what nobody thought of: the others are not to suffer


async def _give_up(db: Database, error: Exception) -> None:
    reference = uuid.uuid4().hex[:12]
    log.error("draft.failed", reference=reference, exc_info=error)
    problem = Problem("", f"something went wrong here, and was logged as {reference}")
    async with db.read() as conn:
        due = await queries.next_due(conn)
    if due is not None:
        await db.transact(lambda conn: operations.fail(conn, due, [problem]))


APPLY = Job("draft.apply", _apply)
