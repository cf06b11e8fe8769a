import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from kernel import changes
from kernel import feed as feed_
from kernel.changes import EVERYTHING, Change, Filter
from kernel.db import Database
from kernel.errors import CursorExpired, InvalidInput
from kernel.feed import Feed, TooSlow
from kernel.outbox import emit
from tests.kernel.numbering import Numbering, numbering
from tests.make import happened

LONG = 20  # seconds: nothing here takes so long unless it hangs


class Writer:
    """Tells and numbers changes, one a transaction."""

    def __init__(self, number: Numbering) -> None:
        self.number = number
        self.count = 0

    async def tell(self, many: int = 1, **given: object) -> None:
        for _ in range(many):
            self.count += 1
            async with self.number.db.write() as conn:
                await emit(conn, happened(self.count, self.count, **given))
        await self.number.everything()


@pytest.fixture
async def writer(db: Database) -> Writer:
    return Writer(await numbering(db))


@asynccontextmanager
async def following(db: Database, buffer: int = 1000) -> AsyncIterator[Feed]:
    async with Feed(db, buffer=buffer).running() as feed:
        yield feed


async def take(feed: Feed, many: int, after: int | None = None, wanted: Filter = EVERYTHING) -> list[Change]:
    """The next ``many`` changes that somebody who follows is told."""
    found: list[Change] = []
    async with asyncio.timeout(LONG):
        async for some in feed.follow(wanted, after):
            found += some
            if len(found) >= many:
                break
    return found


async def subscribed(feed: Feed, many: int = 1) -> None:
    """Wait until so many are live."""
    async with asyncio.timeout(LONG):
        while len(feed.subscribers.others) < many:  # noqa: ASYNC110 -- the feed has no event for it
            await asyncio.sleep(0)


async def test_a_follower_is_told_what_is_new(db: Database, writer: Writer) -> None:
    await writer.tell(3)
    async with following(db) as feed:
        taking = asyncio.create_task(take(feed, 2))
        await subscribed(feed)
        await writer.tell(2)
        assert [one.position for one in await taking] == [4, 5]


async def test_whoever_comes_with_a_cursor_is_told_what_was_missed_and_then_what_is_new(
    db: Database, writer: Writer
) -> None:
    await writer.tell(3)
    async with following(db) as feed:
        taking = asyncio.create_task(take(feed, 4, after=1))
        await subscribed(feed)
        await writer.tell(2)
        assert [one.position for one in await taking] == [2, 3, 4, 5]


async def test_following_from_any_moment_misses_nothing_and_tells_nothing_twice(
    db: Database, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_, "PAGE", 7)
    chosen = random.Random(1)
    async with following(db) as feed:

        async def follower(since: int) -> list[int]:
            return [one.position for one in await take(feed, 150 - since, after=since)]

        followers = []
        for _ in range(30):
            await writer.tell(5)
            since = chosen.randint(0, writer.count)
            followers.append((since, asyncio.create_task(follower(since))))
        for since, task in followers:
            if since < 150:
                assert await task == list(range(since + 1, 151))
            task.cancel()


async def test_followers_are_told_only_what_they_want(db: Database, writer: Writer) -> None:
    async with following(db) as feed:
        mine = asyncio.create_task(take(feed, 2, wanted=Filter(skus=frozenset({"mine"}))))
        here = asyncio.create_task(take(feed, 1, wanted=Filter(locations=frozenset({"here"}))))
        await subscribed(feed)
        await writer.tell(2, location="there", skus=("other", "mine"))
        await writer.tell(1, location="here", skus=("other",))
        assert [one.position for one in await mine] == [1, 2]
        assert [one.position for one in await here] == [3]


async def test_whoever_has_left_is_not_remembered(db: Database, writer: Writer) -> None:
    async with following(db) as feed:
        both = Filter(skus=frozenset({"a", "b"}))
        taking = [asyncio.create_task(take(feed, 1, wanted=one)) for one in (both, EVERYTHING)]
        await subscribed(feed)
        assert set(feed.subscribers.by_sku) == {"a", "b"}
        await writer.tell(1, skus=("b",))
        await asyncio.gather(*taking)
        assert (feed.subscribers.by_sku, feed.subscribers.others) == ({}, set())


