import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text, Uuid, insert, select, text

from kernel import paging
from kernel.db import WriteConn
from kernel.errors import InvalidInput
from kernel.paging import Order, Page, Window, page, pages

THINGS = Table(
    "thing", MetaData(), Column("id", Uuid), Column("of", Uuid), Column("rank", Integer), Column("name", Text)
)
ONE, TWO, NONE = (uuid.UUID(int=n) for n in (1, 2, 3))
_c = THINGS.c
BY_RANK = Order("rank", [_c.rank, _c.id], kinds=[int, uuid.UUID])
DOWN = Order("rank down", [_c.rank, _c.id], descending=True, kinds=[int, uuid.UUID])


@dataclass(frozen=True)
class Thing:
    id: uuid.UUID
    name: str


@pytest.fixture
async def things(conn: WriteConn) -> WriteConn:
    """Ten of ONE and three of TWO, two of each rank."""
    await conn.execute(text("CREATE TABLE thing (id uuid, of uuid, rank int, name text)"))
    rows = [{"id": uuid.UUID(int=100 + n), "of": ONE, "rank": n // 2, "name": f"{n}"} for n in range(10)]
    rows += [{"id": uuid.UUID(int=200 + n), "of": TWO, "rank": n // 2, "name": f"two {n}"} for n in range(3)]
    await conn.execute(insert(THINGS), rows)
    return conn


async def read(conn: WriteConn, window: Window, order: Order = BY_RANK) -> Page[Thing]:
    return await page(conn, select(_c.id, _c.name).where(_c.of == ONE), order, window, Thing)


def names(found: Page[Thing]) -> str:
    return "".join(one.name for one in found.items)


async def test_a_list_is_walked_forward(things: WriteConn) -> None:
    first = await read(things, Window(4))
    second = await read(things, Window(4, first.cursors[-1]))
    third = await read(things, Window(4, second.cursors[-1]))
    assert [names(one) for one in (first, second, third)] == ["0123", "4567", "89"]
    assert [one.has_next for one in (first, second, third)] == [True, True, False]
    assert [one.has_previous for one in (first, second, third)] == [False, True, True]


async def test_a_list_is_walked_backward(things: WriteConn) -> None:
    last = await read(things, Window(4, backward=True))
    middle = await read(things, Window(4, last.cursors[0], backward=True))
    start = await read(things, Window(4, middle.cursors[0], backward=True))
    assert [names(one) for one in (last, middle, start)] == ["6789", "2345", "01"]
    assert [one.has_previous for one in (last, middle, start)] == [True, True, False]
    assert [one.has_next for one in (last, middle, start)] == [False, True, True]


async def test_a_descending_list_is_walked_both_ways(things: WriteConn) -> None:
    first = await read(things, Window(3), DOWN)
    second = await read(things, Window(3, first.cursors[-1]), DOWN)
    back = await read(things, Window(3, second.cursors[0], backward=True), DOWN)
    assert [names(one) for one in (first, second, back)] == ["987", "654", "987"]


@pytest.mark.parametrize("backward", [False, True])
async def test_a_window_of_nothing_says_whether_there_is_anything(things: WriteConn, *, backward: bool) -> None:
    found = await read(things, Window(0, backward=backward))
    assert (found.items, found.has_next, found.has_previous) == ([], not backward, backward)


async def test_the_same_window_of_many_lists_is_read_at_once(things: WriteConn) -> None:
    async def of_each(window: Window, order: Order = BY_RANK) -> list[Page[Thing]]:
        found = await pages(things, select(_c.id, _c.name), _c.of, [ONE, TWO, NONE], order, window, Thing)
        return [found[ONE], found[TWO], found[NONE]]

    first = await of_each(Window(2))
    assert [names(one) for one in first] == ["01", "two 0two 1", ""]
    assert [one.has_next for one in first] == [True, True, False]
    assert [names(one) for one in await of_each(Window(2, first[1].cursors[-1]))] == ["23", "two 2", ""]
    assert [names(one) for one in await of_each(Window(2, backward=True))] == ["89", "two 1two 2", ""]
    assert [names(one) for one in await of_each(Window(2), DOWN)] == ["98", "two 2two 1", ""]


async def test_a_list_that_is_asked_for_twice_is_read_once(things: WriteConn) -> None:
    found = await pages(things, select(_c.id, _c.name), _c.of, [TWO, TWO], BY_RANK, Window(9), Thing)
    assert names(found[TWO]) == "two 0two 1two 2"


@pytest.mark.parametrize(
    "key",
    [
        ["rank down", 1, str(ONE)],
        ["rank"],
        ["rank", 1],
        ["rank", 1, str(ONE), 2],
        ["rank", "1", str(ONE)],
        ["rank", True, str(ONE)],
        ["rank", 1.5, str(ONE)],
        ["rank", None, str(ONE)],
        ["rank", 1, "x"],
        ["rank", 1, 5],
        ["rank", 1, None],
        ["rank", 2**63, str(ONE)],
        [{}, 1, str(ONE)],
    ],
)
async def test_a_cursor_of_another_order_is_refused(things: WriteConn, key: list[Any]) -> None:
    with pytest.raises(InvalidInput):
        await read(things, Window(1, paging.encode(key)))


async def test_a_cursor_beyond_the_column_stands_at_its_end(things: WriteConn) -> None:
    found = await read(things, Window(1, paging.encode(["rank", 2**40, str(ONE)]), backward=True))
    assert names(found) == "9"


@pytest.mark.parametrize(
    ("kind", "value"), [(str, "a\0"), (datetime, "x"), (datetime, 5), (float, "x"), (float, "nan")]
)
def test_a_cursor_with_another_key_is_refused(kind: type, value: object) -> None:
    order = Order("o", [_c.name], kinds=[kind])
    with pytest.raises(InvalidInput):
        order.decode(paging.encode(["o", value]), "after")


@pytest.mark.parametrize(
    ("kind", "value"), [(float, 0.1 + 0.2), (datetime, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=1))]
)
def test_a_key_survives_its_cursor(kind: type, value: object) -> None:
    order = Order("o", [_c.name], kinds=[kind])
    assert order.decode(order.encode([value]), "after") == [value]


@pytest.mark.parametrize("cursor", ["", "x", "e30", "W10", "ä", "\ud800", "bnVsbA"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        paging.decode(cursor, "after")


@pytest.mark.parametrize(
    ("given", "window"),
    [
        ((5, None, None, None), Window(5)),
        ((5, "c", None, None), Window(5, "c")),
        ((None, None, 5, None), Window(5, backward=True)),
        ((None, None, 5, "c"), Window(5, "c", backward=True)),
        ((0, None, None, None), Window(0)),
    ],
)
def test_the_four_arguments_mean_one_window(given: tuple[Any, ...], window: Window) -> None:
    assert Window.of(*given) == window


@pytest.mark.parametrize(
    "given",
    [
        (None, None),
        (None, "c"),
        (-1, None),
        (101, None),
        (5, None, 5, None),
        (5, None, None, "c"),
        (None, "c", 5, None),
        (None, None, -1, None),
        (None, None, 101, None),
    ],
)
def test_arguments_that_mean_no_window_are_refused(given: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidInput):
        Window.of(*given)


@given(
    before=st.lists(st.integers(0, 9), max_size=25),
    later=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 9)), max_size=15),
    size=st.integers(1, 7),
    down=st.booleans(),
    backward=st.booleans(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_walk_meets_nothing_twice_and_misses_nothing_that_was_there(
    conn: WriteConn, before: list[int], later: list[tuple[int, int]], size: int, *, down: bool, backward: bool
) -> None:
    await conn.execute(text("DROP TABLE IF EXISTS thing"))
    await conn.execute(text("CREATE TABLE thing (id uuid, of uuid, rank int, name text)"))
    order = DOWN if down else BY_RANK

    async def add(rank: int) -> uuid.UUID:
        row = {"id": uuid.uuid4(), "of": ONE, "rank": rank, "name": ""}
        await conn.execute(insert(THINGS), row)
        return row["id"]  # type: ignore[return-value]

    there = [await add(rank) for rank in before]
    met, cursor = list[uuid.UUID](), None
    for step in range(100):
        found = await read(conn, Window(size, cursor, backward), order)
        met += [one.id for one in (reversed(found.items) if backward else found.items)]
        for at, rank in later:
            if at == step:
                await add(rank)
        if not (found.has_previous if backward else found.has_next):
            break
        cursor = found.cursors[0 if backward else -1]
    assert len(set(met)) == len(met)
    assert set(there) <= set(met)
