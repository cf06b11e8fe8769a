import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from kernel import changes, paging
from kernel.changes import Filter
from kernel.db import Database, WriteConn, driver
from kernel.errors import CursorExpired, InvalidInput
from kernel.outbox import Event, emit
from tests.kernel.numbering import numbering
from tests.make import Told, happened

TODAY = datetime.now(UTC).date()
WEEK = timedelta(days=7)


async def tell(db: Database, *events: Event) -> None:
    number = await numbering(db)
    async with db.write() as conn:
        await emit(conn, *events)
    await number.everything()


async def keys(db: Database, wanted: Filter) -> list[str]:
    async with db.read() as conn:
        return [one.entity.removeprefix("Thing:") for one in (await changes.after(conn, 0, wanted)).items]


async def test_a_batch_ends_where_the_next_one_begins(db: Database) -> None:
    await tell(db, *(happened(n) for n in range(5)))
    async with db.read() as conn:
        first = await changes.after(conn, 0, most=3)
        second = await changes.after(conn, first.position, most=3)
    assert [one.position for one in first.items + second.items] == [1, 2, 3, 4, 5]
    assert (first.caught_up, second.caught_up) == (False, True)
    assert changes.position_of(second.cursor) == 5


async def test_the_log_is_empty_at_first(db: Database) -> None:
    async with db.read() as conn:
        assert await changes.after(conn, 0) == changes.Batch([], 0, caught_up=True)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), ["all", "web", "pos", "berlin", "skus", "product"]),
        (Filter(topics=frozenset({"PRODUCT"})), ["product"]),
        (Filter(topics=frozenset()), []),
        (Filter(channels=frozenset({"web"})), ["all", "web", "berlin", "skus", "product"]),
        (Filter(channels=frozenset()), ["all", "berlin", "skus", "product"]),
        (Filter(locations=frozenset({"paris"})), ["all", "web", "pos", "skus", "product"]),
        (Filter(skus=frozenset({"b", "z"})), ["skus"]),
        (Filter(skus=frozenset()), []),
        (Filter(topics=frozenset({"STOCK"}), channels=frozenset({"pos"})), ["all", "pos", "berlin", "skus"]),
    ],
)
async def test_a_filter_lets_through_the_same_in_the_log_and_live(
    db: Database, wanted: Filter, found: list[str]
) -> None:
    await tell(
        db,
        happened("all"),
        happened("web", channel="web"),
        happened("pos", channel="pos"),
        happened("berlin", location="berlin"),
        happened("skus", skus=("a", "b")),
        Told(entity="Thing:product"),
    )
    assert await keys(db, wanted) == found
    async with db.read() as conn:
        everything = (await changes.after(conn, 0)).items
    assert [one.entity.removeprefix("Thing:") for one in everything if wanted.lets(one)] == found


async def test_a_sparse_filter_advances_over_what_it_does_not_want(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "SPAN", 10)
    await tell(db, *(happened(n, skus=("rare",) if n == 24 else ()) for n in range(25)))
    position, seen, reads = 0, list[int](), list[int]()
    async with db.read() as conn:
        while True:
            batch = await changes.after(conn, position, Filter(skus=frozenset({"rare"})))
            position, seen = batch.position, seen + [one.position for one in batch.items]
            reads.append(position)
            if batch.caught_up:
                break
    assert (seen, reads) == ([25], [10, 20, 25])


async def in_the_log(conn: WriteConn, position: int, day: date) -> None:
    await conn.execute(
        text(f"""
            CREATE TABLE IF NOT EXISTS change_{day:%Y%m%d} PARTITION OF change
            FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')
        """)
    )
    row = {"position": position, "day": day}
    await conn.execute(
        text("""
            INSERT INTO change (position, day, topic, event, entity, payload, at)
            VALUES (:position, :day, 'STOCK', 'thing.happened', 'Thing:old', '{}', now())
        """),
        row,
    )
    await conn.execute(text("UPDATE feed SET position = :position"), row)


async def test_a_cursor_behind_what_was_dropped_has_expired_and_names_where_to_go_on(db: Database) -> None:
    async with db.write() as conn:
        for position, days in ((1, 9), (2, 8), (3, 7), (4, 6)):
            await in_the_log(conn, position, TODAY - timedelta(days=days))
        dropped = await changes.keep_partitions(conn, TODAY, WEEK)
    assert dropped == [f"change_{TODAY - timedelta(days=9):%Y%m%d}", f"change_{TODAY - timedelta(days=8):%Y%m%d}"]
    async with db.read() as conn:
        with pytest.raises(CursorExpired) as refused:
            await changes.after(conn, 1)
        oldest = changes.position_of(refused.value.oldest)
        assert oldest == await changes.oldest(conn) == 2
        assert [one.position for one in (await changes.after(conn, oldest)).items] == [3, 4]


async def test_days_without_a_change_are_dropped_without_moving_the_floor(db: Database) -> None:
    async with db.write() as conn:
        await in_the_log(conn, 1, TODAY)
        await changes.keep_partitions(conn, TODAY - timedelta(days=30), WEEK)
        assert len(await changes.keep_partitions(conn, TODAY, WEEK)) == 3
        assert (await changes.after(conn, 0)).position == 1


async def test_partitions_are_there_before_their_day_begins(db: Database) -> None:
    async with db.write() as conn:
        await changes.keep_partitions(conn, TODAY, WEEK)
        await in_the_log(conn, 1, TODAY + timedelta(days=2))
        assert await changes.keep_partitions(conn, TODAY, WEEK) == []


async def test_a_cursor_ahead_of_the_log_is_refused(db: Database) -> None:
    await tell(db, happened())
    async with db.read() as conn:
        with pytest.raises(InvalidInput, match="ahead of every change"):
            await changes.after(conn, 2)


@pytest.mark.parametrize("cursor", ["", "x", "ä", "{}", "W10", changes.cursor_of(1)[:-2]])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        changes.position_of(cursor)


@pytest.mark.parametrize("place", ["1", -1, 1.5, True, None, 2**63])
def test_a_cursor_without_a_position_is_refused(place: object) -> None:
    with pytest.raises(InvalidInput):
        changes.position_of(paging.encode(["change", place]))


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidInput):
        changes.position_of(paging.encode(["walk", 1]))


async def test_how_long_facts_wait_is_told(db: Database) -> None:
    async with db.write() as conn:
        assert await changes.waiting(conn) == 0
        await emit(conn, happened())
        await conn.execute(text("UPDATE outbox SET at = at - interval '90 s'"))
        assert 90 <= await changes.waiting(conn) < 150


async def test_each_batch_wakes_the_nodes_once(db: Database) -> None:
    heard: asyncio.Queue[Any] = asyncio.Queue()
    async with db.alone() as conn:
        await (await driver(conn)).add_listener(changes.CHANNEL, lambda *told: heard.put_nowait(told[-1]))
        await tell(db, *(happened(n) for n in range(1_500)))
        async with asyncio.timeout(10):
            assert [await heard.get(), await heard.get()] == ["1000", "1500"]
