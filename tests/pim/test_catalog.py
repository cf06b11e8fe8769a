"""What time alone changes: told once, when it has come."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from kernel.db import Database, WriteConn
from pim.catalog import operations as catalog
from pim.listings import operations as listings
from pim.prices.model import PriceInput
from tests import make

NOW = datetime.now(UTC)


def minutes(n: float) -> datetime:
    return NOW + timedelta(minutes=n)


@dataclass(frozen=True)
class Shop:
    """A channel with a price list and one product, "sku", whose clock was last looked at an hour ago."""

    conn: WriteConn
    channel: str
    price_list: str

    async def publish(self, since: datetime | None, until: datetime | None) -> None:
        """As it was done long ago, when the window was still to come."""
        await listings.publish(self.conn, channel=self.channel, products=["sku"], publish_from=minutes(60))
        given = {"since": since, "until": until}
        await self.conn.execute(text("UPDATE listing SET publish_from = :since, publish_until = :until"), given)
        await self.conn.execute(text("DELETE FROM outbox"))

    async def set(self, *prices: PriceInput) -> None:
        await catalog.set_prices(
            self.conn, price_list=self.price_list, prices=prices, set_by="Ada", now=minutes(-60 * 24)
        )
        await self.conn.execute(text("UPDATE price SET set_at = set_at - interval '1 day'"))
        await self.conn.execute(text("UPDATE listing SET price = NULL"))
        await self.conn.execute(text("DELETE FROM outbox"))

    async def tick(self) -> list[Any]:
        """What is told then: topic and payload."""
        await catalog.tick(self.conn)
        told = (await self.conn.execute(text("DELETE FROM outbox RETURNING topic, payload"))).all()
        return sorted((topic, payload) for topic, payload in told)

    async def one(self, what: str) -> Any:
        return (await self.conn.execute(text(f"SELECT {what}"))).scalar()


@pytest.fixture
async def shop(conn: WriteConn) -> Shop:
    channel = (await make.a_channel(conn)).code
    price_list = (await make.a_price_list(conn, channels=[channel])).code
    await make.a_product(conn, "sku")
    await conn.execute(text("DELETE FROM outbox"))
    await conn.execute(text("UPDATE clock SET ticked_at = now() - interval '1 hour'"))
    return Shop(conn, channel, price_list)


def sold(amount: str, since: float, until: float | None = None) -> PriceInput:
    return PriceInput("sku", Decimal(amount), 1, minutes(since), None if until is None else minutes(until))


async def test_a_price_that_begins_or_ends_is_told_once(shop: Shop) -> None:
    await shop.publish(None, None)
    await shop.set(sold("10", -600, -5), sold("8", -5, 600))
    told = ("PRICE", {"priceList": shop.price_list, "skus": ["sku"]})
    assert [one for one in await shop.tick() if one[0] == "PRICE"] == [told]
    assert await shop.one("price FROM listing") == 800
    assert await shop.tick() == []


async def test_a_price_without_a_successor_takes_the_listing_its_price(shop: Shop) -> None:
    await shop.publish(None, None)
    await shop.set(sold("10", -600, -5))
    await shop.conn.execute(text("UPDATE listing SET price = 1000"))
    assert len([one for one in await shop.tick() if one[0] == "PRICE"]) == 1
    assert await shop.one("price FROM listing") is None


async def test_what_was_told_before_or_is_still_to_come_is_not_told(shop: Shop) -> None:
    await shop.publish(minutes(-600), minutes(60))
    await shop.conn.execute(text("UPDATE listing SET shown = true"))
    await shop.set(sold("10", -600, -90), sold("8", -90, 30), sold("10", 30))
    assert await shop.tick() == []


async def test_a_window_that_opens_is_told_once_and_counted(shop: Shop) -> None:
    await shop.publish(minutes(-5), minutes(60))
    [(topic, payload)] = await shop.tick()
    assert (topic, payload["code"], payload["shown"], payload["skus"]) == ("LISTING", "sku", True, ["sku"])
    assert await shop.one("count FROM listing_term WHERE attribute = '*'") == 1
    assert await shop.tick() == []


async def test_a_window_that_closes_is_told_once_and_counted(shop: Shop) -> None:
    await shop.publish(minutes(-600), None)
    await shop.conn.execute(text("UPDATE clock SET ticked_at = now() - interval '1 day'"))
    await shop.tick()
    await shop.conn.execute(text("UPDATE listing SET publish_until = now()"))
    await shop.conn.execute(text("UPDATE clock SET ticked_at = now() - interval '1 minute'"))
    [(_, payload)] = await shop.tick()
    assert (payload["shown"], payload["status"]) == (False, "PUBLISHED")
    assert await shop.one("count FROM listing_term WHERE attribute = '*'") == 0
    assert await shop.tick() == []


async def test_a_window_that_opened_and_closed_between_two_looks_shows_nothing(shop: Shop) -> None:
    await shop.publish(minutes(-5), minutes(-4))
    assert await shop.tick() == []
    assert await shop.one("shown FROM listing") is False


async def test_the_clock_never_goes_back(shop: Shop) -> None:
    await shop.conn.execute(text("UPDATE clock SET ticked_at = now() + interval '1 hour'"))
    await shop.tick()
    assert await shop.one("ticked_at > now() FROM clock")


async def test_what_comes_into_force_while_it_is_being_written_is_not_forgotten(db: Database) -> None:
    async with db.write() as conn:
        channel = (await make.a_channel(conn)).code
        price_list = (await make.a_price_list(conn, channels=[channel])).code
        await make.a_product(conn, "sku")
    async with db.write() as slow:
        soon = (await slow.execute(text("SELECT now() + interval '50 ms'"))).scalar_one()
        await listings.publish(slow, channel=channel, products=["sku"], publish_from=soon)
        given = [PriceInput("sku", Decimal(10), 1, soon)]
        await catalog.set_prices(slow, price_list=price_list, prices=given, set_by="Ada", now=soon)
        async with db.write() as conn:
            await conn.execute(text("SELECT pg_sleep_until(:soon)"), {"soon": soon + timedelta(milliseconds=10)})
        await db.transact(catalog.tick)
    await db.transact(catalog.tick)
    async with db.read() as reading:
        row = (await reading.execute(text("SELECT shown, price FROM listing"))).one()
        assert tuple(row) == (True, 1000)
        count = text("SELECT count FROM listing_term WHERE attribute = '*'")
        assert (await reading.execute(count)).scalar_one() == 1
