"""Whoever changes products holds none of them before the model and the rules are kept as they are."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine

import pytest
from sqlalchemy import text

from kernel import tasks
from kernel.db import Database, WriteConn
from kernel.errors import NotFound
from pim.assortments import locking as assortment_locking
from pim.attributes import locking as attribute_locking
from pim.bulk import operations as bulk
from pim.bulk import working
from pim.bulk.model import Edit
from pim.catalog import operations, showing
from pim.catalog.model import ProductFilter
from pim.products.model import ProductInput
from tests.make import a_product, an_attribute

Change = Callable[[Database], Coroutine[None, None, None]]


async def saving(db: Database) -> None:
    given = ProductInput("shirt", slugs={"en": "shirt"})
    await db.transact(lambda conn: operations.save_products(conn, [given], actor="Ada"))


async def restoring(db: Database) -> None:
    await db.transact(lambda conn: operations.restore_revision(conn, product="shirt", revision=1, actor="Ada"))


async def showing_(db: Database) -> None:
    with pytest.raises(NotFound):
        await db.transact(
            lambda conn: showing.show_media(conn, uuid.uuid4(), product="shirt", variant=None, actor="Ada")
        )


async def editing(db: Database) -> None:
    async with db.write() as conn:
        edits = [Edit("SET", attribute="note", value="new")]
        task = await bulk.start(conn, filter=ProductFilter(), edits=edits, actor="Ada")
    await tasks.run(db, task.id, working.edit)


@pytest.mark.parametrize("hold", [attribute_locking.hold, assortment_locking.hold])
@pytest.mark.parametrize("change", [saving, restoring, showing_, editing])
async def test_a_change_that_waits_for_the_model_or_the_rules_holds_no_product(
    db: Database, change: Change, hold: Callable[[WriteConn], Awaitable[None]]
) -> None:
    async with db.write() as conn:
        await an_attribute(conn, code="note")
        await a_product(conn, code="shirt")
    async with asyncio.timeout(20), asyncio.TaskGroup() as beside, db.write() as conn:
        await hold(conn)
        beside.create_task(change(db))
        while not (await conn.execute(_WAITING)).scalar_one():  # noqa: ASYNC110 -- in PostgreSQL
            await asyncio.sleep(0.01)
        await conn.execute(text("SELECT FROM product FOR UPDATE NOWAIT"))


_WAITING = text("""
    SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted
""")
