"""What the outbox costs when something long runs beside it: on buffers read, not on the clock."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import TextClause, text

from kernel import outbox
from kernel.db import Database
from kernel.outbox import emit
from tests.kernel.numbering import Numbering, numbering, serial, told
from tests.make import happened

DEAD = 100_000  # in each lane
FEW = 60  # pages of 8 KiB; the rows moved before fill some 1,500 of the table and as many of its indexes


@pytest.fixture
async def beside_a_snapshot(db: Database) -> AsyncIterator[Numbering]:
    """A hub that has moved many rows, all of which an old snapshot keeps from being cleaned away."""
    number = await numbering(db)
    raw = await asyncpg.connect(db.url.replace("+asyncpg", ""))
    await raw.execute("SET synchronous_commit = off")
    async with serial(db) as old:
        await old.execute(text("SELECT pg_current_xact_id(), count(*) FROM outbox"))
        for bulk in ("false", "true"):
            await raw.execute(f"""
                INSERT INTO outbox (bulk, topic, event, entity, payload)
                SELECT {bulk}, 'STOCK', 'thing.happened', 'Thing:' || g, '{{}}' FROM generate_series(1, {DEAD}) g
            """)
            await number.everything()
        await raw.close()
        yield number
        await old.rollback()


async def pages(db: Database, statement: TextClause, **given: object) -> int:
    """How many pages ``statement`` touches as the sequencer runs it."""
    async with serial(db) as conn:
        await conn.execute(text("SELECT set_config('enable_seqscan', 'off', true)"))
        lines = (await conn.execute(text(f"EXPLAIN (ANALYZE, BUFFERS) {statement.text}"), given)).scalars().all()
        await conn.rollback()
    shown = next(re.findall(r"(?:hit|read)=(\d+)", line) for line in lines if "Buffers:" in line)
    return sum(int(n) for n in shown)


@pytest.mark.parametrize("analyzed", [False, True])
async def test_new_rows_are_found_without_walking_over_moved_ones(
    db: Database, beside_a_snapshot: Numbering, *, analyzed: bool
) -> None:
    number = beside_a_snapshot
    if analyzed:
        async with db.write() as conn:
            await conn.execute(text("ANALYZE outbox"))
    for lane in (number.interactive, number.bulk):
        assert await pages(db, outbox.LOOK, **lane.given()) < FEW
    async with db.write() as conn:
        await emit(conn, happened("1"), happened("new"))
        await emit(conn, happened("2"), bulk=True)
    for lane in (number.interactive, number.bulk):
        new = {"head": 10**9, "day": datetime.now(UTC).date(), "most": 1000}
        assert await pages(db, outbox.LOOK, **lane.given()) < FEW
        assert await pages(db, outbox.MOVE_NEW, **lane.given() | new) < FEW
    assert await number.everything() == [3]
    assert [one.entity for one in await told(db, 2 * DEAD)] == ["Thing:1", "Thing:new", "Thing:2"]
