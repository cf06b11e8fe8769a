from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry

from kernel import changes
from kernel.changes import Change, Filter
from kernel.db import WriteConn
from kernel.errors import Forbidden, InvalidInput
from kernel.paging import Window
from kernel.principals import Principal
from oms.locations import queries as location_queries
from oms.stock import model, operations, queries

from .access import Permission
from .context import Info
from .enums import StockReason, StockState
from .errors import Error
from .fields import computed, field, loads, mirrors, mutation, subscription
from .locations import Location
from .nodes import SOURCES, Node, Source, node_id
from .paging import Connection, connection

READ, WRITE = Permission.STOCK_READ, Permission.STOCK_WRITE
MOST_SKUS = 1_000


@strawberry.type
@mirrors(model.StockLevel)
class StockLevel(Node):
    id = node_id("StockLevel", by="key")
    sku: str
    on_hand: int
    available: int
    shortage: int = strawberry.field(description="Units short of what is committed: how far available is below zero.")
    committed: int
    reserved: int
    damaged: int
    quality_control: int
    safety_stock: int
    incoming: int
    updated_at: datetime
    location = loads(Location, location_queries.locations_by_code, by="location")


SOURCES["StockLevel"] = Source(
    queries.levels_by_key, READ, key=queries.level_key, sees=lambda caller, one: caller.works_at(one.location)
)


@strawberry.type
class StateDelta:
    state: StockState
    delta: int


@strawberry.type
class StateQuantity:
    state: StockState
    quantity: int


def _deltas(found: Mapping[str, int]) -> list[StateDelta]:
    return [StateDelta(state=StockState(state), delta=delta) for state, delta in found.items()]


def _movement_deltas(root: strawberry.Parent[model.Movement]) -> list[StateDelta]:
    return _deltas(root.deltas)


def _movement_balance(root: strawberry.Parent[model.Movement]) -> list[StateQuantity]:
    return [StateQuantity(state=StockState(state), quantity=n) for state, n in root.balance.items()]


@strawberry.type
@mirrors(model.Movement)
class Movement:
    at: datetime
    reason: StockReason
    reference: str | None
    actor: str
    note: str | None

    deltas = computed(list[StateDelta], _movement_deltas)

    balance = computed(list[StateQuantity], _movement_balance)


@strawberry.type
@mirrors(model.Adjustment)
class StockAdjustment:
    levels: list[StockLevel]


@strawberry.type
class StaleQuantity(Error):
    sku: str
    location: str
    expected: int
    actual: int


@strawberry.type
class UnknownSku(Error):
    skus: list[str]


@strawberry.input
class StockAdjustmentInput:
    sku: str
    location: str
    delta: int
    state: StockState | None = StockState.ON_HAND
    expected: int | None = None


@strawberry.input
class AdjustStockInput:
    idempotency_key: str
    reason: StockReason
    reference: str | None = None
    note: str | None = None
    adjustments: list[StockAdjustmentInput]


@strawberry.input
class StockQuantityInput:
    sku: str
    location: str
    quantity: int
    expected: int | None = None
    safety_stock: int | None = None


@strawberry.input
class SetStockInput:
    idempotency_key: str
    reason: StockReason = StockReason.CORRECTION
    reference: str | None = None
    note: str | None = None
    quantities: list[StockQuantityInput]


@mutation(StockAdjustment, StaleQuantity, UnknownSku, needs=WRITE)
async def adjust_stock(conn: WriteConn, caller: Principal, input: AdjustStockInput) -> model.Adjustment:
    why = operations.Why(input.reason, caller.name, input.reference, input.note)
    adjustments = [
        model.Adjusting(**vars(one) | {"state": one.state or StockState.ON_HAND}) for one in input.adjustments
    ]
    return await operations.adjust(conn, caller, why=why, adjustments=adjustments)


@mutation(StockAdjustment, StaleQuantity, UnknownSku, needs=WRITE)
async def set_stock(conn: WriteConn, caller: Principal, input: SetStockInput) -> model.Adjustment:
    why = operations.Why(input.reason, caller.name, input.reference, input.note)
    quantities = [model.Setting(**vars(one)) for one in input.quantities]
    return await operations.set_levels(conn, caller, why=why, quantities=quantities)


def _at(caller: Principal, locations: list[str] | None) -> list[str] | None:
    """The locations asked for, all of which the caller must work at. Raises Forbidden."""
    for code in locations or ():
        if not caller.works_at(code):
            raise Forbidden(f"the location {code[:100]}")
    return locations


def _bounded(skus: list[str] | None, path: str = "skus") -> list[str] | None:
    if skus is not None and len(skus) > MOST_SKUS:
        raise InvalidInput(path, f"must be at most {MOST_SKUS}")
    return skus


@field(list[StockLevel], needs=READ)
async def stock(
    caller: Principal,
    info: Info,
    skus: list[str],
    locations: list[str] | None = None,
) -> list[model.StockLevel]:
    _bounded(skus)
    async with info.context.db.read() as conn:
        return await queries.levels_by_sku(conn, skus, locations=_at(caller, locations), only=caller.locations)


@field(Connection[Movement], needs=READ, description="The ledger of a sku at a location, the newest first.")
async def movements(
    caller: Principal,
    info: Info,
    sku: str,
    location: str,
    window: Window,
) -> Any:
    _at(caller, [location])
    async with info.context.db.read() as conn:
        page = await queries.page_of_movements(conn, window, sku=sku, at=location, only=caller.locations)
    return connection(page)


@dataclass(frozen=True, slots=True)
class _StockChange:
    change: Change

    @property
    def position(self) -> int:
        return self.change.position

    @property
    def cursor(self) -> str:
        return self.change.cursor

    @property
    def at(self) -> datetime:
        return self.change.at

    @property
    def reason(self) -> str:
        return str(self.change.payload["reason"])

    @property
    def level(self) -> model.StockLevel:
        return model.from_change(self.change.entity, self.change.payload)

    @property
    def deltas(self) -> list[StateDelta]:
        return _deltas(self.change.payload["deltas"])


@strawberry.type
class StockChange:
    cursor: str
    at: datetime
    reason: StockReason
    level: StockLevel
    deltas: list[StateDelta]


@subscription(StockChange, needs=READ, description="Every change of a level, once and in order, after the cursor.")
async def stock_changed(
    caller: Principal,
    info: Info,
    skus: list[str] | None = None,
    locations: list[str] | None = None,
    after: str | None = None,
) -> AsyncIterator[Any]:
    asked = _at(caller, locations)
    places = frozenset(asked) if asked is not None else caller.locations
    wanted_skus = frozenset(_bounded(skus) or ()) if skus is not None else None
    wanted = Filter(topics=frozenset({"STOCK"}), locations=places, skus=wanted_skus)
    position = changes.position_of(after) if after is not None else None
    async for found in info.context.feed.follow(wanted, position):
        for change in found:
            yield _StockChange(change)
