import asyncio
import random
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select, text

from kernel import ids
from kernel.db import Database, WriteConn
from kernel.errors import DomainError, Forbidden, InvalidInput, NotFound
from kernel.outbox import outbox
from kernel.paging import Window
from oms.offers import operations as offers
from oms.stock import model, queries
from oms.stock import operations as stock
from oms.stock.model import Adjusting, Setting, StaleQuantity, StockLevel, UnknownSku
from oms.stock.operations import Why
from tests import make

ADA = make.a_principal()
COUNTED = Why("COUNT", "Ada", "count-1", "as on the shelf")


@dataclass(frozen=True)
class Shelf:
    """One sku at one location, at first with ten on hand."""

    conn: WriteConn
    sku: str
    location: str

    async def adjust(self, delta: int, **given: Any) -> StockLevel:
        line = Adjusting(self.sku, self.location, delta, **given)
        return (await stock.adjust(self.conn, ADA, why=COUNTED, adjustments=[line])).levels[0]

    async def set(self, quantity: int, **given: Any) -> StockLevel:
        line = Setting(self.sku, self.location, quantity, **given)
        return (await stock.set_levels(self.conn, ADA, why=COUNTED, quantities=[line])).levels[0]

    async def level(self) -> StockLevel:
        return (await queries.levels_by_sku(self.conn, [self.sku], locations=[self.location], only=None))[0]

    async def put(self, **states: int) -> None:
        """Make states what only orders and shipments change, with the movement that explains it."""
        level = await self.level()
        line = {"variant_id": str(level.variant_id), "location_id": str(level.location_id)}
        await stock.post(self.conn, [line | states], Why("SOLD", "an order"), path="")

    async def movements(self) -> list[model.Movement]:
        found = await queries.page_of_movements(self.conn, Window(100), sku=self.sku, at=self.location, only=None)
        return found.items

    async def events(self) -> list[Any]:
        level = await self.level()
        c = outbox.c
        wanted = select(c.event, c.location, c.payload).where(c.entity == ids.entity("StockLevel", level.key))
        return list(await self.conn.execute(wanted))


@pytest.fixture
async def shelf(conn: WriteConn) -> Shelf:
    one = Shelf(conn, (await make.a_variant(conn)).sku, (await make.a_location(conn)).code)
    await one.set(10)
    await conn.execute(text("DELETE FROM outbox"))
    return one


async def test_what_is_added_is_available(shelf: Shelf) -> None:
    level = await shelf.adjust(5)
    assert (level.on_hand, level.available) == (15, 15)
    assert await shelf.level() == level


async def test_a_change_stands_in_the_ledger_with_what_was_there_after_it(shelf: Shelf) -> None:
    await shelf.adjust(-3)
    newest, first = await shelf.movements()
    assert (newest.deltas, first.deltas) == ({"ON_HAND": -3, "AVAILABLE": -3}, {"ON_HAND": 10, "AVAILABLE": 10})
    assert (newest.balance["ON_HAND"], newest.balance["AVAILABLE"], newest.balance["DAMAGED"]) == (7, 7, 0)
    assert (newest.reason, newest.actor, newest.reference, newest.note) == (
        "COUNT",
        "Ada",
        "count-1",
        "as on the shelf",
    )


async def test_a_change_is_told_with_the_level_after_it(shelf: Shelf) -> None:
    level = await shelf.adjust(-3)
    [(event, location, payload)] = await shelf.events()
    assert (event, location) == ("stock.adjusted", shelf.location)
    assert payload["deltas"] == {"ON_HAND": -3, "AVAILABLE": -3}
    assert model.from_change(ids.entity("StockLevel", level.key), payload) == level


@pytest.mark.parametrize(
    ("state", "moved"),
    [
        ("AVAILABLE", {"available": 12}),
        ("DAMAGED", {"damaged": 2}),
        ("QUALITY_CONTROL", {"quality_control": 2}),
        ("SAFETY_STOCK", {"safety_stock": 2}),
    ],
)
async def test_any_state_that_people_count_is_adjusted_by_hand(shelf: Shelf, state: str, moved: dict[str, int]) -> None:
    level = await shelf.adjust(2, state=state)
    nothing_else = {"available": 10, "damaged": 0, "quality_control": 0, "safety_stock": 0, "on_hand": 12}
    assert {name: getattr(level, name) for name in nothing_else} == nothing_else | moved


