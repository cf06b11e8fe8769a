import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert

from kernel import codes, ids, money
from kernel.db import WriteConn, to_json
from kernel.errors import InvalidInput, NotFound
from kernel.outbox import emit
from pim.channels import queries as channel_queries
from pim.products import queries as product_queries

from . import queries
from .events import PriceChanged
from .model import OverlappingPrices, PriceInput, PriceList, PricesSet
from .tables import price_list, price_list_channel

MOST = 1_000
MOST_QUANTITY = 1_000_000


async def save_list(
    conn: WriteConn,
    *,
    code: str,
    currency: str,
    channels: Sequence[str] | None = None,
    priority: int = 0,
    tax_included: bool = True,
) -> PriceList:
    """Create the price list ``code`` or change it; its currency stays. Raises InvalidInput."""
    codes.check(code, path="code")
    money.exponent(currency)
    known = (await queries.price_lists_by_code(conn, [code])).get(code)
    if known and known.currency != currency:
        raise InvalidInput("currency", f"{code} is in {known.currency}")
    row = {"code": code, "currency": currency, "priority": priority, "tax_included": tax_included}
    new = insert(price_list).values(row)
    changed = {"priority": priority, "tax_included": tax_included}
    await conn.execute(new.on_conflict_do_update(index_elements=["code"], set_=changed))
    saved = (await queries.price_lists_by_code(conn, [code]))[code]
    if channels is not None:
        found = await channel_queries.channels_by_code(conn, channels)
        for name in channels:
            if name not in found:
                raise InvalidInput("channels", f"there is no channel {name}")
            if found[name].currency != currency:
                raise InvalidInput("channels", f"{name} sells in {found[name].currency}, not in {currency}")
        await conn.execute(delete(price_list_channel).where(price_list_channel.c.price_list_id == saved.id))
        rows = [{"price_list_id": saved.id, "channel_id": one.id} for one in found.values()]
        if rows:
            await conn.execute(insert(price_list_channel), rows)
    return saved


async def set_prices(
    conn: WriteConn, *, price_list: str, prices: Sequence[PriceInput], set_by: str, now: datetime, bulk: bool = False
) -> tuple[PricesSet, list[uuid.UUID]]:
    """Set up to 1,000 prices at once; returns how many were new and the products they belong to.

    A new open-ended price ends the one in force at its start; a price that is in force already, unchanged, is left
    alone. Raises NotFound, InvalidInput and OverlappingPrices.
    """
    if len(prices) > MOST:
        raise InvalidInput("prices", f"must be at most {MOST} at once")
    target = (await queries.price_lists_by_code(conn, [price_list])).get(price_list)
    if target is None:
        raise NotFound("price list", price_list)
    variants = await product_queries.variants_by_sku(conn, {one.sku for one in prices})
    rows: list[dict[str, Any]] = []
    for place, one in enumerate(prices):
        path = f"prices.{place}"
        if one.sku not in variants:
            raise InvalidInput(f"{path}.sku", f"there is no variant {one.sku[:100]}")
        rows.append(_row(one, variants[one.sku].id, target, now, path))
    rows = _ended_by_the_next(rows)
    given = {"list": target.id, "rows": to_json(rows), "set_by": set_by}
    await conn.execute(_LOCK, given)
    known = set((await conn.execute(_KNOWN, given)).scalars())
    given["rows"] = to_json([row for row in rows if row["place"] not in known])
    await conn.execute(_END, given)
    by_id = {one.id: one for one in variants.values()}
    if clash := (await conn.execute(_CLASH, given)).first():
        raise OverlappingPrices(by_id[clash.variant_id].sku, clash.since, clash.until)
    new = set((await conn.execute(_INSERT, given)).scalars())
    events = [
        PriceChanged(entity=ids.entity("Variant", one), price_list=price_list, skus=[by_id[one].sku])
        for one in sorted(new)
    ]
    await emit(conn, *events, bulk=bulk)
    return PricesSet(len(rows) - len(known)), sorted({by_id[one].product_id for one in new})


