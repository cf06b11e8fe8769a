from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from kernel.db import WriteConn
from kernel.errors import DomainError, InvalidInput, NotFound
from pim.catalog import operations as catalog
from pim.listings import operations as listings
from pim.prices import operations as prices
from pim.prices import queries
from pim.prices.model import OverlappingPrices, PriceInput
from pim.prices.rules import Period, offer_price
from tests import make

NOW = datetime.now(UTC).replace(microsecond=0)


def day(n: float) -> datetime:
    return NOW + timedelta(days=n)


async def a_list(conn: WriteConn, **given: Any) -> str:
    return (await make.a_price_list(conn, **given)).code


async def put(conn: WriteConn, price_list: str, *given: PriceInput, now: datetime = NOW) -> int:
    done, _ = await prices.set_prices(conn, price_list=price_list, prices=given, set_by="Ada", now=now)
    return done.count


async def periods(conn: WriteConn, price_list: str, sku: str) -> list[tuple[int, int, float, float | None]]:
    """Quantity, amount, and the days from and until which it is in force."""
    found = await conn.execute(
        text("""
            SELECT min_quantity, amount, lower(valid), upper(valid)
            FROM price p JOIN price_list l ON l.id = p.price_list_id JOIN variant v ON v.id = p.variant_id
            WHERE l.code = :list AND v.sku = :sku ORDER BY 1, 3
        """),
        {"list": price_list, "sku": sku},
    )
    return [(n, amount, since(a), since(b) if b else None) for n, amount, a, b in found]


def since(moment: datetime) -> float:
    return (moment - NOW) / timedelta(days=1)


def price(amount: str, sku: str = "sku", **given: Any) -> PriceInput:
    return PriceInput(sku, Decimal(amount), **given)


@pytest.fixture
async def sku(conn: WriteConn) -> str:
    return (await make.a_variant(conn, "sku")).sku


async def test_a_new_open_ended_price_ends_the_one_in_force(conn: WriteConn, sku: str) -> None:
    eur = await a_list(conn)
    assert await put(conn, eur, price("10.00", valid_from=day(-5))) == 1
    assert await put(conn, eur, price("12.00")) == 1
    assert await periods(conn, eur, sku) == [(1, 1000, -5, 0), (1, 1200, 0, None)]


async def test_the_same_price_again_is_left_alone(conn: WriteConn, sku: str) -> None:
    eur = await a_list(conn)
    closed = price("8.00", valid_from=day(5), valid_until=day(6), min_quantity=5)
    await put(conn, eur, price("10.00"), closed)
    assert await put(conn, eur, price("10.00"), closed, now=day(1)) == 0
    assert await periods(conn, eur, sku) == [(1, 1000, 0, None), (5, 800, 5, 6)]


async def test_a_period_and_what_follows_it_are_set_at_once(conn: WriteConn, sku: str) -> None:
    eur = await a_list(conn)
    await put(conn, eur, price("10.00", valid_from=day(-5)))
    sale = [price("8.00", valid_from=day(1), valid_until=day(3)), price("10.00", valid_from=day(3))]
    assert await put(conn, eur, *reversed(sale)) == 2
    assert await put(conn, eur, *sale) == 0
    assert await periods(conn, eur, sku) == [(1, 1000, -5, 1), (1, 800, 1, 3), (1, 1000, 3, None)]


async def test_open_ended_prices_of_one_input_end_each_other(conn: WriteConn, sku: str) -> None:
    eur = await a_list(conn)
    await put(conn, eur, price("12.00", valid_from=day(4)), price("10.00"), price("11.00", valid_from=day(2)))
    assert await periods(conn, eur, sku) == [(1, 1000, 0, 2), (1, 1100, 2, 4), (1, 1200, 4, None)]


async def test_prices_for_larger_quantities_stand_side_by_side(conn: WriteConn, sku: str) -> None:
    eur = await a_list(conn)
    await put(conn, eur, price("10.00"), price("9.00", min_quantity=10))
    await put(conn, eur, price("8.00", min_quantity=10), now=day(1))
    assert await periods(conn, eur, sku) == [(1, 1000, 0, None), (10, 900, 0, 1), (10, 800, 1, None)]


