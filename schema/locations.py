from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from kernel.errors import InvalidInput
from kernel.paging import Window
from kernel.principals import Principal
from oms.locations import hours, model, queries
from oms.stock import queries as stock_queries

from .access import Permission
from .context import Info
from .enums import LocationCapability, LocationKind
from .fields import computed, field, loads, mirrors
from .nodes import SOURCES, Node, Source, node_id
from .paging import Connection, PageInfo, connection, page_info

if TYPE_CHECKING:
    from .stock import StockLevel


@strawberry.type
@mirrors(model.Address)
class Address:
    name: str | None
    street: str
    street2: str | None
    city: str
    region: str | None
    postal_code: str
    country: str


@strawberry.type
@mirrors(model.Point)
class Point:
    latitude: float
    longitude: float


@strawberry.input
class GeoPointInput:
    latitude: float
    longitude: float


@strawberry.input
class StockFilter:
    search: str | None = None
    skus: list[str] | None = None
    below: int | None = None
    changed_since: datetime | None = None


def _stock_of(
    root: model.Location,
    *,
    window: Window,
    filter: StockFilter | None = None,
    caller: Principal,
) -> Any:
    given = filter or StockFilter()
    wanted = stock_queries.StockFilter(
        search=given.search,
        skus=tuple(given.skus) if given.skus is not None else None,
        below=given.below,
        changed_since=given.changed_since,
        only=caller.locations,
    )
    return root.id, window, wanted


def _location_open_now(root: strawberry.Parent[model.Location]) -> bool | None:
    return hours.is_open(root.opening_hours, root.time_zone, datetime.now(UTC))


@strawberry.type
@mirrors(model.Location)
class Location(Node):
    id = node_id("Location")
    code: str
    name: str
    kind: LocationKind
    address: Address | None
    point: Point | None
    time_zone: str
    capabilities: list[LocationCapability]
    daily_capacity: int | None

    open_now = computed(bool | None, _location_open_now, description="Null where no opening hours are known.")

    stock = loads(
        Connection[Annotated["StockLevel", strawberry.lazy("schema.stock")]],
        stock_queries.page_of_levels,
        by=_stock_of,
        pick=connection,
        needs=Permission.STOCK_READ,
    )


SOURCES["Location"] = Source(queries.locations_by_id, Permission.LOCATIONS_READ)


@strawberry.type
class LocationEdge:
    cursor: str
    node: Location
    distance_km: float | None


@strawberry.type
class LocationConnection:
    edges: list[LocationEdge]
    page_info: PageInfo


@field(Location | None, needs=Permission.LOCATIONS_READ)
async def location(_caller: Principal, info: Info, code: str) -> model.Location | None:
    return await info.context.reads.load(queries.locations_by_code, code)


def _point(given: GeoPointInput, path: str) -> model.Point:
    """Raises InvalidInput."""
    for name, value, most in (("latitude", given.latitude, 90), ("longitude", given.longitude, 180)):
        if not -most <= value <= most:
            raise InvalidInput(f"{path}.{name}", f"must be between -{most} and {most}")
    return model.Point(given.latitude, given.longitude)


@field(LocationConnection, needs=Permission.LOCATIONS_READ, description="By code, or the nearest first.")
async def locations(
    _caller: Principal,
    info: Info,
    near: GeoPointInput | None = None,
    *,
    window: Window,
) -> LocationConnection:
    point = _point(near, "near") if near else None
    async with info.context.db.read() as conn:
        page = await queries.page_of_locations(conn, window, near=point)
    edges = [
        LocationEdge(cursor=cursor, node=one.location, distance_km=one.distance_km)  # type: ignore[arg-type]  # mirrored
        for cursor, one in zip(page.cursors, page.items, strict=True)
    ]
    return LocationConnection(edges=edges, page_info=page_info(page))
