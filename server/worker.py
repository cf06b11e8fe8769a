"""The worker: runs jobs and queues those whose time has come, on every node."""

import asyncio
import functools
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer import PgQueuer
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job as Queued
from pgqueuer.models import Schedule

from kernel import jobs, tasks
from kernel.db import Database

log = structlog.get_logger()

AT_ONCE = 4  # jobs that one node runs side by side
DEAD_AFTER = timedelta(seconds=6)  # without a sign of life, another node takes the job of this one over
LOOK_EVERY = timedelta(seconds=2)


class Worker:
    """Runs the given kinds of jobs until it is cancelled.

    The jobs of a node that died are begun again within seconds. A task whose job was lost, because a node was stopped
    in the middle of it, is queued again.
    """

    def __init__(self, db: Database, kinds: Sequence[jobs.Job]) -> None:
        self.db = db
        self.kinds = kinds
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Run jobs until the connection is lost."""
        self._stopping = False
        conn = await asyncpg.connect(self.db.url.replace("postgresql+asyncpg", "postgresql"))
        try:
            queue = PgQueuer.from_asyncpg_connection(conn)
            for kind in self.kinds:
                queue.entrypoint(kind.name)(functools.partial(self._work, kind))
                if kind.cron:
                    queue.schedule(kind.name, kind.cron, clean_old=True)(functools.partial(self._due, kind))
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._revive())
                parts.create_task(self._leave_when_stopped())
                parts.create_task(
                    queue.run(
                        dequeue_timeout=LOOK_EVERY,
                        batch_size=AT_ONCE // 2,
                        max_concurrent_tasks=AT_ONCE,
                        heartbeat_timeout=DEAD_AFTER,
                    )
                )
        finally:
            await conn.close()

    async def _work(self, kind: jobs.Job, queued: Queued) -> None:
        work = asyncio.ensure_future(kind.work(self.db, jobs.given(queued.payload)))
        self._running.add(work)
        try:
            await work
        except asyncio.CancelledError:
            if self._stopping:
                raise RetryRequested(timedelta(0), "the node stops") from None
            raise
        finally:
            self._running.discard(work)
        log.info("job.done", job=kind.name)

    async def _due(self, kind: jobs.Job, _schedule: Schedule) -> None:
        await self.db.transact(lambda conn: jobs.enqueue(conn, kind, {}, once=kind.name))

    async def _leave_when_stopped(self) -> None:
        """Cancel the work when the worker is: PgQueuer would wait for its end, however far that is."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._stopping = True
            for work in self._running:
                work.cancel()

    async def _revive(self) -> None:
        while True:
            await self.db.transact(lambda conn: tasks.revive(conn, self.kinds))
            await asyncio.sleep(LOOK_EVERY.total_seconds())
