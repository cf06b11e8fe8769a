"""Facets: what could be picked next, and how many listings it would show."""

from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import pytest

from kernel.db import WriteConn
from kernel.errors import InvalidInput
from kernel.paging import Window
from pim.attributes import operations as attributes
from pim.attributes import units
from pim.attributes.model import Option
from pim.catalog import operations as catalog
from pim.listings import counting, filters, queries
from pim.listings import operations as listings
from pim.listings.model import AttributeFilter, ListingFilter, ListingQuery, Shop, Span
from pim.prices.model import PriceInput
from pim.products.model import ProductInput, ValueInput, VariantInput
from tests import make
from tests.pim.test_listings import NOW

GRAMS = {"unit_family": "mass", "default_unit": "kilogram"}


@pytest.fixture
async def shop(conn: WriteConn) -> Shop:
    """Four lamps, two of them in the category of desk lamps."""
    await make.a_category(conn, code="root")
    await make.a_category(conn, code="desk", parent="root")
    sizes = [Option("s", {"en": "Small"}), Option("m", {"en": "Medium"}), Option("l", {})]
    await attributes.define(
        conn, code="size", type="SELECT", labels={"en": "Size"}, options=sizes, filterable=True, position=2
    )
    await make.an_attribute(conn, code="name", localizable=True, position=9)
    await make.an_attribute(conn, code="color", type="SELECT", options=["red", "blue"], filterable=True, position=1)
    await make.an_attribute(conn, code="use", type="MULTI_SELECT", options=["in", "out"], filterable=True, position=3)
    await make.an_attribute(conn, code="dim", type="BOOLEAN", filterable=True, position=4)
    await make.an_attribute(conn, code="weight", type="MEASUREMENT", filterable=True, position=5, **GRAMS)
    await make.an_attribute(conn, code="since", type="DATE", filterable=True, position=6)
    await make.an_attribute(conn, code="fee", type="MONEY", filterable=True, position=7)
    await make.an_attribute(conn, code="lumen", type="NUMBER", filterable=True, position=8)
    await make.an_attribute(conn, code="hidden", type="SELECT", options=["x"])
    channel = await make.a_channel(conn, code="shop", locales=["en"], category_tree="root")
    await make.a_price_list(conn, code="eur", channels=["shop"])
    said: list[dict[str, Any]] = [
        {"color": "red", "size": "s", "use": ["in", "out"], "weight": "300 gram", "since": "2024-01-01", "lumen": 10},
        {"color": "red", "size": "m", "use": ["in"], "dim": True, "weight": "1.5 kilogram", "since": "2024-12-31"},
        {"color": "blue", "size": "m", "dim": False, "fee": "5 EUR", "lumen": 30, "since": "2025-06-01"},
        {"color": "blue", "size": "l", "hidden": "x", "fee": "7.50 EUR", "lumen": 20},
    ]
    lamps = [lamp(n, "desk" if n < 2 else None, one) for n, one in enumerate(said)]
    await catalog.save_products(conn, lamps, actor="Ada")
    await listings.publish(conn, channel="shop", products=[one.code for one in lamps], position=1)
    prices = [PriceInput(f"lamp{n}", Decimal(10 * (n + 1))) for n in range(3)]
    await catalog.set_prices(conn, price_list="eur", prices=prices, set_by="Ada", now=NOW)
    return Shop(channel, "en")


def lamp(number: int, category: str | None, said: dict[str, Any]) -> ProductInput:
    def value(code: str, told: Any) -> Any:
        match code:
            case "weight":
                amount, unit = told.split()
                return {"amount": amount, "unit": unit}
            case "fee":
                amount, currency = told.split()
                return {"amount": amount, "currency": currency}
        return told

    values = [ValueInput(code, value(code, told)) for code, told in said.items()]
    name = ValueInput("name", f"Lamp {number}", None, "en")
    variants = (VariantInput(f"lamp{number}"),)
    return ProductInput(f"lamp{number}", None, (category,) if category else (), (name, *values), variants)


