"""The worker: runs jobs and queues those whose time has come, on every node."""

import functools
from collections.abc import Sequence

import asyncpg
import structlog
from pgqueuer import PgQueuer
from pgqueuer.models import Job as Queued
from pgqueuer.models import Schedule

from kernel import jobs
from kernel.db import Database

log = structlog.get_logger()

AT_ONCE = 4  # jobs that one node runs side by side


class Worker:
    """Runs the given kinds of jobs until it is cancelled."""

    def __init__(self, db: Database, kinds: Sequence[jobs.Job]) -> None:
        self.db = db
        self.kinds = kinds

    async def run(self) -> None:
        """Run jobs until the connection is lost."""
        conn = await asyncpg.connect(self.db.url.replace("postgresql+asyncpg", "postgresql"))
        try:
            queue = PgQueuer.from_asyncpg_connection(conn)
            for kind in self.kinds:
                queue.entrypoint(kind.name)(functools.partial(self._work, kind))
                if kind.cron:
                    queue.schedule(kind.name, kind.cron, clean_old=True)(functools.partial(self._due, kind))
            await queue.run(batch_size=AT_ONCE // 2, max_concurrent_tasks=AT_ONCE)
        finally:
            await conn.close()

    async def _work(self, kind: jobs.Job, queued: Queued) -> None:
        await kind.work(self.db, jobs.given(queued.payload))
        log.info("job.done", job=kind.name)

    async def _due(self, kind: jobs.Job, _schedule: Schedule) -> None:
        await self.db.transact(lambda conn: jobs.enqueue(conn, kind, {}, once=kind.name))