@pytest.mark.parametrize("state", ["COMMITTED", "RESERVED", "INCOMING", "on_hand", "NOTHING"])
async def test_what_orders_and_shipments_change_is_not_adjusted_by_hand(shelf: Shelf, state: str) -> None:
    with pytest.raises(InvalidInput):
        await shelf.adjust(1, state=state)


async def test_an_expectation_that_holds_lets_the_change_through(shelf: Shelf) -> None:
    assert (await shelf.adjust(-1, expected=10)).on_hand == 9
    assert (await shelf.adjust(1, state="DAMAGED", expected=0)).damaged == 1
    assert (await shelf.set(3, expected=10)).on_hand == 3


async def test_a_stale_expectation_is_refused_with_what_is_there(shelf: Shelf) -> None:
    await shelf.put(reserved=4, available=-4)
    for refused in (shelf.adjust(1, expected=6), shelf.set(1, expected=6)):
        with pytest.raises(StaleQuantity) as told:
            await refused
        assert (told.value.expected, told.value.actual, told.value.sku) == (6, 10, shelf.sku)
    with pytest.raises(StaleQuantity) as told:
        await shelf.adjust(1, state="AVAILABLE", expected=10)
    assert told.value.actual == 6


@pytest.mark.parametrize(
    ("delta", "state"), [(-11, "ON_HAND"), (-11, "AVAILABLE"), (-1, "DAMAGED"), (-1, "SAFETY_STOCK")]
)
async def test_nothing_falls_below_zero(shelf: Shelf, delta: int, state: str) -> None:
    with pytest.raises(InvalidInput, match="below zero"):
        await shelf.adjust(delta, state=state)


async def test_a_shelf_found_empty_under_commitments_is_a_shortage(shelf: Shelf) -> None:
    await shelf.put(committed=4, available=-4)
    level = await shelf.set(1)
    assert (level.on_hand, level.available, level.committed, level.shortage) == (1, -3, 4, 3)


async def test_a_level_that_is_not_there_yet_begins_at_nothing(shelf: Shelf) -> None:
    new = replace(shelf, location=(await make.a_location(shelf.conn)).code)
    assert (await new.adjust(3, expected=0)).on_hand == 3
    with pytest.raises(StaleQuantity):
        await replace(shelf, location=(await make.a_location(shelf.conn)).code).adjust(3, expected=1)


async def test_what_is_set_is_absolute_and_what_is_promised_stays(shelf: Shelf) -> None:
    await shelf.put(committed=2, reserved=1, damaged=1, available=-4)
    level = await shelf.set(20)
    assert (level.on_hand, level.available, level.committed, level.reserved, level.damaged) == (20, 16, 2, 1, 1)


async def test_safety_stock_is_taken_from_what_is_available(shelf: Shelf) -> None:
    assert (await shelf.set(10, safety_stock=3)).available == 7
    level = await shelf.set(12)
    assert (level.on_hand, level.available, level.safety_stock) == (12, 9, 3)
    level = await shelf.set(12, safety_stock=0)
    assert (level.on_hand, level.available, level.safety_stock) == (12, 12, 0)


async def test_what_is_set_to_what_it_is_changes_and_tells_nothing(shelf: Shelf) -> None:
    before = await shelf.level()
    assert await shelf.set(10, safety_stock=0) == before
    assert await shelf.level() == before
    assert len(await shelf.movements()) == 1
    assert await shelf.events() == []


async def test_many_levels_change_all_or_none(conn: WriteConn, shelf: Shelf) -> None:
    other = replace(shelf, sku=(await make.a_variant(conn)).sku)
    lines = [Adjusting(shelf.sku, shelf.location, 1), Adjusting(other.sku, shelf.location, -1)]
    async with conn.begin_nested() as attempt:
        with pytest.raises(InvalidInput, match=r"adjustments\.1: .* below zero"):
            await stock.adjust(conn, ADA, why=COUNTED, adjustments=lines)
        await attempt.rollback()
    assert (await shelf.level()).on_hand == 10
    done = await stock.adjust(conn, ADA, why=COUNTED, adjustments=[replace(lines[1], delta=2), lines[0]])
    assert [one.on_hand for one in done.levels] == [2, 11]


GOOD = Adjusting("sku", "here", 1)


