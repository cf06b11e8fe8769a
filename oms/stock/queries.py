import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, any_, select, text

from kernel.db import ReadConn, fetch, texts
from kernel.paging import Order, Page, Window, page, pages
from oms.locations.tables import location
from pim.products.tables import product, variant

from .model import Movement, StockLevel, deltas
from .tables import STATES, stock_level, stock_movement

_s, _m = stock_level.c, stock_movement.c
LEVEL: tuple[ColumnElement[Any], ...] = (
    _s.variant_id,
    _s.location_id,
    variant.c.sku,
    location.c.code.label("location"),
    _s.on_hand,
    *(_s[state] for state in STATES),
    _s.updated_at,
)
LEVELS: Select[Any] = (
    select(*LEVEL)
    .select_from(stock_level)
    .join(variant, variant.c.id == _s.variant_id)
    .join(location, location.c.id == _s.location_id)
)


@dataclass(frozen=True, slots=True)
class StockFilter:
    """What levels are wanted; ``only`` those where the caller works, if that is limited."""

    search: str | None = None
    skus: tuple[str, ...] | None = None
    below: int | None = None
    changed_since: datetime | None = None
    only: frozenset[str] | None = None


async def levels_by_sku(
    conn: ReadConn, skus: Collection[str], *, locations: Collection[str] | None = None, only: Collection[str] | None
) -> list[StockLevel]:
    """The levels of these skus, by sku and location; ``only`` where the caller works, if that is limited."""
    wanted = LEVELS.where(variant.c.sku == any_(texts(skus)))
    for codes in (locations, only):
        if codes is not None:
            wanted = wanted.where(location.c.code == any_(texts(codes)))
    return await fetch(conn, wanted.order_by(variant.c.sku, location.c.code), StockLevel)


async def levels_by_key(conn: ReadConn, keys: Collection[str]) -> dict[str, StockLevel]:
    """The levels of keys ``variant:location``."""
    pairs = [tuple(map(uuid.UUID, key.split(":"))) for key in keys]
    given = {"variants": [pair[0] for pair in pairs], "locations": [pair[1] for pair in pairs]}
    wanted = LEVELS.where(
        text("""
            (variant_id, location_id) IN (SELECT * FROM unnest(CAST(:variants AS uuid[]), CAST(:locations AS uuid[])))
        """)
    )
    return {one.key: one for one in await fetch(conn, wanted, StockLevel, **given)}


async def page_of_levels(
    conn: ReadConn, keys: Collection[tuple[uuid.UUID, Window, StockFilter]]
) -> dict[tuple[uuid.UUID, Window, StockFilter], Page[StockLevel]]:
    """A page of the levels at each location, by sku: one statement for all locations asked the same."""
    alike: dict[tuple[Window, StockFilter], list[uuid.UUID]] = defaultdict(list)
    for at, window, wanted in keys:
        alike[window, wanted].append(at)
    return {
        (at, window, wanted): found
        for (window, wanted), parents in alike.items()
        for at, found in (
            await pages(conn, _wanted(wanted), _s.location_id, parents, _BY_SKU, window, StockLevel)
        ).items()
    }


_BY_SKU = Order("stock.sku", [variant.c.sku], kinds=[str])


def _wanted(wanted: StockFilter) -> Select[Any]:
    levels: Select[Any] = LEVELS
    if wanted.only is not None:
        levels = levels.where(location.c.code == any_(texts(wanted.only)))
    if wanted.skus is not None:
        levels = levels.where(variant.c.sku == any_(texts(wanted.skus)))
    if wanted.search is not None:
        word = product.c.search.contains(wanted.search.lower(), autoescape=True)
        levels = levels.join(product, product.c.id == variant.c.product_id).where(word)
    if wanted.below is not None:
        levels = levels.where(_s.available < wanted.below)
    if wanted.changed_since is not None:
        levels = levels.where(_s.updated_at >= wanted.changed_since)
    return levels


async def page_of_movements(
    conn: ReadConn, window: Window, *, sku: str, at: str, only: Collection[str] | None
) -> Page[Movement]:
    """The ledger of a sku at a location, the newest first; empty where the caller does not work there."""
    wanted = (
        select(stock_movement)
        .join(variant, variant.c.id == _m.variant_id)
        .join(location, location.c.id == _m.location_id)
        .where(variant.c.sku == sku, location.c.code == at)
    )
    if only is not None:
        wanted = wanted.where(location.c.code == any_(texts(only)))
    return await page(conn, wanted, Order("movement", [_m.id], descending=True, kinds=[int]), window, _movement)


def _movement(**row: Any) -> Movement:
    after = {state.upper(): row[f"{state}_after"] for state in STATES}
    balance = {"ON_HAND": sum(row[f"{state}_after"] for state in STATES[:-1])} | after
    facts = {name: row[name] for name in ("id", "at", "reason", "reference", "actor", "note")}
    return Movement(**facts, deltas=deltas(row), balance=balance)


async def off_the_ledger(conn: ReadConn, most: int = 100) -> list[dict[str, Any]]:
    """Levels that are not the sum of their movements: there must be none."""
    return [dict(row) for row in (await conn.execute(_OFF, {"most": most})).mappings()]


_SUMS = ", ".join(f"coalesce(sum({state}), 0) AS {state}" for state in STATES)
_OFF = text(f"""
    SELECT variant_id, location_id, {", ".join(f"coalesce(l.{s}, 0) - coalesce(m.{s}, 0) AS {s}" for s in STATES)}
    FROM stock_level l
    FULL JOIN (SELECT variant_id, location_id, {_SUMS} FROM stock_movement GROUP BY 1, 2) m
        USING (variant_id, location_id)
    WHERE ({", ".join(f"coalesce(l.{s}, 0)" for s in STATES)})
        <> ({", ".join(f"coalesce(m.{s}, 0)" for s in STATES)})
    LIMIT :most
""")


def level_key(key: str) -> str:
    """``key`` itself, if it is that of a level: variant:location. Raises ValueError."""
    variant_id, location_id = (uuid.UUID(part) for part in key.split(":"))
    return f"{variant_id}:{location_id}"
