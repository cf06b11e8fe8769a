"""Keyset paging: Relay connections, forward and backward, with opaque cursors and without offsets."""

import binascii
import uuid
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import BigInteger, ColumnElement, Select, Uuid, column, func, literal, select, true, tuple_
from sqlalchemy.types import TypeEngine

from kernel.db import ReadConn, uuids
from kernel.errors import InvalidInput

T = TypeVar("T")

MOST = 100


@dataclass(frozen=True, slots=True)
class Window:
    """What part of a list is asked for: ``size`` items behind ``cursor``, or before it when ``backward``."""

    size: int
    cursor: str | None = None
    backward: bool = False

    @classmethod
    def of(
        cls, first: int | None, after: str | None, last: int | None = None, before: str | None = None, most: int = MOST
    ) -> "Window":
        """The window that Relay's four arguments mean. Raises InvalidInput."""
        backward = first is None and last is not None
        size, name = (last, "last") if backward else (first, "first")
        if size is None:
            raise InvalidInput("first", "or last must be given")
        if (first is not None and last is not None) or (backward and after) or (not backward and before):
            raise InvalidInput("first", "first goes with after, last with before")
        if not 0 <= size <= most:
            raise InvalidInput(name, f"must be between 0 and {most}")
        return cls(size, before if backward else after, backward)


@dataclass(frozen=True, slots=True)
class Order:
    """A total order: columns, none of them null, the last one unique. ``name`` ties cursors to it."""

    name: str
    columns: Sequence[ColumnElement[Any]]
    descending: bool = False
    kinds: Sequence[type] = field(default=())

    def encode(self, values: Sequence[Any]) -> str:
        return encode([self.name, *values])

    def decode(self, cursor: str, path: str) -> list[Any]:
        """The key that ``cursor`` holds. Raises InvalidInput where it is not a cursor of this very order."""
        name, *values = decode(cursor, path)
        try:
            key = [_KINDS[kind](value) for kind, value in zip(self.kinds, values, strict=True)]
        except (ValueError, TypeError):
            key = None
        if name != self.name or key is None:
            raise InvalidInput(path, "is no cursor of this list in this order")
        return key


def _int(value: int) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError
    return value


def _str(value: str) -> str:
    if type(value) is not str or "\0" in value:
        raise ValueError
    return value


def _float(value: float) -> float:
    if type(value) is not float:
        raise ValueError
    return value


def _moment(value: Any) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError from None


_KINDS: dict[type, Callable[[Any], Any]] = {
    int: _int,
    str: _str,
    float: _float,
    uuid.UUID: lambda value: uuid.UUID(_str(value)),
    datetime: _moment,
}


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One window of a list: its items with a cursor each, and whether there is more on either side."""

    items: list[T]
    cursors: list[str]
    has_next: bool
    has_previous: bool


async def page(
    conn: ReadConn, statement: Select[Any], order: Order, window: Window, into: Callable[..., T], **given: Any
) -> Page[T]:
    """The rows of ``statement`` in ``window``, read by one statement that looks one row further.

    The columns of the order are added to the statement and taken off each row before ``into``.
    """
    result = await conn.execute(_windowed(statement, order, window), given)
    return _cut(list(result.keys()), [tuple(row) for row in result], order, window, into)


async def pages(
    conn: ReadConn,
    statement: Select[Any],
    parent: ColumnElement[Any],
    parents: Collection[uuid.UUID],
    order: Order,
    window: Window,
    into: Callable[..., T],
) -> dict[uuid.UUID, Page[T]]:
    """The same window of each parent's rows, ``parent`` being the column that names it: one statement for them all."""
    one = func.unnest(uuids(set(parents))).table_valued(column("_of", Uuid)).render_derived(name="parent")
    rows = _windowed(statement.where(parent == one.c["_of"]), order, window).lateral("page")
    keys = [rows.c[f"_key{place}"] for place in range(len(order.columns))]
    down = order.descending != window.backward
    wanted = select(one, rows).select_from(one).join(rows, true())
    result = await conn.execute(wanted.order_by(*(key.desc() if down else key.asc() for key in keys)))
    names = list(result.keys())[1:]
    found: dict[uuid.UUID, list[tuple[Any, ...]]] = {key: [] for key in parents}
    for key, *row in result:
        found[key].append(tuple(row))
    return {key: _cut(names, mine, order, window, into) for key, mine in found.items()}


async def pages_by_window(
    conn: ReadConn,
    statement: Select[Any],
    parent: ColumnElement[Any],
    keys: Collection[tuple[uuid.UUID, Window]],
    order: Order,
    into: Callable[..., T],
) -> dict[tuple[uuid.UUID, Window], Page[T]]:
    """The same for a window of each parent's own: one statement for all that are asked the same."""
    found: dict[tuple[uuid.UUID, Window], Page[T]] = {}
    for window in {window for _, window in keys}:
        parents = [one for one, mine in keys if mine == window]
        read = await pages(conn, statement, parent, parents, order, window, into)
        found |= {(one, window): some for one, some in read.items()}
    return found


def _windowed(statement: Select[Any], order: Order, window: Window) -> Select[Any]:
    """``statement`` cut to one row more than the window, its keys added behind its columns."""
    keys = order.columns
    downward = order.descending != window.backward
    statement = statement.add_columns(*(key.label(f"_key{place}") for place, key in enumerate(keys)))
    if window.cursor is not None:
        values = order.decode(window.cursor, "before" if window.backward else "after")
        bound = [literal(value, _type(value, key)) for value, key in zip(values, keys, strict=True)]
        row, edge = (keys[0], bound[0]) if len(keys) == 1 else (tuple_(*keys), tuple_(*bound))
        statement = statement.where(row < edge if downward else row > edge)
    return statement.order_by(*(key.desc() if downward else key.asc() for key in keys)).limit(window.size + 1)


def _type(value: Any, key: ColumnElement[Any]) -> TypeEngine[Any]:
    """What a bound of ``key`` is sent as: a whole number wide, for a cursor may stand beyond a narrow column."""
    return BigInteger() if type(value) is int else key.type


def _cut(
    names: Sequence[str], rows: list[tuple[Any, ...]], order: Order, window: Window, into: Callable[..., T]
) -> Page[T]:
    width = len(order.columns)
    more = len(rows) > window.size
    rows = rows[: window.size]
    if window.backward:
        rows.reverse()
    return Page(
        items=[into(**dict(zip(names[:-width], row, strict=False))) for row in rows],
        cursors=[order.encode(row[-width:]) for row in rows],
        has_next=window.cursor is not None if window.backward else more,
        has_previous=more if window.backward else window.cursor is not None,
    )


def encode(values: Sequence[Any]) -> str:
    """An opaque cursor of ``values``."""
    return urlsafe_b64encode(orjson.dumps(list(values), default=str)).decode().rstrip("=")


def decode(cursor: str, path: str) -> list[Any]:
    """The values in a cursor that ``encode`` made. Raises InvalidInput."""
    try:
        values = orjson.loads(b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (ValueError, binascii.Error):
        values = None
    if not isinstance(values, list) or not values or not all(map(_is_storable, values)):
        raise InvalidInput(path, "is no cursor that this hub gave out")
    return values


def _is_storable(value: Any) -> bool:
    """Whether PostgreSQL can hold it: no integer beyond 64 bits, no text with U+0000; and no cursor has a boolean."""
    match value:
        case bool():
            return False
        case int():
            return -(2**63) <= value < 2**63
        case str():
            return "\0" not in value
    return True