async def facets(conn: WriteConn, shop: Shop, *picked: AttributeFilter, **wanted: Any) -> dict[str, dict[str, int]]:
    """The values of each facet with their counts, in their order."""
    query = await filters.resolve(conn, ListingQuery(shop, ListingFilter(attributes=picked, **wanted)))
    found = (await counting.facets(conn, [query]))[query]
    return {one.code: {each.value: each.count for each in one.values} for one in found}


async def spans(conn: WriteConn, shop: Shop, *picked: AttributeFilter, **wanted: Any) -> dict[str, Span]:
    query = await filters.resolve(conn, ListingQuery(shop, ListingFilter(attributes=picked, **wanted)))
    found = (await counting.facets(conn, [query]))[query]
    return {one.code: one.range for one in found if one.range}


async def names(conn: WriteConn, shop: Shop, *picked: AttributeFilter) -> list[str]:
    query = await filters.resolve(conn, ListingQuery(shop, ListingFilter(attributes=picked)))
    return [one.name[-1] for one in (await queries.page_of_listings(conn, query, Window(10))).items]


RED, MEDIUM = AttributeFilter("color", ("red",)), AttributeFilter("size", ("m",))


@pytest.mark.parametrize("every", [{}, {"skus": ("lamp0", "lamp1", "lamp2", "lamp3")}], ids=["kept", "counted"])
async def test_facets_come_by_position_their_values_by_count_and_then_by_option(
    conn: WriteConn, shop: Shop, every: Any
) -> None:
    found = await facets(conn, shop, **every)
    assert list(found) == ["color", "size", "use", "dim", "weight", "since", "fee", "lumen"]
    assert list(found["size"].items()) == [("m", 2), ("s", 1), ("l", 1)]
    assert found["use"] == {"in": 2, "out": 1}
    assert found["dim"] == {"true": 1, "false": 1}
    assert found["weight"] == {}


@pytest.mark.parametrize("every", [{}, {"skus": ("lamp0", "lamp1", "lamp2", "lamp3")}], ids=["kept", "counted"])
async def test_facets_of_numbers_say_from_where_to_where(conn: WriteConn, shop: Shop, every: Any) -> None:
    found = await spans(conn, shop, **every)
    assert found["weight"] == Span(Decimal("0.3"), Decimal("1.5"), "kilogram")
    assert found["since"] == Span(first=date(2024, 1, 1), last=date(2025, 6, 1))
    assert found["fee"] == Span(Decimal(5), Decimal("7.5"), "EUR")
    assert found["lumen"] == Span(Decimal(10), Decimal(30))


async def test_what_is_picked_narrows_every_facet_but_its_own(conn: WriteConn, shop: Shop) -> None:
    found = await facets(conn, shop, RED)
    assert found["color"] == {"red": 2, "blue": 2}
    assert found["size"] == {"s": 1, "m": 1}
    both = await facets(conn, shop, RED, MEDIUM)
    assert both["color"] == {"red": 1, "blue": 1}
    assert both["size"] == {"s": 1, "m": 1}
    assert both["use"] == {"in": 1}


async def test_a_category_and_a_search_narrow_the_facet_that_something_is_picked_of(
    conn: WriteConn, shop: Shop
) -> None:
    assert (await facets(conn, shop, MEDIUM, category="desk"))["size"] == {"m": 1, "s": 1}
    assert (await facets(conn, shop, MEDIUM, search="lamp 2"))["size"] == {"m": 1}


async def test_what_is_picked_stays_among_the_values_where_nothing_has_it(conn: WriteConn, shop: Shop) -> None:
    found = await facets(conn, shop, RED, AttributeFilter("size", ("l",)))
    assert found["size"] == {"s": 1, "m": 1, "l": 0}
    assert found["color"] == {"blue": 1, "red": 0}


async def test_a_range_narrows_every_span_but_its_own(conn: WriteConn, shop: Shop) -> None:
    heavy = AttributeFilter("weight", min=Decimal(1), unit="kg")
    found = await spans(conn, shop, heavy)
    assert found["weight"] == Span(Decimal("0.3"), Decimal("1.5"), "kilogram")
    assert found["since"] == Span(first=date(2024, 12, 31), last=date(2024, 12, 31))


