"""What a channel shows, written anew where the channel itself changed, and what is in stock, noted where it is not yet.

A channel changes with its locales, price lists or locations.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kernel import tasks
from kernel.db import Database, WriteConn
from kernel.errors import NotFound
from kernel.jobs import Job
from kernel.tasks import Task
from pim.channels import queries as channel_queries
from pim.products import queries as product_queries

from . import operations, queries

CHUNK = 200


async def work(db: Database, task: Task) -> None:
    """Refresh the channel that is ``given``, product by product in the order of their ids."""
    async with db.read() as conn:
        channel = await channel_queries.channel_by_code(conn, task.given["channel"])
        if channel is None:
            raise NotFound("channel", task.given["channel"])
        total = await product_queries.count(conn)

    async def chunk(conn: WriteConn, task: Task) -> Task | None:
        products = await operations.refresh_channel(conn, channel, after=task.after, most=CHUNK, bulk=True)
        if not products:
            return None
        state = {"after": str(products[-1])}
        return await tasks.progress(conn, task, done=task.done + len(products), total=total, state=state)

    await tasks.in_chunks(db, task, chunk)


REFRESH = tasks.job("channel.refresh", work)


async def _settle(db: Database, _given: Mapping[str, Any]) -> None:
    while await db.transact(operations.settle):
        pass


SETTLE = Job("offers.settle", _settle)


async def refresh_channels(conn: WriteConn, channels: Sequence[str], *, actor: str) -> list[Task]:
    """Have what these channels show written anew: at once where there are few products, else by a task for each."""
    if await product_queries.count(conn, most=CHUNK + 1) > CHUNK:
        return [await tasks.start(conn, REFRESH, actor=actor, given={"channel": code}) for code in channels]
    for one in (await channel_queries.channels_by_code(conn, channels)).values():
        await operations.refresh_channel(conn, one, after=None, most=CHUNK)
    return []


async def refresh_changed(conn: WriteConn, before: Mapping[str, str], *, actor: str) -> list[Task]:
    """The same for each channel that is no longer what ``queries.makings`` told before."""
    after = await queries.makings(conn)
    return await refresh_channels(
        conn, [code for code, made_of in after.items() if before.get(code) != made_of], actor=actor
    )
