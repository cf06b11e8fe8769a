"""Paging through listings while the shop changes: what nobody touches is seen once, whatever else happens."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from kernel.db import WriteConn
from kernel.paging import Window
from pim.catalog import operations as catalog
from pim.listings import filters, queries
from pim.listings import operations as listings
from pim.listings.model import ListingFilter, ListingQuery, Shop
from pim.products.model import ProductInput, ValueInput, VariantInput
from tests import make

UNTOUCHED, TOUCHED, NEW = range(8), range(8, 14), range(14, 20)
WORDS = ["Ähre", "abend", "Bär", "bär", "Zug", "zaun"]
KINDS = st.sampled_from(["publish", "withdraw", "reprice", "move", "rename"])
CHANGES = st.lists(st.tuples(KINDS, st.sampled_from([*TOUCHED, *NEW]), st.integers(0, 5)), max_size=4)


def tent(number: int, word: int) -> ProductInput:
    name = ValueInput("name", f"{WORDS[word]} tent {'tent ' * (number % 3)}", None, "en")
    return ProductInput(f"p{number}", None, ("tents",), (name,), (VariantInput(f"p{number}"),))


@pytest.fixture
async def shop(conn: WriteConn) -> Shop:
    await make.a_category(conn, code="root")
    await make.a_category(conn, code="tents", parent="root")
    await make.an_attribute(conn, code="name", localizable=True)
    channel = await make.a_channel(conn, code="shop", locales=["en"], category_tree="root")
    there = [*UNTOUCHED, *TOUCHED]
    await catalog.save_products(conn, [tent(n, n % 6) for n in [*there, *NEW]], actor="Ada")
    for n in there:
        await listings.publish(conn, channel="shop", products=[f"p{n}"], position=n % 4)
    for n in there:
        await change(conn, "reprice", n, n % 3)
    await conn.execute(text("UPDATE listing SET published_at = now() - position * interval '1 hour'"))
    return Shop(channel, "en")


async def change(conn: WriteConn, kind: str, number: int, value: int) -> None:
    code = f"p{number}"
    match kind:
        case "publish" | "move":
            await listings.publish(conn, channel="shop", products=[code], position=value)
        case "withdraw":
            await listings.publish(conn, channel="shop", products=[code], withdraw=True)
        case "rename":
            await catalog.save_products(conn, [tent(number, value)], actor="Ada")
        case "reprice":
            await conn.execute(REPRICE, {"code": code, "price": value})


REPRICE = text("UPDATE listing SET price = :price WHERE product_id = (SELECT id FROM product WHERE code = :code)")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    by=st.sampled_from(["RELEVANCE", "NAME", "PRICE", "NEWEST", "POSITION"]),
    down=st.booleans(),
    wanted=st.sampled_from([{}, {"category": "tents"}, {"search": "tent"}, {"search": "tnet", "category": "tents"}]),
    size=st.integers(1, 4),
    changes=st.lists(CHANGES, max_size=8),
)
async def test_what_is_untouched_is_neither_repeated_nor_skipped(
    conn: WriteConn, shop: Shop, by: str, *, down: bool, wanted: Any, size: int, changes: list[Any]
) -> None:
    query = ListingQuery(shop, ListingFilter(**wanted), by, down)
    owners = text("SELECT l.id, p.code FROM listing l JOIN product p ON p.id = l.product_id")
    started = await conn.begin_nested()
    try:
        whole = await queries.page_of_listings(conn, await filters.resolve(conn, query), Window(100))
        seen, cursor, waiting = [], None, list(changes)
        while True:
            page = await queries.page_of_listings(conn, await filters.resolve(conn, query), Window(size, cursor))
            seen += [one.id for one in page.items]
            if not page.has_next:
                break
            cursor = page.cursors[-1]
            for one in waiting.pop(0) if waiting else ():
                await change(conn, *one)
        codes = dict(tuple(row) for row in await conn.execute(owners))
        untouched = {f"p{n}" for n in UNTOUCHED}
        assert [codes[one] for one in seen if codes[one] in untouched] == [
            codes[one.id] for one in whole.items if codes[one.id] in untouched
        ]
        assert untouched <= {codes[one] for one in seen}
    finally:
        await started.rollback()
