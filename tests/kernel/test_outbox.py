import asyncio
import random
from contextlib import suppress
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel import changes
from kernel.db import Database
from kernel.outbox import BATCH, emit
from tests.kernel.numbering import Numbering, numbering, serial, told
from tests.make import Told, happened


class ChangedMyMind(Exception):
    pass


async def commit(db: Database, *keys: str, count: int = 0, bulk: bool = False) -> None:
    async with db.write() as conn:
        await emit(conn, *(happened(key, count) for key in keys), bulk=bulk)


async def test_a_fact_is_told_once_its_transaction_has_committed(db: Database) -> None:
    number = await numbering(db)
    async with db.write() as conn:
        await emit(conn, happened())
        assert await number.batch() == 0
    assert await number.batch() == 1
    assert [one.position for one in await told(db)] == [1]


async def test_a_transaction_that_is_rolled_back_tells_nothing(db: Database) -> None:
    number = await numbering(db)
    with suppress(ChangedMyMind):
        async with db.write() as conn:
            await emit(conn, happened())
            raise ChangedMyMind
    await commit(db, "b")
    assert await number.everything() == [1]
    assert [(one.position, one.entity) for one in await told(db)] == [(1, "Thing:b")]


async def test_an_entity_changes_once_a_transaction_and_topic(db: Database) -> None:
    number = await numbering(db)
    async with db.write() as conn:
        await emit(conn, happened(count=1, facts={"a": 1}), happened("b"))
        await emit(conn, happened(count=2, skus=("s",)))
        await emit(conn, Told(entity="Thing:a"))
    await number.everything()
    found = await told(db)
    assert [(one.entity, one.topic) for one in found] == [
        ("Thing:a", "STOCK"),
        ("Thing:b", "STOCK"),
        ("Thing:a", "PRODUCT"),
    ]
    assert found[0].payload == {"count": 2, "skus": ["s"], "facts": None}


async def test_the_same_entity_changes_again_in_the_next_transaction(db: Database) -> None:
    number = await numbering(db)
    await commit(db, "a", count=1)
    await commit(db, "a", count=2)
    await number.everything()
    assert [one.payload["count"] for one in await told(db)] == [1, 2]


async def test_a_batch_is_at_most_a_thousand_of_both_lanes_together(db: Database) -> None:
    number = await numbering(db)
    await commit(db, *map(str, range(900)))
    await commit(db, *(f"bulk-{n}" for n in range(1_500)), bulk=True)
    assert await number.everything() == [BATCH, BATCH, 400]
    assert [one.position for one in await told(db)] == list(range(1, 2_401))


async def test_what_is_interactive_goes_before_what_came_in_bulk(db: Database) -> None:
    number = await numbering(db)
    await commit(db, "x", "y", bulk=True)
    await commit(db, "a")
    await number.everything()
    assert [one.entity for one in await told(db)] == ["Thing:a", "Thing:x", "Thing:y"]


async def test_a_bulk_fact_of_an_entity_is_not_overtaken_by_an_interactive_one(db: Database) -> None:
    number = await numbering(db)
    await commit(db, "x", "a", "y", count=1, bulk=True)
    await commit(db, "a", count=2)
    await number.everything()
    assert [(one.entity, one.payload["count"]) for one in await told(db)] == [
        ("Thing:a", 1),
        ("Thing:a", 2),
        ("Thing:x", 1),
        ("Thing:y", 1),
    ]


async def test_an_interactive_fact_is_not_overtaken_by_a_later_bulk_one(db: Database) -> None:
    number = await numbering(db)
    await commit(db, *map(str, range(BATCH + 10)))  # more than a batch: the rest is moved from a remembered window
    assert await number.batch() == BATCH
    await commit(db, "a", count=1)
    await commit(db, "a", count=2, bulk=True)
    await number.everything()
    assert [one.payload["count"] for one in await told(db) if one.entity == "Thing:a"] == [1, 2]