async def test_who_is_too_slow_is_told_where_to_go_on_and_holds_up_nobody(
    db: Database, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_, "PATIENCE", 0.0)
    async with following(db, buffer=10) as feed:
        slow, found = feed.follow(EVERYTHING), list[Change]()
        first = asyncio.ensure_future(anext(slow))
        quick = asyncio.create_task(take(feed, 40))
        await subscribed(feed, 2)
        for _ in range(40):  # the slow one takes the first, and nothing of what follows
            await writer.tell()
        assert [one.position for one in await quick] == list(range(1, 41))
        found += await first
        with pytest.raises(TooSlow) as told:  # noqa: PT012 -- after however many it still held
            while True:
                found += await anext(slow)
        cursor = changes.position_of(told.value.cursor)
        assert [one.position for one in found] == list(range(1, cursor + 1))
        assert cursor < 40
        assert [one.position for one in await take(feed, 40 - cursor, after=cursor)] == list(range(cursor + 1, 41))


async def test_who_falls_behind_but_keeps_reading_is_told_everything(db: Database, writer: Writer) -> None:
    async with following(db, buffer=10) as feed:
        behind = feed.follow(EVERYTHING)
        first = asyncio.ensure_future(anext(behind))
        await subscribed(feed)
        await writer.tell(40)
        found = await first
        while len(found) < 40:
            found += await anext(behind)
        live = asyncio.ensure_future(anext(behind))
        await subscribed(feed)
        await writer.tell()
        assert [one.position for one in [*found, *await live]] == list(range(1, 42))


async def test_a_wake_up_that_is_lost_costs_a_second_and_no_change(
    db: Database, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "CHANNEL", "nobody_tells_here")
    async with following(db) as feed:
        monkeypatch.undo()
        taking = asyncio.create_task(take(feed, 1))
        await subscribed(feed)
        await writer.tell()
        assert [one.position for one in await taking] == [1]


LISTENERS = text("""
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'LISTEN%'
""")


async def end_the_listener(db: Database) -> None:
    async with asyncio.timeout(LONG):
        while True:
            async with db.write() as conn:
                if (await conn.execute(LISTENERS)).scalar_one():
                    return


async def test_a_listener_whose_connection_was_lost_listens_again(
    db: Database, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = asyncio.Event()
    monkeypatch.setattr(Feed, "_hear", lambda *_: heard.set())
    async with following(db), asyncio.timeout(LONG):
        for _ in range(3):
            await end_the_listener(db)
        heard.clear()
        while not heard.is_set():
            await writer.tell()


async def test_a_listener_that_was_lost_costs_nobody_a_connection_or_a_change(db: Database, writer: Writer) -> None:
    async with following(db) as feed:
        taking = asyncio.create_task(take(feed, 1))
        await subscribed(feed)
        await end_the_listener(db)
        for _ in range(20):
            async with db.read() as conn:
                await changes.head(conn)
        await writer.tell()
        assert [one.position for one in await taking] == [1]


async def test_a_hub_with_one_connection_to_read_by_is_fed(url: str) -> None:
    db = Database(url, readers=1, writers=1, wait_seconds=5)
    writer = Writer(await numbering(db))
    async with following(db) as feed:
        taking = asyncio.create_task(take(feed, 1))
        await subscribed(feed)
        await writer.tell()
        assert [one.position for one in await taking] == [1]
    await db.close()


async def test_who_follows_from_a_bad_cursor_is_refused(db: Database, writer: Writer) -> None:
    await writer.tell(2)
    async with db.write() as conn:
        await conn.execute(text("UPDATE feed SET floor = 1"))
    async with following(db) as feed:
        with pytest.raises(InvalidInput):
            await take(feed, 1, after=3)
        with pytest.raises(CursorExpired):
            await take(feed, 1, after=0)
