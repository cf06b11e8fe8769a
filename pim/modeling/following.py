"""Work under way that brings products in line with the model."""

from collections.abc import Collection

from sqlalchemy import text

from kernel import tasks
from kernel.db import ReadConn
from kernel.tasks import Task

from . import fitting, refreshing

Where = tuple[str, str]  # an attribute, family or category, and its code


async def tasks_by_where(conn: ReadConn, keys: Collection[Where]) -> dict[Where, list[Task]]:
    """The tasks that are not done yet, by what was changed, the oldest first."""
    kinds = [fitting.JOB.name, refreshing.JOB.name]
    rows = (await conn.execute(_UNDER_WAY, {"kinds": kinds, "codes": [code for _, code in keys]})).all()
    known = await tasks.tasks_by_id(conn, [row.id for row in rows])
    found: dict[Where, list[Task]] = {}
    for row in rows:
        if (row.kind, row.code) in keys and row.id in known:
            found.setdefault((row.kind, row.code), []).append(known[row.id])
    return found


_UNDER_WAY = text("""
    SELECT t.id, w.key AS kind, w.value AS code
    FROM task t, jsonb_each_text(t.given -> 'where') w
    WHERE t.status IN ('QUEUED', 'RUNNING') AND t.kind = ANY(:kinds) AND w.value = ANY(:codes)
    ORDER BY t.id
""")
