"""What products were: their revisions, newest first, and their state at any of them."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, literal, select, text, union_all

from kernel.db import ReadConn
from kernel.paging import Order, Page, Window, pages_by_window

from . import queries, states
from .model import Change, Product, Version
from .states import Facts, State
from .tables import product, product_revision

MOST_SINCE = 1_000  # revisions that are unwound to see whether an input is stale
TRIES = 5


@dataclass(frozen=True, slots=True)
class Told:
    """A revision with what it changed."""

    number: int
    at: datetime
    actor: str
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Revision:
    product_id: uuid.UUID
    number: int
    at: datetime
    actor: str

    @property
    def version(self) -> Version:
        return self.product_id, self.number


async def since(conn: ReadConn, bases: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, list[Told]]:
    """The revisions of each product after the given one, the newest first."""
    found: dict[uuid.UUID, list[Told]] = {}
    if bases:
        given = {"products": list(bases), "bases": list(bases.values())}
        for product_id, number, at, actor, changes in await conn.execute(_SINCE, given):
            found.setdefault(product_id, []).append(Told(number, at, actor, states.read(changes)))
    return found


_p, _r = product.c, product_revision.c
_ALL = union_all(
    select(_r.product_id, _r.number, _r.at, _r.actor),
    select(_p.id, literal(1, Integer), _p.created_at, _p.created_by),
).subquery("revision")


async def page_by_product(
    conn: ReadConn, keys: Collection[tuple[uuid.UUID, Window]]
) -> dict[tuple[uuid.UUID, Window], Page[Revision]]:
    """Each product's revisions, the newest first; the last of them is its creation."""
    order = Order("revision", [_ALL.c.number], descending=True, kinds=[int])
    return await pages_by_window(conn, select(_ALL), _ALL.c.product_id, keys, order, Revision)


async def changes_by_version(conn: ReadConn, keys: Collection[Version]) -> dict[Version, list[Change]]:
    """What each revision changed. Of a creation it is all that was said then: what is left once the rest is undone."""
    products, numbers = zip(*keys, strict=True) if keys else ((), ())
    rows = await conn.execute(_CHANGES, {"products": list(products), "numbers": list(numbers)})
    found = {(product_id, number): states.read(changes) for product_id, number, changes in rows}
    first = {product_id: 1 for product_id, number in keys if number == 1}
    for product_id, (_, said) in (await _unwound(conn, first)).items():
        found[product_id, 1] = states.diff({}, said)
    return found


async def states_at(conn: ReadConn, moments: Mapping[uuid.UUID, datetime]) -> dict[uuid.UUID, tuple[Revision, State]]:
    """The revision that each product was at then, and what it said; nothing where the product was not there yet."""
    given = {"products": list(moments), "moments": list(moments.values())}
    then = {row.product_id: Revision(*row) for row in await conn.execute(_THEN, given)}
    past = await _unwound(conn, {product_id: one.number for product_id, one in then.items()})
    return {product_id: (then[product_id], states.state_of(one.code, said)) for product_id, (one, said) in past.items()}


async def _unwound(conn: ReadConn, numbers: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, tuple[Product, Facts]]:
    """What each product said at a revision, read until nobody changes it meanwhile."""
    found: dict[uuid.UUID, tuple[Product, Facts]] = {}
    left = set(numbers)
    for _ in range(TRIES):
        before = await queries.products_by_id(conn, left)
        current = await queries.states_by_product(conn, list(before.values()))
        told = await since(conn, {product_id: numbers[product_id] for product_id in before})
        after = await queries.products_by_id(conn, left)
        for product_id, one in before.items():
            if product_id in after and after[product_id].revision == one.revision:
                changes = [revision.changes for revision in told.get(product_id, ())]
                found[product_id] = (one, states.unwound(states.facts(current[product_id]), changes))
        left = before.keys() - found.keys()
        if not left:
            break
    return found


_SINCE = text("""
    SELECT r.product_id, r.number, r.at, r.actor, r.changes
    FROM unnest(CAST(:products AS uuid[]), CAST(:bases AS int[])) AS base (product_id, number)
    JOIN product_revision r ON r.product_id = base.product_id AND r.number > base.number
    ORDER BY r.product_id, r.number DESC
""")
_CHANGES = text("""
    SELECT r.product_id, r.number, r.changes
    FROM unnest(CAST(:products AS uuid[]), CAST(:numbers AS int[])) AS wanted (product_id, number)
    JOIN product_revision r USING (product_id, number)
""")
_THEN = text("""
    SELECT p.id AS product_id, coalesce(last.number, 1), coalesce(last.at, p.created_at),
        coalesce(last.actor, p.created_by)
    FROM unnest(CAST(:products AS uuid[]), CAST(:moments AS timestamptz[])) AS asked (product_id, moment)
    JOIN product p ON p.id = asked.product_id AND p.created_at <= asked.moment
    LEFT JOIN LATERAL (
        SELECT r.number, r.at, r.actor FROM product_revision r
        WHERE r.product_id = p.id AND r.at <= asked.moment
        ORDER BY r.number DESC LIMIT 1
    ) last ON true
""")
