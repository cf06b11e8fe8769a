import uuid
from datetime import datetime

import strawberry

from kernel import tasks
from kernel.db import WriteConn
from kernel.errors import NotFound
from kernel.ids import as_uuid, decode
from kernel.principals import Principal

from .access import Permission
from .enums import JobStatus
from .fields import mirrors, mutation
from .nodes import SOURCES, Node, Source, node_id


@strawberry.type(description="Long work that somebody asked for.")
@mirrors(tasks.Task)
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


Task.is_type_of = staticmethod(lambda obj, _info: type(obj) in (tasks.Task, Task))  # type: ignore[attr-defined]
SOURCES["Task"] = Source(tasks.tasks_by_id, Permission.CATALOG_READ)


@strawberry.input
class CancelTaskInput:
    idempotency_key: str
    id: strawberry.ID = strawberry.field(description="The id of a task, an import or any other long work.")


@mutation(
    Task,
    needs=Permission.CATALOG_WRITE,
    description="Stop long work between two steps; what is done stays done. What has ended stays as it is.",
)
async def cancel_task(conn: WriteConn, _caller: Principal, input: CancelTaskInput) -> tasks.Task:
    return await tasks.cancel(conn, key_of(input.id))


def key_of(id: str) -> uuid.UUID:
    """The task that a global id stands for, of whatever type it is. Raises InvalidInput and NotFound."""
    _, key = decode(id)
    found = as_uuid(key)
    if found is None:
        raise NotFound("task", id[:100])
    return found
