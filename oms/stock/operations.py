import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from kernel import ids
from kernel.db import WriteConn, fetch, to_json
from kernel.errors import DomainError, Forbidden, InvalidInput, NotFound
from kernel.outbox import camel, emit
from kernel.principals import Principal
from oms.locations import queries as location_queries
from pim.listings import exclusions
from pim.listings import operations as listing_operations
from pim.products import queries as product_queries

from .events import StockAdjusted
from .model import ADJUSTABLE, REASONS, Adjusting, Adjustment, Setting, StaleQuantity, StockLevel, UnknownSku, deltas
from .queries import levels_by_key
from .tables import STATES

MOST = 1_000
MOST_UNITS = 10_000_000
MOST_ON_HAND = 1_000_000_000
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Why:
    """What stands in the ledger beside every change."""

    reason: str
    actor: str
    reference: str | None = None
    note: str | None = None


async def adjust(conn: WriteConn, caller: Principal, *, why: Why, adjustments: Sequence[Adjusting]) -> Adjustment:
    """Add to states of up to 1,000 levels at once, all or nothing.

    A delta of ON_HAND goes to what is available. Raises UnknownSku, NotFound, Forbidden, InvalidInput, and
    StaleQuantity where a level is not what was expected.
    """
    lines: list[dict[str, Any]] = []
    for place, one in enumerate(adjustments):
        path = f"adjustments.{place}"
        if one.state not in ADJUSTABLE:
            raise InvalidInput(f"{path}.state", f"{one.state} is changed by orders and shipments, not by hand")
        if not one.delta or abs(one.delta) > MOST_UNITS:
            raise InvalidInput(f"{path}.delta", f"must not be 0 nor beyond {MOST_UNITS}")
        state = "available" if one.state == "ON_HAND" else one.state.lower()
        lines.append({state: one.delta, "expected": one.expected, "expected_of": one.state.lower()})
    return await _change(conn, caller, why, adjustments, lines, "adjustments")


async def set_levels(
    conn: WriteConn, caller: Principal, *, why: Why, quantities: Sequence[Setting], bulk: bool = False
) -> Adjustment:
    """Make the on-hand quantity of up to 1,000 levels what was counted; what is committed or reserved stays so.

    Raises as ``adjust`` does.
    """
    lines: list[dict[str, Any]] = []
    for place, one in enumerate(quantities):
        for name, value in (("quantity", one.quantity), ("safetyStock", one.safety_stock or 0)):
            if not 0 <= value <= MOST_UNITS:
                raise InvalidInput(f"quantities.{place}.{name}", f"must be between 0 and {MOST_UNITS}")
        target = {"target": one.quantity, "target_safety": one.safety_stock}
        lines.append(target | {"expected": one.expected, "expected_of": "on_hand"})
    return await _change(conn, caller, why, quantities, lines, "quantities", bulk=bulk)


async def _change(
    conn: WriteConn,
    caller: Principal,
    why: Why,
    given: Sequence[Adjusting | Setting],
    lines: list[dict[str, Any]],
    path: str,
    *,
    bulk: bool = False,
) -> Adjustment:
    _check(why, given, path)
    if denied := next((one.location for one in given if not caller.works_at(one.location)), None):
        raise Forbidden(f"the location {denied[:100]}")
    variants = await product_queries.variants_by_sku(conn, {one.sku for one in given})
    if unknown := tuple(dict.fromkeys(one.sku[:100] for one in given if one.sku not in variants)):
        raise UnknownSku(unknown)
    locations = await location_queries.locations_by_code(conn, {one.location for one in given})
    if missing := next((one.location for one in given if one.location not in locations), None):
        raise NotFound("location", missing[:100])
    for one, line in zip(given, lines, strict=True):
        line["variant_id"], line["location_id"] = str(variants[one.sku].id), str(locations[one.location].id)
    levels = await post(conn, lines, why, path=path, bulk=bulk)
    return Adjustment(tuple(levels[f"{line['variant_id']}:{line['location_id']}"] for line in lines))


