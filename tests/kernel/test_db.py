import asyncio
import uuid

import pytest
from sqlalchemy import any_, literal, select, text
from sqlalchemy.exc import DBAPIError

from kernel.db import TRIES, Database, WriteConn, copy, sqlstate, texts, to_json


async def test_a_reader_cannot_write(db: Database) -> None:
    async with db.read() as conn:
        with pytest.raises(DBAPIError, match="read-only transaction"):
            await conn.execute(text("CREATE TABLE x (n int)"))


async def two_rows(db: Database) -> None:
    async with db.write() as conn:
        await conn.execute(text("CREATE TABLE row AS SELECT id, 0 AS n FROM generate_series(1, 2) id"))


UP = text("UPDATE row SET n = n + 1 WHERE id = :id")


async def test_a_deadlock_is_begun_again(db: Database) -> None:
    await two_rows(db)
    both_hold, tries = asyncio.Barrier(2), list[int]()

    async def work(conn: WriteConn, first: int, second: int) -> None:
        tries.append(first)
        await conn.execute(UP, {"id": first})
        if len(tries) <= 2:
            await both_hold.wait()
        await conn.execute(UP, {"id": second})

    await asyncio.gather(
        db.transact(lambda conn: work(conn, 1, 2)),
        db.transact(lambda conn: work(conn, 2, 1)),
    )
    assert len(tries) == 3
    async with db.read() as conn:
        assert (await conn.execute(text("SELECT n FROM row"))).scalars().all() == [2, 2]


async def test_what_never_succeeds_is_given_up(db: Database) -> None:
    tries = 0

    async def work(conn: WriteConn) -> None:
        nonlocal tries
        tries += 1
        await conn.execute(text("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"))

    with pytest.raises(DBAPIError) as refused:
        await db.transact(work)
    assert (sqlstate(refused.value), tries) == ("40001", TRIES)


async def test_another_failure_is_not_tried_again(db: Database) -> None:
    tries = 0

    async def work(conn: WriteConn) -> None:
        nonlocal tries
        tries += 1
        await conn.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError):
        await db.transact(work)
    assert tries == 1


async def test_a_commit_is_noticed_and_a_rollback_is_not(db: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.write():
            raise ZeroDivisionError
    assert not db.wrote.is_set()
    async with db.write():
        pass
    assert db.wrote.is_set()


async def test_a_session_of_ones_own_ends_with_its_block(db: Database) -> None:
    lock = text("SELECT pg_try_advisory_lock(1)")
    async with db.alone() as one:
        assert (await one.execute(lock)).scalar_one()
        async with db.alone() as two:
            assert not (await two.execute(lock)).scalar_one()
    async with asyncio.timeout(20), db.alone() as three:
        await three.execute(text("SELECT pg_advisory_lock(1)"))


async def test_a_text_that_cannot_be_stored_is_found_nowhere(conn: WriteConn) -> None:
    looked = select(literal("a") == any_(texts(["a\0", "b", "\0"])))
    assert (await conn.execute(looked)).scalar_one() is False


async def test_rows_are_copied_in_the_transaction(conn: WriteConn) -> None:
    await conn.execute(text("CREATE TABLE copied (id uuid, n int)"))
    await copy(conn, "copied", ["id", "n"], [(uuid.uuid4(), n) for n in range(3)])
    assert (await conn.execute(text("SELECT count(*) FROM copied"))).scalar_one() == 3


async def test_ids_of_the_driver_are_written_as_text(conn: WriteConn) -> None:
    one = (await conn.execute(text("SELECT uuidv7()"))).scalar_one()
    assert to_json({"id": one}) == f'{{"id":"{one}"}}'
