"""The numbering of changes: how fast a bulk of 100,000 gets its numbers, and what else has to wait for it meanwhile.

Its physical limit is one statement that moves all rows at once from the outbox to the log; interactive changes are
measured beside the delay they have without the bulk.
"""

import asyncio
import time

import asyncpg

from bench import running
from bench.figures import Figure
from bench.running import Shop
from bench.workload import Bench
from bench.workloads import stock_changed

NAME = "sequencer"
BULK = 100_000
RATE = 20.0
FILL = """
    INSERT INTO outbox (bulk, topic, event, entity, payload)
    SELECT true, 'PRODUCT', 'product.changed', 'Product:' || gen_random_uuid(),
        jsonb_build_object('code', 'bench-' || n, 'revision', n, 'skus', jsonb_build_array('B-' || n, 'C-' || n))
    FROM generate_series(1, $1::int) n
"""
MOVE = """
    WITH taken AS (DELETE FROM outbox WHERE bulk RETURNING *)
    INSERT INTO change (position, day, topic, event, entity, channel, location, payload, at)
    SELECT 1000000000 + row_number() OVER (ORDER BY id), (now() AT TIME ZONE 'UTC')::date, topic, event, entity,
        channel, location, payload, at
    FROM taken
"""


def run(bench: Bench) -> None:
    of = bench.shops[-1]
    with running.hub(of) as hub:
        alone = stock_changed.watch(of, hub, subscribers=1, rate=RATE, seconds=bench.seconds)
        with stock_changed.watching(of, hub, subscribers=1, rate=RATE, seconds=bench.seconds) as process:
            time.sleep(2)
            seconds = asyncio.run(_moved(of))
            beside = stock_changed.heard(process)
    limit = asyncio.run(_at_once(of))
    bench.note(
        Figure(workload=NAME, case=f"bulk of {BULK:,}", unit="changes/s", value=BULK / seconds, limit=BULK / limit)
    )
    bench.note(
        Figure(
            workload=NAME,
            case="an interactive change beside it",
            unit="ms",
            value=beside.p50,
            limit=alone.p50,
            p50=beside.p50,
            p99=beside.p99,
            limit_p50=alone.p50,
            notes={"most ms": beside.most, "p99 without ms": alone.p99},
        )
    )


async def _moved(of: Shop) -> float:
    """The seconds from the commit of the bulk until its last row has a number."""
    conn = await asyncpg.connect(of.dsn)
    try:
        await conn.execute(FILL, BULK)
        begun = time.perf_counter()
        while await conn.fetchval("SELECT EXISTS (SELECT FROM outbox WHERE bulk)"):  # noqa: ASYNC110 -- another process
            await asyncio.sleep(0.05)
        return time.perf_counter() - begun
    finally:
        await conn.close()


async def _at_once(of: Shop) -> float:
    conn = await asyncpg.connect(of.dsn)
    try:
        await conn.execute(FILL, BULK)
        begun = time.perf_counter()
        await conn.execute(MOVE)
        return time.perf_counter() - begun
    finally:
        await conn.close()
