"""The feed of one node: hears of new changes, reads them once, and hands each to the subscribers who want it."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import structlog

from kernel import changes
from kernel.changes import Batch, Change, Filter
from kernel.db import Database, driver

log = structlog.get_logger()

EVERY = 1.0  # seconds between looks when no wake-up came: a lost one costs this much, never a change
PAGE = 500
PATIENCE = 10.0  # seconds that who falls behind may take over what was handed out at once


@dataclass
class TooSlow(Exception):
    """A subscriber fell further behind than its buffer; ``cursor`` is where it may go on."""

    cursor: str


@dataclass(eq=False)
class Subscriber:
    """A bounded queue of changes; what does not fit closes it, and never holds up anybody else."""

    wanted: Filter
    position: int
    most: int
    queue: deque[Change] = field(default_factory=deque)
    overflowed: bool = False
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, change: Change) -> None:
        if len(self.queue) < self.most and not self.overflowed:
            self.queue.append(change)
        else:
            self.overflowed = True
        self.ready.set()


class Subscribers:
    """Who wants what, found by sku where somebody asked for skus, so that a change costs those it reaches."""

    def __init__(self) -> None:
        self.by_sku: dict[str, set[Subscriber]] = {}
        self.others: set[Subscriber] = set()

    def add(self, one: Subscriber) -> None:
        if one.wanted.skus is None:
            self.others.add(one)
        for sku in one.wanted.skus or ():
            self.by_sku.setdefault(sku, set()).add(one)

    @contextlib.contextmanager
    def joined(self, one: Subscriber) -> Iterator[Subscriber]:
        self.add(one)
        try:
            yield one
        finally:
            self.remove(one)

    def remove(self, one: Subscriber) -> None:
        self.others.discard(one)
        for sku in one.wanted.skus or ():
            self.by_sku[sku].discard(one)
            if not self.by_sku[sku]:
                del self.by_sku[sku]

    def reached_by(self, change: Change) -> Iterator[Subscriber]:
        named = {one for sku in change.payload.get("skus", ()) for one in self.by_sku.get(sku, ())}
        yield from (one for one in (*named, *self.others) if one.wanted.lets(change))


class Feed:
    """Follows the change log of ``db`` from when it is entered until it is left."""

    def __init__(self, db: Database, *, buffer: int = 1000) -> None:
        self.db = db
        self.buffer = buffer
        self.position = 0
        self.subscribers = Subscribers()
        self._wake = asyncio.Event()
        self._closing = False

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Feed"]:
        async with self.db.read() as conn:
            self.position = await changes.head(conn)
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._follow())]
        try:
            yield self
        finally:
            self._closing = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def follow(self, wanted: Filter, position: int | None = None) -> AsyncIterator[list[Change]]:
        """Every wanted change behind ``position`` (None: from now on), from the log and then live, none twice.

        Who falls behind the buffer but keeps reading goes on from the log, and then live again. Raises TooSlow where
        reading took longer than ``PATIENCE`` meanwhile, CursorExpired and InvalidInput as ``changes.after`` does.
        """
        reached = self.position if position is None else position
        behind = position is not None
        clock = asyncio.get_running_loop().time
        while True:
            while behind or reached < self.position:
                batch = await self._read(reached, wanted)
                if batch.items:
                    yield batch.items
                reached, behind = batch.position, not batch.caught_up
            with self.subscribers.joined(Subscriber(wanted, self.position, self.buffer)) as one:
                while not one.overflowed:
                    await one.ready.wait()
                    one.ready.clear()
                    found, one.queue = [c for c in one.queue if c.position > reached], deque()
                    since = clock()
                    if found:
                        reached = found[-1].position
                        yield found
                    if one.overflowed and clock() - since > PATIENCE:
                        raise TooSlow(changes.cursor_of(reached))

    async def _read(self, position: int, wanted: Filter = changes.EVERYTHING, most: int = PAGE) -> Batch:
        async with self.db.read() as conn:
            return await changes.after(conn, position, wanted, most)

    async def _follow(self) -> None:
        while True:
            try:
                batch = await self._read(self.position, most=min(PAGE, self.buffer))
            except Exception as error:  # noqa: BLE001 -- the database is away: keep looking until it is back
                log.warning("feed.unreadable", error=repr(error))
                await asyncio.sleep(EVERY)
                continue
            self._hand_out(batch)
            if batch.caught_up:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), EVERY)
                self._wake.clear()

    def _hand_out(self, batch: Batch) -> None:
        for change in batch.items:
            for one in self.subscribers.reached_by(change):
                one.offer(change)
        self.position = batch.position

    async def _listen(self) -> None:
        while not self._closing:
            try:
                async with self.db.alone() as conn:
                    raw, gone = await driver(conn), asyncio.Event()
                    raw.add_termination_listener(lambda _, gone=gone: gone.set())
                    await raw.add_listener(changes.CHANNEL, self._hear)
                    self._wake.set()
                    await gone.wait()
            except Exception as error:  # noqa: BLE001 -- whatever it was: until it hears again, the feed is polled
                log.warning("feed.deaf", error=repr(error))
            await asyncio.sleep(EVERY)

    def _hear(self, *_: object) -> None:
        self._wake.set()
