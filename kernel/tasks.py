"""Tasks: long work that somebody asked for, done in chunks, whose progress can be watched and which can be stopped.

A task is a row; the job that does it only carries the row's id. Each chunk of the work stores its progress in its own
transaction, so that a task whose process died goes on where it was and does nothing twice. Whoever works on a task
holds a lock on it, and every beginning has a number: one that was overtaken cannot store progress any more.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    Named,
    Table,
    Text,
    TypedColumns,
    Uuid,
    any_,
    false,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import DBAPIError

from kernel.db import Database, ReadConn, WriteConn, fetch, metadata, texts, to_json, uuids
from kernel.errors import DomainError, NotFound
from kernel.jobs import Job, enqueue
from kernel.paging import Order, Page, Window, page

log = structlog.get_logger()

QUEUED, RUNNING, DONE, FAILED, CANCELLED = STATUSES = ("QUEUED", "RUNNING", "DONE", "FAILED", "CANCELLED")
BEGINNINGS = 5  # how often a task is begun without getting any further before it is given up
POLL_SECONDS = 0.5


class _Task(TypedColumns):
    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    kind: Named[str] = Column(Text)
    status: Named[str] = Column(Text, server_default=QUEUED)
    actor: Named[str] = Column(Text)
    given: Named[dict[str, Any]] = Column(JSONB)
    done: Named[int] = Column(Integer, server_default="0")
    total: Named[int | None] = Column(Integer, nullable=True)
    counts: Named[dict[str, int]] = Column(JSONB, server_default="{}")
    state: Named[dict[str, Any]] = Column(JSONB, server_default="{}")
    result: Named[Any | None] = Column(JSONB, nullable=True)
    problem: Named[str | None] = Column(Text, nullable=True)
    cancelling: Named[bool] = Column(Boolean, server_default=false())
    beginning: Named[int] = Column(Integer, server_default="0")
    stuck: Named[int] = Column(Integer, server_default="0")
    created_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())
    started_at: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)
    finished_at: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)


task = Table(
    "task",
    metadata,
    _Task,
    CheckConstraint("status IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')", name="status"),
    Index("ix_task_unfinished", "id", postgresql_where=text("status IN ('QUEUED', 'RUNNING')")),
    Index("ix_task_kind_id", "kind", "id"),
)
_c = task.c


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands. ``given`` is what it was asked with, ``state`` where its work got to.

    ``done`` of ``total`` is counted in what the kind of task works on; ``total`` is None while it is not known.
    """

    id: uuid.UUID
    kind: str
    status: str
    actor: str
    given: Mapping[str, Any]
    done: int
    total: int | None
    counts: Mapping[str, int]
    state: Mapping[str, Any]
    result: Any
    problem: str | None
    cancelling: bool
    beginning: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def after(self) -> uuid.UUID | None:
        """Behind which id the work goes on, where it walks over things in the order of their ids."""
        kept = self.state.get("after")
        return uuid.UUID(kept) if kept else None


T = TypeVar("T", bound=Task)
Work = Callable[[Database, Task], Awaitable[Any]]
"""Does what is left of a task, in chunks that call ``progress``; returns the result, something that JSON can hold.

What it raises as a DomainError is the task's problem, told to whoever asked for it.
"""


class Stopped(Exception):
    """The task was cancelled, or is done by somebody else by now: leave it, with this chunk rolled back."""


_COLUMNS = [_c[name] for name in Task.__dataclass_fields__]
_SELECT = select(*_COLUMNS)
_NEWEST = Order("task.newest", [_c.id], descending=True, kinds=[uuid.UUID])


def job(kind: str, work: Work) -> Job:
    """The job that does tasks of a kind; to be listed among those that a node runs."""

    async def do(db: Database, given: Mapping[str, Any]) -> None:
        await run(db, uuid.UUID(given["task"]), work)

    return Job(kind, do)


async def start(
    conn: WriteConn,
    job: Job | str,
    *,
    actor: str,
    given: Mapping[str, Any],
    total: int | None = None,
    queued: bool = True,
) -> Task:
    """Ask for a task, which begins once this transaction has committed.

    Where it is not ``queued``, whoever calls is about to ``run`` it, and a node does so if they fail to.
    """
    row = {"kind": job if isinstance(job, str) else job.name, "actor": actor, "given": dict(given), "total": total}
    made = await conn.execute(insert(task).values(row).returning(*_COLUMNS))
    started = Task(**made.mappings().one())
    if queued:
        await enqueue(conn, job, {"task": str(started.id)}, once=_once(started.id))
    return started


async def expect(conn: WriteConn, task: Task, *, total: int) -> Task:
    """Say how much there is to do, in the transaction that asked for it; returns the task as it now stands."""
    return Task(**(await conn.execute(_EXPECT, {"id": task.id, "total": total})).mappings().one())


