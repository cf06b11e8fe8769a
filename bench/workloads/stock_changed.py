"""How long after it is written a change of stock is at its subscribers, over WebSocket: one of them, and five hundred.

Its physical limit is PostgreSQL telling it by itself: a row inserted and NOTIFY in one transaction, until a listening
asyncpg connection has it. (For five hundred subscribers too: what the fan-out adds is the hub's to answer for.)
"""

import asyncio
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from bench import running
from bench.figures import Figure
from bench.load import in_milliseconds
from bench.running import ROOT, Server, Shop
from bench.watch import Watch, Watched
from bench.workload import Bench
from bench.workloads.adjust_stock import LEVELS

NAME = "stockChanged"
CASES = ((1, 50.0), (500, 2.0))  # subscribers, adjustments a second


def run(bench: Bench) -> None:
    of = bench.shops[-1]
    limit = asyncio.run(_notified(of, rate=50, seconds=bench.seconds))
    with running.hub(of) as hub:
        for subscribers, rate in CASES:
            told = watch(of, hub, subscribers=subscribers, rate=rate, seconds=bench.seconds)
            bench.note(
                Figure(
                    workload=NAME,
                    case=f"{subscribers} subscriber{'s' * (subscribers > 1)}, {of.name}",
                    unit="ms",
                    value=told.p50,
                    limit=limit["p50"],
                    p50=told.p50,
                    p99=told.p99,
                    limit_p50=limit["p50"],
                    notes={"most ms": told.most, "limit p99 ms": limit["p99"], "lost": told.expected - told.messages},
                )
            )


def watch(of: Shop, hub: Server, *, subscribers: int, rate: float, seconds: float) -> Watched:
    with watching(of, hub, subscribers=subscribers, rate=rate, seconds=seconds) as process:
        return heard(process)


def watching(of: Shop, hub: Server, *, subscribers: int, rate: float, seconds: float) -> "subprocess.Popen[bytes]":
    """The process of the subscribers, begun."""
    levels = [[row["sku"], row["location"]] for row in asyncio.run(running.rows(of, LEVELS, 1000))]
    given = Watch(
        port=hub.port,
        token=of.tokens["head_office"],
        levels=levels,
        subscribers=subscribers,
        rate=rate,
        seconds=seconds,
    )
    command = [sys.executable, "-m", "bench.watch"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(orjson.dumps(asdict(given)))
    process.stdin.close()
    return process


def heard(process: "subprocess.Popen[bytes]") -> Watched:
    assert process.stdout
    told = process.stdout.read()
    if process.wait(60):
        raise RuntimeError("the subscribers failed")
    return Watched(**orjson.loads(told))


async def _notified(of: Shop, *, rate: float, seconds: float) -> dict[str, float]:
    """Delays of NOTIFY in milliseconds."""
    listener, writer = await asyncpg.connect(of.dsn), await asyncpg.connect(of.dsn)
    delays: list[float] = []

    def hear(_conn: Any, _pid: int, _channel: str, at: Any) -> None:
        delays.append(time.time() - datetime.fromisoformat(at).timestamp())

    with suppress(asyncpg.DuplicateTableError):
        await writer.execute("CREATE TABLE bench_note (at timestamptz)")
    await listener.add_listener("bench_note", hear)
    told = "WITH n AS (INSERT INTO bench_note VALUES (clock_timestamp()) RETURNING at) SELECT pg_notify('bench_note', at::text) FROM n"  # noqa: E501
    for _ in range(int(rate * seconds)):
        await writer.execute(told)
        await asyncio.sleep(1 / rate)
    await listener.close()
    await writer.close()
    return in_milliseconds(delays)