@pytest.mark.parametrize(
    ("lines", "why", "refusal"),
    [
        ([], COUNTED, InvalidInput),
        ([GOOD] * 2, COUNTED, InvalidInput),
        ([replace(GOOD, sku=f"{n}") for n in range(1_001)], COUNTED, InvalidInput),
        ([replace(GOOD, delta=0)], COUNTED, InvalidInput),
        ([replace(GOOD, delta=10_000_001)], COUNTED, InvalidInput),
        ([GOOD], Why("WHIM", "Ada"), InvalidInput),
        ([GOOD], Why("COUNT", "Ada", note="x" * 501), InvalidInput),
        ([GOOD], Why("COUNT", "Ada", reference="a\0"), InvalidInput),
        ([replace(GOOD, sku="nothing")], COUNTED, UnknownSku),
        ([replace(GOOD, sku="a\0")], COUNTED, UnknownSku),
        ([replace(GOOD, location="nowhere")], COUNTED, NotFound),
        ([replace(GOOD, location="a\0")], COUNTED, NotFound),
    ],
)
async def test_what_cannot_be_adjusted_is_refused(
    conn: WriteConn, lines: list[Adjusting], why: Why, refusal: type[DomainError]
) -> None:
    await make.a_variant(conn, "sku")
    await make.a_location(conn, code="here")
    with pytest.raises(refusal):
        await stock.adjust(conn, ADA, why=why, adjustments=lines)


@pytest.mark.parametrize(
    "line", [Setting("sku", "here", -1), Setting("sku", "here", 10_000_001), Setting("sku", "here", 1, None, -1)]
)
async def test_what_cannot_be_set_is_refused(conn: WriteConn, line: Setting) -> None:
    with pytest.raises(InvalidInput):
        await stock.set_levels(conn, ADA, why=COUNTED, quantities=[line])


async def test_all_unknown_skus_are_named_at_once(conn: WriteConn, shelf: Shelf) -> None:
    lines = [Adjusting(sku, shelf.location, 1) for sku in ("x", shelf.sku, "y")]
    with pytest.raises(UnknownSku) as refused:
        await stock.adjust(conn, ADA, why=COUNTED, adjustments=lines)
    assert refused.value.skus == ("x", "y")


async def test_nobody_changes_stock_where_they_do_not_work(conn: WriteConn, shelf: Shelf) -> None:
    elsewhere = make.a_principal(locations=frozenset({"elsewhere"}))
    for location in (shelf.location, "unknown"):
        with pytest.raises(Forbidden):
            await stock.adjust(conn, elsewhere, why=COUNTED, adjustments=[Adjusting(shelf.sku, location, 1)])
    here = make.a_principal(locations=frozenset({shelf.location}))
    await stock.adjust(conn, here, why=COUNTED, adjustments=[Adjusting(shelf.sku, shelf.location, 1)])


async def test_more_than_can_be_counted_is_refused(shelf: Shelf) -> None:
    level = await shelf.set(10_000_000)
    await shelf.conn.execute(
        text("UPDATE stock_level SET available = 2147483000 WHERE variant_id = :id"), {"id": level.variant_id}
    )
    with pytest.raises(InvalidInput):
        await shelf.adjust(10_000_000)


async def test_levels_are_the_sum_of_their_ledger(shelf: Shelf) -> None:
    await replace(shelf, location=(await make.a_location(shelf.conn)).code).set(0)  # opened, and never moved
    await shelf.put(reserved=2, available=-2)
    await shelf.adjust(4, state="DAMAGED")
    assert await queries.off_the_ledger(shelf.conn) == []


async def test_a_level_that_is_not_the_sum_of_its_ledger_is_named(shelf: Shelf) -> None:
    await shelf.conn.execute(text("UPDATE stock_level SET damaged = damaged + 2"))
    [found] = await queries.off_the_ledger(shelf.conn)
    assert (found["variant_id"], found["damaged"], found["available"]) == ((await shelf.level()).variant_id, 2, 0)