async def tasks_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Task]:
    return await some_by_id(conn, ids, Task)


async def some_by_id(conn: ReadConn, ids: Collection[uuid.UUID], into: type[T], *kinds: str) -> dict[uuid.UUID, T]:
    """Tasks of these kinds as ``into``, the Task of the slice that they belong to; of all kinds where none is named."""
    wanted = _SELECT.where(_c.id == any_(uuids(ids)))
    if kinds:
        wanted = wanted.where(_c.kind == any_(texts(kinds)))
    return {one.id: one for one in await fetch(conn, wanted, into)}


async def page_of_tasks(conn: ReadConn, window: Window, into: type[T], *kinds: str) -> Page[T]:
    """Tasks of these kinds as ``into``, the newest first; of all kinds where none is named."""
    wanted = _SELECT.where(_c.kind == any_(texts(kinds))) if kinds else _SELECT
    return await page(conn, wanted, _NEWEST, window, into)


async def progress(
    conn: WriteConn,
    task: Task,
    *,
    done: int,
    total: int | None = None,
    counts: Mapping[str, int] | None = None,
    state: Mapping[str, Any] | None = None,
) -> Task:
    """Store how far ``task`` is, in the transaction of the chunk that got it there; returns it as it now stands.

    All numbers are those of the whole task so far; None and counts that are not named stay as they are. Only with a
    ``state`` does a task that is begun again go on from here, and so has got any further. To be called last, for it
    locks the task. Raises Stopped.
    """
    told = {"id": task.id, "beginning": task.beginning, "done": done, "total": total}
    told |= {"counts": to_json(counts or {}), "state": None if state is None else to_json(state)}
    row = (await conn.execute(_PROGRESS, told)).mappings().first()
    if row is None:
        raise Stopped
    return Task(**row)


async def in_chunks(db: Database, task: Task, chunk: Callable[[WriteConn, Task], Awaitable[Task | None]]) -> None:
    """Do one ``chunk`` after the other, each in a transaction of its own, until one finds nothing left to do.

    A chunk is given the task as the one before left it, and returns what ``progress`` returned; None ends the work. It
    may be begun again, as ``Database.transact`` says.
    """
    further: Task | None = task
    while further is not None:
        before = further
        further = await db.transact(lambda conn: chunk(conn, before))  # noqa: B023 -- awaited at once


async def cancel(conn: WriteConn, id: uuid.UUID) -> Task:
    """Stop a task between two chunks, or before it begins; one that has ended stays as it is. Raises NotFound."""
    row = (await conn.execute(_CANCEL, {"id": id})).mappings().first()
    if row is None:
        known = await tasks_by_id(conn, [id])
        if id not in known:
            raise NotFound("task", str(id))
        return known[id]
    return Task(**row)


async def finish(conn: WriteConn, task: Task, *, result: Any = None) -> None:
    """Everything is done."""
    await _end(conn, task, DONE, result=result)


async def fail(conn: WriteConn, task: Task, *, problem: str) -> None:
    """It cannot be done; ``problem`` tells whoever asked for it why."""
    await _end(conn, task, FAILED, problem=problem)


async def run(db: Database, id: uuid.UUID, work: Work) -> None:
    """Do what is left of a task, unless it has ended; where another process is at it, wait until that one leaves it.

    A lost connection is raised and leaves the task to be begun again; any other failure ends it.
    """
    async with _held(db, id):
        begun = await db.transact(lambda conn: _begin(conn, id))
        if begun is None:
            return
        try:
            result = await work(db, begun)
        except Stopped:
            await db.transact(lambda conn: _stop(conn, begun))
        except DomainError as refused:
            problem = str(refused)
            await db.transact(lambda conn: fail(conn, begun, problem=problem))
        except Exception as error:
            if is_lost(error):
                raise
            problem = logged(error, "task.failed", kind=begun.kind, task=str(id))
            await db.transact(lambda conn: fail(conn, begun, problem=problem))
        else:
            await db.transact(lambda conn: finish(conn, begun, result=result))


async def revive(conn: WriteConn, kinds: Sequence[Job]) -> int:
    """Queue the unfinished tasks of these kinds that no job stands for and nobody works on; returns how many."""
    by_name = {kind.name: kind for kind in kinds}
    lost = (await conn.execute(_LOST, {"kinds": list(by_name)})).all()
    for row in lost:
        await enqueue(conn, by_name[row.kind], {"task": str(row.id)}, once=_once(row.id))
    return len(lost)


async def forget(conn: WriteConn, *, before: datetime, most: int) -> int:
    """Drop up to ``most`` tasks that ended ``before``, with all that was kept of them; returns how many."""
    return (await conn.execute(_FORGET, {"before": before, "most": most})).rowcount