def _check(why: Why, given: Sequence[Adjusting | Setting], path: str) -> None:
    if why.reason not in REASONS:
        raise InvalidInput("reason", f"must be one of {', '.join(REASONS)}")
    for name, value in (("note", why.note), ("reference", why.reference)):
        if value is not None and (len(value) > LONGEST_NOTE or "\0" in value):
            raise InvalidInput(name, f"must have at most {LONGEST_NOTE} characters")
    if not 1 <= len(given) <= MOST:
        raise InvalidInput(path, f"must be 1 to {MOST}")
    seen: set[tuple[str, str]] = set()
    for place, one in enumerate(given):
        if (one.sku, one.location) in seen:
            raise InvalidInput(f"{path}.{place}", f"{one.sku} at {one.location} is named twice")
        seen.add((one.sku, one.location))


async def post(
    conn: WriteConn, lines: Sequence[Mapping[str, Any]], why: Why, *, path: str, bulk: bool = False
) -> dict[str, StockLevel]:
    """Change levels and write the ledger: the only way in which stock ever changes. Returns the levels by key.

    A line adds to states, or sets a target. One guarded statement locks the rows in key order, decides, changes them
    and writes the movements; only when it left lines out is it asked why.
    """
    about = {"reason": why.reason, "reference": why.reference, "actor": why.actor, "note": why.note}
    rows = await _post(conn, lines, about)
    left = _left(lines, rows)
    if left:  # where a level is missing, none was held: begun in key order too, levels cannot deadlock
        await conn.execute(_OPEN, {"lines": to_json(left)})
        rows |= await _post(conn, left, about)
        left = _left(lines, rows)
    if left:
        raise await _why_not(conn, left, lines, path)
    moved = [row for row in rows.values() if row["moved"]]
    events = [_event(row, why) for row in moved]
    await emit(conn, *events, bulk=bulk)
    if crossing := sorted({row["product_id"] for row in moved if row["crossing"]}):
        await tell_listings(conn, crossing)
    return {key: _level(row) for key, row in rows.items()}


async def _post(
    conn: WriteConn, lines: Sequence[Mapping[str, Any]], about: Mapping[str, Any]
) -> dict[str, Mapping[str, Any]]:
    found = (await conn.execute(_POST, {"lines": to_json(list(lines))} | dict(about))).mappings()
    return {f"{row['variant_id']}:{row['location_id']}": dict(row) for row in found}


def _left(lines: Sequence[Mapping[str, Any]], rows: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [line for line in lines if f"{line['variant_id']}:{line['location_id']}" not in rows]


async def _why_not(
    conn: WriteConn, left: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]], path: str
) -> DomainError:
    line = left[0]
    key = f"{line['variant_id']}:{line['location_id']}"
    level = (await levels_by_key(conn, [key]))[key]
    actual = getattr(level, line["expected_of"])
    if line.get("expected") is not None and line["expected"] != actual:
        return StaleQuantity(level.sku, level.location, line["expected"], actual)
    name = f"{path}.{list(lines).index(line)}"
    problem = f"would fall below zero or rise beyond {MOST_ON_HAND}: there are {actual}"
    return InvalidInput(name, f"{level.sku} at {level.location} {problem}")


def _level(row: Mapping[str, Any]) -> StockLevel:
    return StockLevel(**{name: row[name] for name in StockLevel.__dataclass_fields__})


def _event(row: Mapping[str, Any], why: Why) -> StockAdjusted:
    level = _level(row)
    states = {camel(state): getattr(level, state) for state in ("on_hand", *STATES)}
    return StockAdjusted(
        entity=ids.entity("StockLevel", level.key),
        location=level.location,
        skus=[level.sku],
        reason=why.reason,
        reference=why.reference,
        deltas=deltas({state: row[f"{state}_delta"] for state in STATES}),
        level=states | {"location": level.location, "updatedAt": level.updated_at.isoformat()},
    )


async def tell_listings(conn: WriteConn, product_ids: Sequence[uuid.UUID]) -> None:
    """Note on the listings of these products whether anything is left.

    They are held first, so that the last one to change the stock also has the last word.
    """
    await listing_operations.lock(conn, product_ids)
    rows = await fetch(conn, _IN_STOCK, lambda **row: row, products=list(product_ids))
    await listing_operations.mark_in_stock(
        conn, {(row["channel_id"], row["product_id"]): row["in_stock"] for row in rows}
    )


