import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from obstore.store import MemoryStore
from sqlalchemy import func, select, text, update

from kernel import idempotency, jobs
from kernel.db import Database
from kernel.files import Files
from kernel.jobs import Job
from pim.media.store import Store
from server import upkeep
from server.settings import Settings
from server.worker import Worker


@asynccontextmanager
async def working(db: Database, *kinds: Job) -> AsyncIterator[None]:
    task = asyncio.create_task(Worker(db, kinds).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_job_runs_with_what_it_was_given_once_its_transaction_commits(db: Database) -> None:
    done: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    async def work(_db: Database, given: Mapping[str, Any]) -> None:
        await done.put(given)

    kind = Job("greet", work)
    async with working(db, kind):
        async with db.write() as conn:
            await jobs.enqueue(conn, kind, {"name": "Мир"})
        assert await asyncio.wait_for(done.get(), 20) == {"name": "Мир"}


async def test_a_job_of_a_transaction_that_rolls_back_was_never_queued(db: Database) -> None:
    async with db.writer.connect() as raw:
        transaction = await raw.begin()
        await jobs.enqueue(raw, Job("greet", upkeep_nothing), {})  # type: ignore[arg-type]  # a bare connection
        await transaction.rollback()
    async with db.read() as conn:
        assert (await conn.execute(text("SELECT count(*) FROM pgqueuer"))).scalar_one() == 0


async def upkeep_nothing(_db: Database, _given: Mapping[str, Any]) -> None:
    return


async def test_a_job_that_waits_is_not_queued_again_under_the_same_key(db: Database) -> None:
    kind = Job("recount", upkeep_nothing)
    async with db.write() as conn:
        for _ in range(3):
            await jobs.enqueue(conn, kind, {}, once="recount all")
    async with db.read() as reader:
        assert (await reader.execute(text("SELECT count(*) FROM pgqueuer"))).scalar_one() == 1


async def test_old_idempotency_keys_are_forgotten_and_young_ones_kept(db: Database) -> None:
    table = idempotency.idempotency
    async with db.write() as conn:
        for key in ("old", "young"):
            await idempotency.claim(conn, principal_id=_ID, mutation="adjust_stock", key=key, input={})
        eight_days_ago = datetime.now(UTC) - timedelta(days=8)
        await conn.execute(update(table).where(table.c.key == "old").values(at=eight_days_ago))
    (forget,) = [
        kind for kind in upkeep.kinds(Settings(), Store(Files(MemoryStore()))) if kind.name == "idempotency.forget"
    ]
    await forget.work(db, {})
    async with db.read() as reader:
        kept = (await reader.execute(select(table.c.key))).scalars().all()
        assert kept == ["young"]
        assert (await reader.execute(select(func.count()).select_from(table))).scalar_one() == 1


_ID = uuid.UUID(int=7)