@pytest.mark.parametrize(
    ("picked", "found"),
    [
        (AttributeFilter("since", since=date(2024, 12, 31)), "12"),
        (AttributeFilter("since", since=date(2024, 1, 1), until=date(2024, 12, 31)), "0"),
        (AttributeFilter("since", until=date(2025, 1, 1)), "01"),
        (AttributeFilter("fee", max=Decimal(5)), "2"),
        (AttributeFilter("fee", min=Decimal("5.01"), unit="EUR"), "3"),
        (AttributeFilter("lumen", min=Decimal(15)), "23"),
        (AttributeFilter("lumen", ("10", "20")), "03"),
        (AttributeFilter("lumen", ("10", "20"), min=Decimal(15)), "3"),
        (AttributeFilter("weight", max=Decimal("0.3")), "0"),
        (AttributeFilter("weight", max=Decimal(300), unit="gram"), "0"),
        (AttributeFilter("color", ("no such",)), ""),
        (AttributeFilter("color", ("red\0",)), ""),
    ],
)
async def test_ranges_find_dates_money_and_numbers(
    conn: WriteConn, shop: Shop, picked: AttributeFilter, found: str
) -> None:
    assert "".join(await names(conn, shop, picked)) == found


@pytest.mark.parametrize(
    "picked",
    [
        AttributeFilter("color", since=date(2024, 1, 1)),
        AttributeFilter("since", min=Decimal(1)),
        AttributeFilter("fee", min=Decimal(1), unit="USD"),
        AttributeFilter("hidden", ("x",)),
        AttributeFilter("color", tuple(map(str, range(501)))),
        AttributeFilter("weight", min=Decimal("NaN")),
    ],
)
async def test_what_cannot_be_picked_is_refused(conn: WriteConn, shop: Shop, picked: AttributeFilter) -> None:
    with pytest.raises(InvalidInput):
        await names(conn, shop, picked)


async def test_the_span_of_prices_is_what_is_found_at_any_price(conn: WriteConn, shop: Shop) -> None:
    async def span(**wanted: Any) -> tuple[str, str] | None:
        query = await filters.resolve(conn, ListingQuery(shop, ListingFilter(**wanted)))
        found = (await counting.price_spans(conn, [query])).get(query)
        return (str(found.min.amount), str(found.max.amount)) if found else None

    assert await span() == ("10.00", "30.00")
    assert await span(min_price=Decimal(15)) == ("10.00", "30.00")
    assert await span(attributes=(RED,)) == ("10.00", "20.00")
    assert await span(skus=("lamp3",)) is None


async def test_a_rare_value_and_a_range_of_very_many_are_found_too(conn: WriteConn, shop: Shop) -> None:
    many = [
        ProductInput(f"l{n}", None, (), (ValueInput("lumen", 1000 + n),), (VariantInput(f"l{n}"),)) for n in range(500)
    ]
    more = [
        ProductInput(f"m{n}", None, (), (ValueInput("lumen", 2000 + n),), (VariantInput(f"m{n}"),)) for n in range(501)
    ]
    for some in (many, more[:500], more[500:]):
        await catalog.save_products(conn, some, actor="Ada")
        await listings.publish(conn, channel="shop", products=[one.code for one in some])
    bright = await filters.resolve(
        conn, ListingQuery(shop, ListingFilter(attributes=(AttributeFilter("lumen", min=Decimal(1000)),)))
    )
    assert bright.picked[0].terms is None
    assert (await counting.counts(conn, [bright]))[bright] == 1001
    rare = await filters.resolve(conn, ListingQuery(shop, ListingFilter(attributes=(RED,))))
    assert not rare.picked[0].common
    assert (await counting.counts(conn, [rare]))[rare] == 2


@pytest.mark.parametrize(
    ("family", "amount", "unit", "bounds"),
    [("time", "8", "minute", ("8", "8")), ("mass", "150", "gram", ("150", "150")), ("length", "1", "inch", ("1", "1"))],
)
def test_a_bound_is_what_was_said_however_it_was_converted(
    family: str, amount: str, unit: str, bounds: tuple[str, str]
) -> None:
    there = units.from_base(family, units.base(family, Decimal(amount), unit), unit)
    found = [counting._rounded(there, rounding) for rounding in (ROUND_FLOOR, ROUND_CEILING)]  # noqa: SLF001
    assert tuple(f"{one:f}" for one in found) == bounds
