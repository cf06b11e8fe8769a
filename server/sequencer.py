"""The sequencer: whichever node holds the lock numbers the changes, and tells what time alone has changed."""

import asyncio
import contextlib
import functools
from datetime import UTC, date, datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel import changes
from kernel.db import RETRIED, Database, WriteConn, sqlstate
from kernel.jobs import enqueue
from kernel.outbox import LOOK, Lane
from oms.offers import operations as offers
from oms.offers.jobs import SETTLE
from pim.catalog import operations as catalog
from pim.drafts import queries as drafts
from pim.drafts.jobs import APPLY

log = structlog.get_logger()

BUSY, IDLE = 0.01, 0.1  # seconds between looks for what other nodes have written; our own commits wake us at once
CALMING = 1.1  # how much longer each look that finds nothing makes the next wait
STANDBY = 0.5  # seconds between attempts to become the leader
TICK = 1.0  # seconds between looks at the clock

LEAD = text("SELECT pg_try_advisory_lock(hashtext('entrepot.sequencer'))")
ALIVE = text("SELECT 1")


class Sequencer:
    """Runs on every node; leads on one of them at a time."""

    def __init__(self, db: Database, *, retention: timedelta) -> None:
        self.db = db
        self.retention = retention
        self.leading = False

    async def run(self) -> None:
        """Wait until this node may lead, then lead until the connection that holds the lock is lost.

        Both connections are the sequencer's own: the lock ends with its session, whatever ends it, and numbering never
        waits for requests to give a connection back.
        """
        async with self.db.alone() as lock, self.db.alone() as conn:
            while not (await lock.execute(LEAD)).scalar_one():  # noqa: ASYNC110 -- the lock is elsewhere
                await asyncio.sleep(STANDBY)
            self.leading = True
            log.info("sequencer.leads")
            try:
                await conn.execution_options(isolation_level="REPEATABLE READ")
                await self._lead(lock, conn)
            finally:
                self.leading = False

    async def _lead(self, lock: WriteConn, conn: WriteConn) -> None:
        interactive, bulk = Lane(bulk=False), Lane(bulk=True)
        kept: date | None = None
        ticked, pause = 0.0, BUSY
        clock = asyncio.get_running_loop().time
        while True:
            today = datetime.now(UTC).date()
            if kept != today:
                await self.db.transact(self._keep_partitions)
                kept = today
            if clock() - ticked >= TICK:
                ticked = clock()
                await lock.execute(ALIVE)
                await self.db.transact(catalog.tick)
                await self._queue(lock)
            self.db.wrote.clear()
            if await self._number(lock, conn, interactive, bulk):
                pause = BUSY
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.db.wrote.wait(), pause)
            pause = min(pause * CALMING, IDLE)

    async def _queue(self, lock: WriteConn) -> None:
        """Have the worker do what there is to do and may wait for others: numbering never does."""
        for is_wanted, job in ((offers.is_unsettled, SETTLE), (drafts.is_due, APPLY)):
            if await is_wanted(lock):
                await self.db.transact(functools.partial(enqueue, job=job, given={}, once=job.name))

    async def _keep_partitions(self, conn: WriteConn) -> None:
        await changes.keep_partitions(conn, datetime.now(UTC).date(), self.retention)

    async def _number(self, lock: WriteConn, conn: WriteConn, interactive: Lane, bulk: Lane) -> int:
        """Number a batch if there is one; returns how many."""
        if bulk.window is None and interactive.window is None and not await _anything_new(lock, interactive, bulk):
            return 0
        try:
            async with conn.begin():
                return await changes.number(conn, interactive, bulk)
        except DBAPIError as error:
            if sqlstate(error) not in RETRIED:
                raise
            interactive.forget()
            bulk.forget()
            return 0


async def _anything_new(conn: WriteConn, *lanes: Lane) -> bool:
    found = False
    for lane in lanes:
        snapshot, new = (await conn.execute(LOOK, lane.given())).one()
        if new:
            found = True
        else:
            lane.drained(snapshot)
    return found
