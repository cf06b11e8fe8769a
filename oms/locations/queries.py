import math
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Double, any_, cast, func, literal, select

from kernel.db import ReadConn, fetch, texts, uuids
from kernel.paging import Order, Page, Window, page

from .model import Address, Location, Nearby, Point
from .tables import location

EARTH_KM = 6371.0088  # mean radius, IUGG

_c = location.c
_SELECT = select(location)


def _location(
    *,
    address: Mapping[str, Any] | None,
    latitude: float | None,
    longitude: float | None,
    capabilities: list[str],
    groups: list[str],
    **facts: Any,
) -> Location:
    return Location(
        address=Address(**address) if address else None,
        point=None if latitude is None or longitude is None else Point(latitude, longitude),
        capabilities=tuple(capabilities),
        groups=tuple(groups),
        **facts,
    )


async def locations_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Location]:
    return {one.id: one for one in await fetch(conn, _SELECT.where(_c.id == any_(uuids(ids))), _location)}


async def locations_by_code(conn: ReadConn, codes: Collection[str]) -> dict[str, Location]:
    return {one.code: one for one in await fetch(conn, _SELECT.where(_c.code == any_(texts(codes))), _location)}


async def page_of_locations(
    conn: ReadConn, window: Window, *, near: Point | None = None, only: Collection[str] | None = None
) -> Page[Nearby]:
    """Locations by code, or by distance from ``near``; ``only`` those of these codes, where given."""
    wanted = _SELECT if only is None else _SELECT.where(_c.code == any_(texts(only)))
    if near is None:
        order = Order("location.code", [_c.code], kinds=[str])
        return await page(conn, wanted, order, window, lambda **facts: Nearby(_location(**facts), None))
    distance = _distance(near)
    order = Order(f"location.near.{near.latitude},{near.longitude}", [distance, _c.id], kinds=[float, uuid.UUID])
    wanted = wanted.where(_c.latitude.is_not(None)).add_columns(distance.label("distance_km"))
    return await page(
        conn, wanted, order, window, lambda distance_km, **facts: Nearby(_location(**facts), round(distance_km, 3))
    )


def _distance(near: Point) -> Any:
    """Great-circle distance in kilometers by the haversine formula."""
    latitude, longitude = math.radians(near.latitude), math.radians(near.longitude)
    half = func.power(func.sin((func.radians(_c.latitude) - literal(latitude, Double)) / 2), 2) + func.cos(
        literal(latitude, Double)
    ) * func.cos(func.radians(_c.latitude)) * func.power(
        func.sin((func.radians(_c.longitude) - literal(longitude, Double)) / 2), 2
    )
    return cast(2 * EARTH_KM * func.asin(func.sqrt(func.least(half, 1.0))), Double)
