"""What channels show when the channels themselves change."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from kernel import tasks
from kernel.db import Database, WriteConn
from oms.locations import operations as locations
from oms.offers import jobs, operations, queries
from oms.stock import operations as stock
from oms.stock.model import Setting
from pim.catalog import operations as catalog
from pim.prices import operations as prices
from pim.prices.model import PriceInput
from pim.products.model import ProductInput, ValueInput, VariantInput
from server.demo.people import LOADER
from tests import make

PRODUCTS = 5
BEFORE = datetime.now(UTC) - timedelta(hours=1)
SHOWN = text("""
    SELECT l.price, l.in_stock, array_agg(t.locale || ' ' || t.name ORDER BY t.locale) AS names
    FROM listing l JOIN channel c ON c.id = l.channel_id JOIN listing_text t ON t.listing_id = l.id
    WHERE c.code = :channel GROUP BY l.id
""")


async def a_shop(conn: WriteConn) -> None:
    """A channel and another, with five products whose stock lies where neither sells from."""
    await make.an_attribute(conn, code="name", localizable=True, searchable=True)
    for code in ("shop", "other"):
        await make.a_channel(conn, code=code, locales=["en"])
    for code in ("low", "high"):
        await make.a_price_list(conn, code=code)
    await make.a_location(conn, code="store")
    names = (ValueInput("name", "Lantern", None, "en"), ValueInput("name", "Laterne", None, "de"))
    codes = [f"p{n}" for n in range(PRODUCTS)]
    await catalog.save_products(
        conn, [ProductInput(code, None, (), names, (VariantInput(code),)) for code in codes], actor="Ada"
    )
    for code, amount in (("low", 1), ("high", 2)):
        given = [PriceInput(one, Decimal(amount)) for one in codes]
        await catalog.set_prices(conn, price_list=code, prices=given, set_by="Ada", now=BEFORE)
    why = stock.Why("RECEIVED", "Ada")
    await stock.set_levels(conn, LOADER, why=why, quantities=[Setting(one, "store", 3) for one in codes])
    for channel in ("shop", "other"):
        await operations.publish(conn, channel=channel, products=codes)


async def shown(conn: WriteConn, channel: str = "shop") -> tuple[Any, ...]:
    """What all listings of a channel are alike in."""
    [alike] = {(row.price, row.in_stock, *row.names) for row in await conn.execute(SHOWN, {"channel": channel})}
    return tuple(alike)


async def changed(conn: WriteConn) -> None:
    await make.a_channel(conn, code="shop", locales=["en", "de"])
    for code, priority in (("low", 0), ("high", 1)):
        await prices.save_list(conn, code=code, currency="EUR", channels=["shop"], priority=priority)
    await locations.sell_from(conn, channel="shop", locations=["store"])


async def test_a_channel_that_changed_shows_it_once_its_task_is_done(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CHUNK", 2)
    async with db.write() as conn:
        await a_shop(conn)
        before = await queries.makings(conn)
        assert await shown(conn) == (None, False, "en Lantern")
    async with db.write() as conn:
        await changed(conn)
        [task] = await jobs.refresh_changed(conn, before, actor="Ada")
    await tasks.run(db, task.id, jobs.work)
    async with db.write() as conn:
        ended = (await tasks.tasks_by_id(conn, [task.id]))[task.id]
        assert (ended.status, ended.done, ended.total) == ("DONE", PRODUCTS, PRODUCTS)
        assert await shown(conn) == (200, True, "de Laterne", "en Lantern")
        assert await shown(conn, "other") == (None, False, "en Lantern")
        assert await jobs.refresh_changed(conn, await queries.makings(conn), actor="Ada") == []


async def test_where_there_are_few_products_a_channel_shows_its_change_at_once(db: Database) -> None:
    async with db.write() as conn:
        await a_shop(conn)
        before = await queries.makings(conn)
        await changed(conn)
        assert await jobs.refresh_changed(conn, before, actor="Ada") == []
        assert await shown(conn) == (200, True, "de Laterne", "en Lantern")
        assert await shown(conn, "other") == (None, False, "en Lantern")


async def test_a_channel_that_is_gone_fails_its_task(db: Database) -> None:
    async with db.write() as conn:
        task = await tasks.start(conn, jobs.REFRESH, actor="Ada", given={"channel": "nowhere"})
    await tasks.run(db, task.id, jobs.work)
    async with db.read() as conn:
        ended = (await tasks.tasks_by_id(conn, [task.id]))[task.id]
    assert ended.status == "FAILED"
    assert "nowhere" in str(ended.problem)