def _ended_by_the_next(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows in order, an open-ended one ended by the next of the same variant and quantity, if the last is open."""
    rows = sorted(rows, key=lambda row: (row["variant_id"], row["min_quantity"], row["since"]))
    stays_open = set[tuple[str, int]]()
    for row, following in reversed(list(pairwise(rows))):
        key = (row["variant_id"], row["min_quantity"])
        if key != (following["variant_id"], following["min_quantity"]):
            continue
        if following["until"] is None:
            stays_open.add(key)
        if key in stays_open and row["until"] is None and row["since"] < following["since"]:
            row["until"] = following["since"]
    return [row | {"place": place} for place, row in enumerate(rows)]


def _row(one: PriceInput, variant_id: uuid.UUID, target: PriceList, now: datetime, path: str) -> dict[str, Any]:
    amount = money.parse(one.amount, target.currency, path=f"{path}.amount").minor
    if amount < 0:
        raise InvalidInput(f"{path}.amount", "must not be negative")
    if not 1 <= one.min_quantity <= MOST_QUANTITY:
        raise InvalidInput(f"{path}.minQuantity", f"must be between 1 and {MOST_QUANTITY}")
    since = one.valid_from or now
    if one.valid_until is not None and one.valid_until <= since:
        raise InvalidInput(f"{path}.validUntil", "must be after validFrom")
    return {
        "variant_id": str(variant_id),
        "min_quantity": one.min_quantity,
        "since": since.astimezone(UTC).isoformat(),
        "until": one.valid_until and one.valid_until.astimezone(UTC).isoformat(),
        "amount": amount,
    }


_ROWS = """
    jsonb_to_recordset(CAST(:rows AS jsonb)) AS r
        (place int, variant_id uuid, min_quantity int, since timestamptz, until timestamptz, amount bigint)
"""
_MINE = "p.price_list_id = :list AND p.variant_id = r.variant_id AND p.min_quantity = r.min_quantity"
_LOCK = text("SELECT FROM price_list WHERE id = :list FOR NO KEY UPDATE")
_KNOWN = text(f"""
    SELECT r.place FROM {_ROWS} JOIN price p ON {_MINE} AND p.amount = r.amount
    WHERE p.valid = tstzrange(r.since, r.until)
        OR r.until IS NULL AND upper_inf(p.valid) AND lower(p.valid) <= r.since AND NOT EXISTS (
            SELECT FROM {_ROWS.replace("AS r", "AS o")}
            WHERE o.variant_id = r.variant_id AND o.min_quantity = r.min_quantity AND o.place < r.place
        )
""")
_END = text(f"""
    UPDATE price p SET valid = tstzrange(lower(p.valid), r.since)
    FROM (SELECT DISTINCT ON (variant_id, min_quantity) * FROM {_ROWS} ORDER BY variant_id, min_quantity, since) r
    WHERE {_MINE} AND upper_inf(p.valid) AND lower(p.valid) < r.since AND (
        r.until IS NULL OR EXISTS (
            SELECT FROM {_ROWS.replace("AS r", "AS o")}
            WHERE o.variant_id = r.variant_id AND o.min_quantity = r.min_quantity AND o.until IS NULL
        )
    )
""")
_CLASH = text(f"""
    SELECT r.variant_id, lower(p.valid) AS since, upper(p.valid) AS until
    FROM {_ROWS} JOIN price p ON {_MINE} AND p.valid && tstzrange(r.since, r.until)
    UNION ALL
    SELECT r.variant_id, r.since, r.until
    FROM {_ROWS} JOIN {_ROWS.replace("AS r", "AS o")}
        ON o.place > r.place AND o.variant_id = r.variant_id AND o.min_quantity = r.min_quantity
            AND tstzrange(o.since, o.until) && tstzrange(r.since, r.until)
    LIMIT 1
""")
_INSERT = text(f"""
    INSERT INTO price (price_list_id, variant_id, min_quantity, valid, amount, set_by)
    SELECT :list, variant_id, min_quantity, tstzrange(since, until), amount, :set_by FROM {_ROWS}
    RETURNING variant_id
""")
