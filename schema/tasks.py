import uuid
from datetime import datetime
from typing import Any

import strawberry

from kernel import tasks as work
from kernel.db import WriteConn
from kernel.errors import NotFound
from kernel.ids import as_uuid, decode
from kernel.paging import Window
from kernel.principals import Principal

from .access import Permission
from .context import Info
from .enums import JobStatus
from .fields import field, mirrors, mutation
from .nodes import SOURCES, Node, Source, node_id
from .paging import Connection, connection


@strawberry.type(description="Long work that somebody asked for.")
@mirrors(work.Task, exactly=True)
class Task(Node):
    id = node_id("Task")
    kind: str
    status: JobStatus
    actor: str
    done: int
    total: int | None = strawberry.field(description="Null until it is known.")
    problem: str | None = strawberry.field(description="Why it failed.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


SOURCES["Task"] = Source(work.tasks_by_id, Permission.CATALOG_READ)


@field(Connection[Task], needs=Permission.CATALOG_READ, description="Long work, the newest first.")
async def tasks(
    _caller: Principal,
    info: Info,
    window: Window,
    kinds: list[str] | None = None,
) -> Any:
    async with info.context.db.read() as conn:
        return connection(await work.page_of_tasks(conn, window, work.Task, *(kinds or ())))


@strawberry.input
class CancelTaskInput:
    idempotency_key: str
    id: strawberry.ID = strawberry.field(description="The id of a task, an import or any other long work.")


@mutation(
    Task,
    needs=Permission.CATALOG_WRITE,
    description="Stop long work between two steps; what is done stays done. What has ended stays as it is.",
)
async def cancel_task(conn: WriteConn, _caller: Principal, input: CancelTaskInput) -> work.Task:
    return await work.cancel(conn, key_of(input.id))


def key_of(id: str) -> uuid.UUID:
    """The task that a global id stands for, of whatever type it is. Raises InvalidInput and NotFound."""
    _, key = decode(id)
    found = as_uuid(key)
    if found is None:
        raise NotFound("task", id[:100])
    return found