def _once(id: uuid.UUID) -> str:
    return f"task:{id}"


def is_lost(error: Exception) -> bool:
    """Whether the database went away, rather than said no."""
    return isinstance(error, OSError) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def logged(error: Exception, event: str, **facts: str) -> str:
    """Log what nobody thought of; returns what to tell of it, with the reference by which it is found in the log."""
    reference = uuid.uuid4().hex[:12]
    log.error(event, reference=reference, exc_info=error, **facts)
    return f"something went wrong here, and was logged as {reference}"


@asynccontextmanager
async def _held(db: Database, id: uuid.UUID) -> AsyncIterator[None]:
    """A lock on the task that ends with this process's session, however the process ends."""
    async with db.alone() as conn:
        while not (await conn.execute(_TRY_LOCK, {"id": str(id)})).scalar_one():  # noqa: ASYNC110 -- in another process
            await asyncio.sleep(POLL_SECONDS)
        yield


async def _begin(conn: WriteConn, id: uuid.UUID) -> Task | None:
    row = (await conn.execute(_BEGIN, {"id": id, "most": BEGINNINGS})).mappings().first()
    return Task(**row) if row is not None and row["status"] == RUNNING else None


async def _stop(conn: WriteConn, stopped: Task) -> None:
    await conn.execute(_STOP, {"id": stopped.id, "beginning": stopped.beginning})


async def _end(conn: WriteConn, ended: Task, status: str, *, result: Any = None, problem: str | None = None) -> None:
    told = {"id": ended.id, "beginning": ended.beginning, "status": status, "problem": problem}
    await conn.execute(_END, told | {"result": None if result is None else to_json(result)})


_RETURNING = ", ".join(column.name for column in _COLUMNS)
_MINE = "id = :id AND beginning = :beginning AND status = 'RUNNING'"
_PROGRESS = text(f"""
    UPDATE task SET done = :done, total = coalesce(CAST(:total AS int), total),
        counts = counts || CAST(:counts AS jsonb), state = coalesce(CAST(:state AS jsonb), state),
        stuck = CASE WHEN CAST(:state AS jsonb) IS NULL THEN stuck ELSE 0 END
    WHERE {_MINE} AND NOT cancelling RETURNING {_RETURNING}
""")
_EXPECT = text(f"UPDATE task SET total = :total WHERE id = :id RETURNING {_RETURNING}")
_CANCEL = text(f"""
    UPDATE task SET cancelling = true,
        status = CASE status WHEN 'QUEUED' THEN 'CANCELLED' ELSE status END,
        finished_at = CASE status WHEN 'QUEUED' THEN now() END
    WHERE id = :id AND status IN ('QUEUED', 'RUNNING') RETURNING {_RETURNING}
""")
_BEGIN = text(f"""
    UPDATE task SET beginning = beginning + 1, stuck = stuck + 1, started_at = coalesce(started_at, now()),
        status = CASE WHEN cancelling THEN 'CANCELLED' WHEN stuck >= :most THEN 'FAILED' ELSE 'RUNNING' END,
        problem = CASE WHEN stuck >= :most AND NOT cancelling THEN
            'was begun ' || stuck || ' times and never got on' END,
        finished_at = CASE WHEN cancelling OR stuck >= :most THEN now() END
    WHERE id = :id AND status IN ('QUEUED', 'RUNNING') RETURNING {_RETURNING}
""")
_STOP = text(f"""
    UPDATE task SET status = 'CANCELLED', finished_at = clock_timestamp() WHERE {_MINE} AND cancelling
""")
_END = text(f"""
    UPDATE task SET status = :status, problem = :problem, result = CAST(:result AS jsonb),
        finished_at = clock_timestamp()
    WHERE {_MINE}
""")
_FORGET = text("""
    DELETE FROM task WHERE id = ANY(ARRAY(SELECT id FROM task WHERE finished_at < :before ORDER BY id LIMIT :most))
""")
_CLASS = 7365  # what tells our locks on tasks from other advisory locks
_TRY_LOCK = text(f"SELECT pg_try_advisory_lock({_CLASS}, hashtext(:id))")
_LOST = text(f"""
    SELECT t.id, t.kind FROM task t
    WHERE t.status IN ('QUEUED', 'RUNNING') AND t.kind = ANY(:kinds) AND t.created_at < now() - interval '2 s'
        AND NOT EXISTS (
            SELECT FROM pgqueuer q WHERE q.dedupe_key = 'task:' || t.id AND q.status IN ('queued', 'picked')
        ) AND NOT EXISTS (
            SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = {_CLASS} AND l.objsubid = 2
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND CAST(l.objid AS bigint) = CAST(hashtext(CAST(t.id AS text)) AS bigint) & 4294967295
        )
    ORDER BY t.id LIMIT 100
""")
