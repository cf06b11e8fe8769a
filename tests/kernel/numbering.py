"""Numbering by hand: what a leading sequencer does, a batch at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from kernel import changes
from kernel.changes import Change
from kernel.db import Database, ReadConn, WriteConn
from kernel.outbox import Lane


@asynccontextmanager
async def serial(db: Database) -> AsyncIterator[WriteConn]:
    """A transaction in which everything sees one snapshot."""
    async with db.writer.connect() as conn:
        await conn.execution_options(isolation_level="REPEATABLE READ")
        async with conn.begin():
            yield WriteConn(ReadConn(conn))


@dataclass
class Numbering:
    db: Database
    interactive: Lane = field(default_factory=lambda: Lane(bulk=False))
    bulk: Lane = field(default_factory=lambda: Lane(bulk=True))

    async def batch(self) -> int:
        async with serial(self.db) as conn:
            return await changes.number(conn, self.interactive, self.bulk)

    async def everything(self) -> list[int]:
        """The sizes of the batches it took."""
        sizes = []
        while size := await self.batch():
            sizes.append(size)
        return sizes


async def numbering(db: Database) -> Numbering:
    async with db.write() as conn:
        await changes.keep_partitions(conn, datetime.now(UTC).date(), timedelta(days=7))
    return Numbering(db)


async def told(db: Database, after: int = 0) -> list[Change]:
    """Everything in the log behind ``after``."""
    found: list[Change] = []
    async with db.read() as conn:
        while True:
            batch = await changes.after(conn, after)
            found, after = found + batch.items, batch.position
            if batch.caught_up:
                return found
