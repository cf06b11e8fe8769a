"""Bringing listings into line with a change of the model or of a tree: few at once, many by a task."""

from collections.abc import Mapping

from kernel import tasks
from kernel.db import Database, WriteConn
from kernel.tasks import Task
from pim.catalog import operations as catalog_operations

from . import queries

AT_ONCE = 200


async def refresh(conn: WriteConn, where: Mapping[str, str], *, actor: str, listings: bool = True) -> Task | None:
    """Bring what is derived from the products ``where`` in line, as ``catalog.operations.refresh`` does.

    ``where`` names an ``attribute``, ``family`` or ``category`` by its code. Where many are touched this is a task,
    returned.
    """
    touched = await queries.touched(conn, where, most=AT_ONCE + 1)
    if len(touched) > AT_ONCE:
        return await tasks.start(conn, JOB, actor=actor, given={"where": dict(where), "listings": listings})
    await catalog_operations.refresh(conn, touched, listings=listings)
    return None


async def work(db: Database, task: Task) -> None:
    """Do the same chunk by chunk, in the order of the products' ids."""

    async def chunk(conn: WriteConn, task: Task) -> Task | None:
        page = await queries.touched(conn, task.given["where"], after=task.after or queries.NOTHING, most=AT_ONCE)
        if not page:
            return None
        await catalog_operations.refresh(conn, page, listings=task.given["listings"], bulk=True)
        return await tasks.progress(conn, task, done=task.done + len(page), state={"after": str(page[-1])})

    await tasks.in_chunks(db, task, chunk)


JOB = tasks.job("model.refresh", work)
