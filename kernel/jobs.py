"""Jobs: work that must not hold a request, queued in the transaction that wants it done."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries

from kernel.db import Database, WriteConn, driver, to_json

Work = Callable[[Database, Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of job. ``work`` may be begun again after a crash, so it must bear being done twice.

    ``cron`` is when it is queued by the clock, in five fields, UTC; None for jobs that somebody queues.
    """

    name: str
    work: Work
    cron: str | None = None


async def enqueue(conn: WriteConn, job: Job | str, given: Mapping[str, Any], *, once: str | None = None) -> None:
    """Queue ``job``, or that of this name; it runs if and only if this transaction commits.

    While a job with the key ``once`` waits or runs, another one with that key is not queued.
    """
    queue = Queries(AsyncpgDriver(await driver(conn)))
    await queue.enqueue(
        job if isinstance(job, str) else job.name, to_json(dict(given)).encode(), dedupe_key=once, on_conflict="skip"
    )


def given(payload: bytes | None) -> Mapping[str, Any]:
    """What a job was queued with."""
    found: Mapping[str, Any] = orjson.loads(payload) if payload else {}
    return found