async def test_sixty_four_clients_at_ten_rows_lose_no_unit(url: str) -> None:
    db = Database(url, readers=2, writers=32)
    async with db.write() as conn:
        place = (await make.a_location(conn)).code
        skus = [(await make.a_variant(conn)).sku for _ in range(10)]
    sums = dict.fromkeys(skus, 0)

    async def client(seed: int) -> None:
        chosen = random.Random(seed)
        for _ in range(50):
            lines = [Adjusting(sku, place, chosen.randint(1, 3)) for sku in chosen.sample(skus, chosen.randint(1, 4))]
            async with db.write() as conn:  # without a second try: a deadlock would surface
                await stock.adjust(conn, ADA, why=COUNTED, adjustments=lines)
            for line in lines:
                sums[line.sku] += line.delta

    await asyncio.gather(*(client(seed) for seed in range(64)))
    async with db.write() as conn:
        levels = await queries.levels_by_sku(conn, skus, only=None)
        assert {one.sku: one.on_hand for one in levels} == sums
        assert await queries.off_the_ledger(conn) == []
        last = text("""
            SELECT DISTINCT ON (entity) payload FROM outbox WHERE topic = 'STOCK' ORDER BY entity, id DESC
        """)
        told = {one["skus"][0]: one["level"]["onHand"] for one in (await conn.execute(last)).scalars()}
        assert told == sums
    await db.close()


@dataclass(frozen=True)
class Sold:
    """A product that a channel sells from two places."""

    db: Database
    channel: str
    sku: str
    places: tuple[str, str]

    async def set(self, place: int, quantity: int, db: WriteConn | None = None) -> None:
        line = Setting(self.sku, self.places[place], quantity)
        if db is not None:
            await stock.set_levels(db, ADA, why=COUNTED, quantities=[line])
        else:
            async with self.db.write() as conn:
                await stock.set_levels(conn, ADA, why=COUNTED, quantities=[line])

    async def in_stock(self) -> bool:
        async with self.db.read() as conn:
            found = await conn.execute(
                text("""
                    SELECT in_stock FROM listing l JOIN channel c ON c.id = l.channel_id
                    JOIN product p ON p.id = l.product_id WHERE c.code = :channel AND p.code = :sku
                """),
                {"channel": self.channel, "sku": self.sku},
            )
            return bool(found.scalar_one())


@pytest.fixture
async def sold(db: Database) -> Sold:
    async with db.write() as conn:
        channel = (await make.a_channel(conn)).code
        places = [(await make.a_location(conn, channels=[channel])).code for _ in range(2)]
        sku = (await make.a_variant(conn)).sku
        await offers.publish(conn, channel=channel, products=[sku])
    return Sold(db, channel, sku, (places[0], places[1]))


async def test_a_listing_is_in_stock_while_anything_is_left_anywhere(sold: Sold) -> None:
    assert not await sold.in_stock()
    await sold.set(0, 1)
    assert await sold.in_stock()
    await sold.set(1, 1)
    await sold.set(0, 0)
    assert await sold.in_stock()
    await sold.set(1, 0)
    assert not await sold.in_stock()


async def test_what_is_kept_back_is_not_in_stock(sold: Sold) -> None:
    async with sold.db.write() as conn:
        await conn.execute(text("UPDATE channel_location SET buffer = 2"))
    await sold.set(0, 2)
    assert not await sold.in_stock()
    await sold.set(0, 3)
    assert await sold.in_stock()


async def test_a_product_is_published_with_the_stock_it_has(sold: Sold) -> None:
    async with sold.db.write() as conn:
        await offers.publish(conn, channel=sold.channel, products=[sold.sku], withdraw=True)
    await sold.set(0, 5)
    async with sold.db.write() as conn:
        await offers.publish(conn, channel=sold.channel, products=[sold.sku])
    assert await sold.in_stock()


async def test_of_two_places_emptied_at_once_the_last_one_has_the_last_word(sold: Sold) -> None:
    for _ in range(15):
        await asyncio.gather(sold.set(0, 1), sold.set(1, 1))
        assert await sold.in_stock()
        await asyncio.gather(sold.set(0, 0), sold.set(1, 0))
        assert not await sold.in_stock()


async def test_stock_that_arrives_while_a_product_is_published_is_seen(sold: Sold) -> None:
    async with sold.db.write() as conn:
        other = replace(sold, sku=(await make.a_variant(conn)).sku)
    async with sold.db.write() as publishing:
        await offers.publish(publishing, channel=other.channel, products=[other.sku])
        arriving = asyncio.create_task(other.set(0, 5))
        await asyncio.wait([arriving], timeout=0.3)  # it may wait for the publication, or be through before it
    await arriving
    assert await other.in_stock()
