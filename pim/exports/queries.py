import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from kernel import tasks
from kernel.db import ReadConn

from .model import KIND, Export


async def exports_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Export]:
    return await tasks.some_by_id(conn, ids, Export, KIND)


async def ended(conn: ReadConn, *, since: datetime, until: datetime) -> list[Export]:
    """The exports that ended from ``since`` up to before ``until``."""
    c = tasks.task.c
    wanted = select(c.id).where(c.kind == KIND, c.finished_at >= since, c.finished_at < until)
    return list((await exports_by_id(conn, list((await conn.execute(wanted)).scalars()))).values())
