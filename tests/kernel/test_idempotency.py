import asyncio
import uuid
from typing import Any

import pytest
from sqlalchemy import text

from kernel import idempotency
from kernel.db import Database, WriteConn
from kernel.errors import IdempotencyConflict, InvalidInput

ADA = uuid.uuid4()


class Refusal(Exception):
    pass


async def once(conn: WriteConn, key: str, input: Any, *, who: uuid.UUID = ADA, mutation: str = "count") -> Any:
    """A mutation that counts up, in the way of the edge."""
    about: dict[str, Any] = {"principal_id": who, "mutation": mutation, "key": key}
    before = await idempotency.claim(conn, **about, input=input)
    if before is not None:
        return before
    count = (await conn.execute(text("UPDATE counter SET n = n + 1 RETURNING n"))).scalar_one()
    await idempotency.remember(conn, **about, result={"count": count})
    return {"count": count}


@pytest.fixture
async def counting(conn: WriteConn) -> WriteConn:
    await conn.execute(text("CREATE TABLE counter AS SELECT 0 AS n"))
    return conn


async def test_the_same_key_and_input_answer_the_same(counting: WriteConn) -> None:
    first = await once(counting, "k", {"a": 1, "b": uuid.UUID(int=1)})
    assert await once(counting, "k", {"b": uuid.UUID(int=1), "a": 1}) == first == {"count": 1}


async def test_the_same_key_with_another_input_is_a_conflict(counting: WriteConn) -> None:
    await once(counting, "k", {"a": 1})
    with pytest.raises(IdempotencyConflict):
        await once(counting, "k", {"a": 2})


async def test_a_key_is_its_owners_and_its_mutations(counting: WriteConn) -> None:
    await once(counting, "k", {"a": 1})
    assert await once(counting, "k", {"a": 2}, who=uuid.uuid4()) == {"count": 2}
    assert await once(counting, "k", {"a": 3}, mutation="other") == {"count": 3}


@pytest.mark.parametrize("key", ["", "a" * 256, "a\0", "a\n"])
async def test_what_is_no_key_is_refused(conn: WriteConn, key: str) -> None:
    with pytest.raises(InvalidInput):
        await idempotency.claim(conn, principal_id=ADA, mutation="m", key=key, input={})


async def test_the_same_key_at_the_same_time_has_one_effect(url: str) -> None:
    db = Database(url, writers=12)
    async with db.write() as conn:
        await conn.execute(text("CREATE TABLE counter AS SELECT 0 AS n"))
    found = await asyncio.gather(*(db.transact(lambda conn: once(conn, "k", {"a": 1})) for _ in range(40)))
    assert found == [{"count": 1}] * 40
    async with db.read() as reading:
        assert (await reading.execute(text("SELECT n FROM counter"))).scalar_one() == 1
    await db.close()


async def test_a_refused_attempt_leaves_the_key_to_whoever_waits_for_it(db: Database) -> None:
    async with db.write() as conn:
        await conn.execute(text("CREATE TABLE counter AS SELECT 0 AS n"))
    claimed = asyncio.Event()

    async def refused() -> None:
        async with db.write() as conn:
            await once(conn, "k", {"a": 1})
            claimed.set()
            await waits(db)
            raise Refusal

    async def other() -> None:
        await claimed.wait()
        async with db.write() as conn:
            assert await once(conn, "k", {"a": 2}) == {"count": 1}

    waiting = asyncio.create_task(other())
    with pytest.raises(Refusal):
        await refused()
    await waiting


async def waits(db: Database) -> None:
    """Until somebody waits for a lock."""
    async with asyncio.timeout(20), db.read() as conn:
        looked = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not (await conn.execute(looked)).scalar_one():  # noqa: ASYNC110 -- PostgreSQL has no event for it
            await asyncio.sleep(0.01)