async def test_interactive_facts_come_between_the_batches_of_a_bulk_load(db: Database) -> None:
    number = await numbering(db)
    await commit(db, *map(str, range(3 * BATCH)), bulk=True)
    await number.batch()
    await commit(db, "a")
    await number.everything()
    assert BATCH < next(one.position for one in await told(db) if one.entity == "Thing:a") <= BATCH + 2


async def test_a_transaction_that_began_early_and_commits_late_delays_only_itself(db: Database) -> None:
    number = await numbering(db)
    async with db.write() as slow:
        await emit(slow, happened("slow"))
        await commit(db, "a", "b")
        assert await number.everything() == [2]
    await commit(db, "c")
    assert await number.everything() == [2]
    assert [one.entity for one in await told(db)] == ["Thing:a", "Thing:b", "Thing:slow", "Thing:c"]


async def test_a_transaction_that_outlives_the_window_of_a_load_is_told_too(db: Database) -> None:
    number = await numbering(db)
    async with db.write() as slow:
        await emit(slow, happened("slow"))
        await commit(db, *map(str, range(BATCH + 5)))
        assert await number.batch() == BATCH
    assert sum(await number.everything()) == 6
    assert {one.entity for one in await told(db)} >= {"Thing:slow"}


COUNT = text("UPDATE counter SET n = n + 1 WHERE id = :id RETURNING n")


async def test_sixteen_writers_are_numbered_without_a_gap_and_each_entity_in_commit_order(url: str) -> None:
    db = Database(url, readers=2, writers=20)
    number = await numbering(db)
    async with db.write() as conn:
        await conn.execute(text("CREATE TABLE counter AS SELECT g AS id, 0 AS n FROM generate_series(1, 5) g"))

    async def writer(seed: int) -> None:
        chosen = random.Random(seed)
        for _ in range(40):
            with suppress(ChangedMyMind):
                async with db.write() as conn:
                    key = chosen.randint(1, 5)
                    count = (await conn.execute(COUNT, {"id": key})).scalar_one()
                    await emit(conn, happened(key, count), bulk=chosen.random() < 0.3)
                    if chosen.random() < 0.1:
                        raise ChangedMyMind

    writing = asyncio.gather(*(writer(seed) for seed in range(16)))
    while not writing.done():
        await number.batch()
    await writing
    await number.everything()
    found = await told(db)
    assert [one.position for one in found] == list(range(1, len(found) + 1))
    async with db.read() as reading:
        final = {row.id: row.n for row in await reading.execute(text("SELECT * FROM counter"))}
    for key, n in final.items():
        assert [one.payload["count"] for one in found if one.entity == f"Thing:{key}"] == list(range(1, n + 1))
    await db.close()


async def test_an_old_leader_that_comes_back_numbers_nothing_twice(db: Database) -> None:
    old, new = await numbering(db), Numbering(db)
    await commit(db, "a")
    async with serial(db) as late:
        await late.execute(text("SELECT 1 FROM feed"))  # the old leader has its snapshot, and is held up
        await commit(db, "b")
        assert await new.everything() == [2]
        with pytest.raises(DBAPIError, match="could not serialize"):
            await changes.number(late, old.interactive, old.bulk)
        await late.rollback()
    await commit(db, "c")
    assert await old.everything() == [1]
    assert [one.position for one in await told(db)] == [1, 2, 3]


async def test_two_leaders_at_once_leave_no_gap_and_no_double(db: Database) -> None:
    first, second = await numbering(db), Numbering(db)

    async def write() -> None:
        for n in range(150):
            await commit(db, str(n % 7), count=n)

    async def lead(one: Numbering) -> None:
        while not writing.done():
            try:
                await one.batch()
            except DBAPIError:
                one.interactive.forget()
                one.bulk.forget()

    writing = asyncio.create_task(write())
    await asyncio.gather(writing, lead(first), lead(second))
    await first.everything()
    found = await told(db)
    assert [one.position for one in found] == list(range(1, 151))
    counts = {key: [one.payload["count"] for one in found if one.entity == f"Thing:{key}"] for key in range(7)}
    assert all(a < b for of in counts.values() for a, b in pairwise(of))