@pytest.mark.parametrize(
    ("there", "new", "clash"),
    [
        ([{}], [{"valid_from": day(1), "valid_until": day(2)}], (0, None)),
        ([{"valid_from": day(1), "valid_until": day(3)}], [{"valid_from": day(2)}], (1, 3)),
        ([{"valid_from": day(1), "valid_until": day(3)}], [{}], (1, 3)),
        ([{"valid_from": day(2)}], [{}], (2, None)),
        ([{}], [{"valid_from": NOW}], (0, None)),
        ([], [{}, {"valid_from": day(1), "valid_until": day(2)}], (0, None)),
        ([], [{"valid_from": day(1), "valid_until": day(3)}, {"valid_from": day(2), "valid_until": day(4)}], (1, 3)),
        ([], [{}, {}], (0, None)),
    ],
)
async def test_any_other_overlap_is_refused_with_what_it_meets(
    conn: WriteConn, sku: str, there: list[dict[str, Any]], new: list[dict[str, Any]], clash: tuple[int, int | None]
) -> None:
    eur = await a_list(conn)
    await put(conn, eur, *(price("10.00", **one) for one in there))
    with pytest.raises(OverlappingPrices) as refused:
        await put(conn, eur, *(price("9.00", **one) for one in new))
    met = refused.value
    assert (met.sku, since(met.valid_from)) == (sku, clash[0])
    assert (since(met.valid_until) if met.valid_until else None) == clash[1]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (price("10.001"), "prices.0.amount"),
        (price("-0.01"), "prices.0.amount"),
        (price("1e40"), "prices.0.amount"),
        (price("10", "nothing"), "prices.0.sku"),
        (price("10", "a\0"), "prices.0.sku"),
        (price("10", min_quantity=0), "prices.0.minQuantity"),
        (price("10", min_quantity=1_000_001), "prices.0.minQuantity"),
        (price("10", valid_until=NOW), "prices.0.validUntil"),
        (price("10", valid_from=day(2), valid_until=day(1)), "prices.0.validUntil"),
    ],
)
async def test_what_is_no_price_is_refused(conn: WriteConn, sku: str, given: PriceInput, path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await put(conn, await a_list(conn), given)
    assert refused.value.path == path


async def test_an_amount_has_the_decimals_of_its_lists_currency(conn: WriteConn, sku: str) -> None:
    for currency, amount, minor in (("JPY", "500", 500), ("KWD", "1.234", 1234)):
        code = await a_list(conn, currency=currency)
        await put(conn, code, price(amount))
        assert await periods(conn, code, sku) == [(1, minor, 0, None)]
    with pytest.raises(InvalidInput):
        await put(conn, await a_list(conn, currency="JPY"), price("500.5"))


@pytest.mark.parametrize(
    ("price_list", "many", "refusal"),
    [("nothing", 1, NotFound), ("a\0", 1, NotFound), ("nothing", 1_001, InvalidInput)],
)
async def test_prices_of_no_list_and_too_many_are_refused(
    conn: WriteConn, price_list: str, many: int, refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal):
        await put(conn, price_list, *[price("1")] * many)


async def test_a_list_keeps_its_currency(conn: WriteConn) -> None:
    eur = await a_list(conn)
    assert (await prices.save_list(conn, code=eur, currency="EUR", priority=5)).priority == 5
    with pytest.raises(InvalidInput):
        await prices.save_list(conn, code=eur, currency="USD")


async def test_a_list_is_not_put_on_a_channel_that_sells_in_another_currency(conn: WriteConn) -> None:
    pounds = await make.a_channel(conn, currency="GBP")
    with pytest.raises(InvalidInput) as refused:
        await prices.save_list(conn, code="euro-list", currency="EUR", channels=[pounds.code])
    assert refused.value.path == "channels"
    assert "GBP" in refused.value.problem


async def test_new_prices_are_told_once_each_and_old_ones_not(conn: WriteConn, sku: str) -> None:
    eur = await a_list(conn)
    await conn.execute(text("DELETE FROM outbox"))
    await put(conn, eur, price("10"), price("9", min_quantity=2))
    await put(conn, eur, price("10"), now=day(1))
    told = (await conn.execute(text("SELECT event, payload FROM outbox"))).all()
    assert [tuple(one) for one in told] == [("price.changed", {"priceList": eur, "skus": [sku]})]


# Directive 98/6/EC, Article 6a: amount, from and until, counted in days from the beginning of the current price
CASES: dict[str, tuple[list[tuple[int, float, float]], int, float | None, tuple[int, int | None]]] = {
    "first price ever": ([], 1000, None, (1000, None)),
    "first price, with an end": ([], 1000, 7, (1000, None)),
    "a reduction": ([(1000, -100, 0)], 800, 7, (1000, 800 + 200)),
    "lowered for good": ([(1000, -100, 0)], 800, None, (800, None)),
    "raised for a while": ([(1000, -100, 0)], 1200, 7, (1200, None)),
    "the same again": ([(1000, -100, 0)], 1000, 7, (1000, None)),
    "raised just before": ([(900, -100, -2), (1200, -2, 0)], 1000, 7, (1200, 900)),
    "a sale within thirty days": ([(1000, -100, -20), (700, -20, -10), (1000, -10, 0)], 800, 7, (1000, 700)),
    "a sale that ended thirty days ago": ([(700, -60, -30), (1000, -30, 0)], 800, 7, (1000, 1000)),
    "a sale that ended a moment later": ([(700, -60, -29.99), (1000, -29.99, 0)], 800, 7, (1000, 700)),
    "a price carried into the window": ([(900, -400, -29), (1000, -29, 0)], 800, 7, (1000, 900)),
    "one reduction after another": ([(1000, -100, -5), (900, -5, 0)], 800, 7, (900, 900)),
    "nothing was sold before": ([(1000, -100, -3)], 800, 7, (800, None)),
    "unsorted": ([(1000, -10, 0), (700, -20, -10)], 800, 7, (1000, 700)),
}


@pytest.mark.parametrize("case", CASES)
def test_a_reduction_names_the_lowest_price_of_the_thirty_days_before_it(case: str) -> None:
    earlier, amount, until, (list_price, lowest) = CASES[case]
    current = Period(amount, NOW, day(until) if until else None)
    shown = offer_price(current, [Period(a, day(b), day(c)) for a, b, c in earlier], "EUR", tax_included=True)
    assert (shown.current.minor, shown.list_price.minor) == (amount, list_price)
    assert (shown.lowest30_days.minor if shown.lowest30_days else None) == lowest
    assert shown.valid_until == current.until


async def test_the_price_of_an_offer_knows_what_it_was_before(conn: WriteConn, sku: str) -> None:
    shop = await make.a_channel(conn)
    eur = await a_list(conn, channels=[shop.code])
    await put(conn, eur, price("10", valid_from=day(-90)), now=day(-90))
    await put(conn, eur, price("7", valid_from=day(-20), valid_until=day(-10)), price("10", valid_from=day(-10)))
    await put(conn, eur, price("8", valid_from=day(-2), valid_until=day(5)), price("10", valid_from=day(5)))
    shown = await current(conn, shop.id)
    assert shown
    assert (shown.current.minor, shown.list_price.minor, shown.valid_until) == (800, 1000, day(5))
    assert shown.lowest30_days
    assert shown.lowest30_days.minor == 700


async def current(conn: WriteConn, channel_id: Any) -> Any:
    key = channel_id, (await conn.execute(text("SELECT id FROM variant WHERE sku = 'sku'"))).scalar_one()
    return (await queries.prices_by_offer(conn, [key])).get(key)


async def test_of_several_lists_the_one_of_highest_priority_counts(conn: WriteConn, sku: str) -> None:
    shop = await make.a_channel(conn)
    low = await a_list(conn, channels=[shop.code], priority=1)
    high = await a_list(conn, channels=[shop.code], priority=2, tax_included=False)
    await put(conn, low, price("8"), price("7", min_quantity=5))
    await put(conn, await a_list(conn, priority=9), price("1"))  # of another channel
    assert (await current(conn, shop.id)).current.minor == 800
    await put(conn, high, price("9"), price("6", min_quantity=9))
    shown = await current(conn, shop.id)
    assert (shown.current.minor, shown.tax_included) == (900, False)
    key = shop.id, (await conn.execute(text("SELECT id FROM variant WHERE sku = 'sku'"))).scalar_one()
    tiers = await queries.tiers_by_offer(conn, [key])
    assert [(one.min_quantity, one.price.minor) for one in tiers[key]] == [(5, 700), (9, 600)]


async def test_a_price_that_is_over_or_not_yet_there_is_none(conn: WriteConn, sku: str) -> None:
    shop = await make.a_channel(conn)
    eur = await a_list(conn, channels=[shop.code])
    await put(conn, eur, price("8", valid_from=day(-2), valid_until=day(-1)), price("9", valid_from=day(1)))
    assert await current(conn, shop.id) is None


async def test_a_listing_is_sorted_by_the_price_that_its_offers_show(conn: WriteConn, sku: str) -> None:
    shop = await make.a_channel(conn)
    await listings.publish(conn, channel=shop.code, products=[sku])
    high = await a_list(conn, channels=[shop.code], priority=2)
    low = await a_list(conn, channels=[shop.code], priority=1)
    for code, amount in ((high, "20"), (low, "10")):
        await catalog.set_prices(conn, price_list=code, prices=[price(amount)], set_by="Ada", now=day(-1))
    sorted_by = (await conn.execute(text("SELECT price FROM listing WHERE channel_id = :id"), {"id": shop.id})).scalar()
    assert sorted_by == (await current(conn, shop.id)).current.minor == 2000
