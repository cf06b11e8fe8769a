"""Following rules that concern more products than one transaction should change."""

import uuid

from kernel import tasks
from kernel.db import Database, WriteConn
from kernel.tasks import Task

from . import following


async def _follow(db: Database, task: Task) -> None:
    channel_id = uuid.UUID(task.given["channel"])

    async def chunk(conn: WriteConn, task: Task) -> Task | None:
        if task.state.get("ended"):
            return None
        changed, last = await following.follow_some(conn, channel_id, task.after)
        state = {"after": str(last) if last else None, "ended": last is None}
        return await tasks.progress(conn, task, done=task.done + changed, state=state)

    await tasks.in_chunks(db, task, chunk)


FOLLOW = tasks.job("assortment.follow", _follow)