_LINES = f"""
    jsonb_to_recordset(CAST(:lines AS jsonb)) AS (variant_id uuid, location_id uuid, expected int, expected_of text,
        target int, target_safety int, {", ".join(f"{state} int" for state in STATES)})
"""
_ON_HAND = "CAST(s.available AS bigint) + " + " + ".join(f"s.{state}" for state in STATES[1:-1])
_TO_SAFETY = "coalesce(n.target_safety - s.safety_stock, 0)"  # moved out of what is available
_ADDED = {
    "available": f"coalesce(n.target - ({_ON_HAND}) - {_TO_SAFETY}, n.available, 0)",
    "safety_stock": f"{_TO_SAFETY} + coalesce(n.safety_stock, 0)",
}
_DELTA = {state: _ADDED.get(state, f"coalesce(n.{state}, 0)") for state in STATES}
_SET = ", ".join(f"{state} = s.{state} + {_DELTA[state]}" for state in STATES)
_MOVED = f"({', '.join(_DELTA.values())}) <> ({', '.join('0' for _ in STATES)})"
_STILL_THERE = " AND ".join(f"s.{state} + {_DELTA[state]} >= 0" for state in STATES[1:])
_EXPECTED = "CASE n.expected_of " + " ".join(f"WHEN '{s}' THEN s.{s}" for s in STATES) + f" ELSE {_ON_HAND} END"
_POST = text(f"""
    WITH line AS (SELECT * FROM {_LINES}),
    held AS (
        SELECT s.variant_id, s.location_id FROM stock_level s JOIN line USING (variant_id, location_id)
        WHERE NOT EXISTS (
            SELECT FROM line LEFT JOIN stock_level there USING (variant_id, location_id) WHERE there.variant_id IS NULL
        )
        ORDER BY 1, 2 FOR UPDATE OF s
    ), changed AS (
        UPDATE stock_level s
        SET {_SET}, updated_at = CASE WHEN {_MOVED} THEN clock_timestamp() ELSE s.updated_at END
        FROM line n JOIN held USING (variant_id, location_id)
        WHERE s.variant_id = n.variant_id AND s.location_id = n.location_id
            AND (n.expected IS NULL OR n.expected = {_EXPECTED})
            AND {_STILL_THERE}
            AND {_ON_HAND} + {" + ".join(f"({_DELTA[s]})" for s in STATES[:-1])} BETWEEN 0 AND {MOST_ON_HAND}
        RETURNING new.*, old.available AS was, {", ".join(f"new.{s} - old.{s} AS {s}_delta" for s in STATES)}
    ), moved AS (
        INSERT INTO stock_movement (variant_id, location_id, reason, reference, actor, note,
            {", ".join(STATES)}, {", ".join(f"{s}_after" for s in STATES)})
        SELECT variant_id, location_id, :reason, :reference, :actor, :note,
            {", ".join(f"{s}_delta" for s in STATES)}, {", ".join(STATES)}
        FROM changed WHERE ({", ".join(f"{s}_delta" for s in STATES)}) <> ({", ".join("0" for _ in STATES)})
        ORDER BY variant_id, location_id
        RETURNING variant_id, location_id
    )
    SELECT c.*, v.sku, v.product_id, l.code AS location, m.variant_id IS NOT NULL AS moved, EXISTS (
        SELECT FROM channel_location cl
        WHERE cl.location_id = c.location_id AND (c.was > cl.buffer) <> (c.available > cl.buffer)
    ) AS crossing
    FROM changed c
    JOIN variant v ON v.id = c.variant_id
    JOIN location l ON l.id = c.location_id
    LEFT JOIN moved m ON m.variant_id = c.variant_id AND m.location_id = c.location_id
""")
_OPEN = text(f"""
    INSERT INTO stock_level (variant_id, location_id) SELECT variant_id, location_id FROM {_LINES} ORDER BY 1, 2
    ON CONFLICT DO NOTHING
""")
_IN_STOCK = text(f"""
    SELECT li.channel_id, li.product_id, EXISTS (
        SELECT FROM variant v
        JOIN channel_location cl ON cl.channel_id = li.channel_id
        JOIN stock_level s ON s.variant_id = v.id AND s.location_id = cl.location_id
        WHERE v.product_id = li.product_id AND s.available > cl.buffer
            AND {exclusions.offered("li.channel_id", "v.id")}
    ) AS in_stock
    FROM listing li WHERE li.product_id = ANY(:products)
""")
