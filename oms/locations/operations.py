import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from kernel import codes, ids
from kernel.db import WriteConn
from kernel.errors import InvalidInput, NotFound
from kernel.outbox import emit
from pim.channels import queries as channel_queries

from . import hours, queries
from .events import LocationChanged
from .model import CAPABILITIES, KINDS, Location, Point
from .tables import channel_location, location

ADDRESS = ("name", "company", "street", "street2", "city", "region", "postal_code", "country", "phone")
REQUIRED = ("street", "city", "postal_code", "country")


async def save(
    conn: WriteConn,
    *,
    code: str,
    name: str,
    kind: str,
    address: Mapping[str, str | None],
    point: Point | None = None,
    time_zone: str | None = None,
    capabilities: Sequence[str] = (),
    daily_capacity: int | None = None,
    opening_hours: Mapping[str, Any] | None = None,
    groups: Sequence[str] = (),
    channels: Sequence[str] | None = None,
    priority: int = 0,
    bulk: bool = False,
) -> Location:
    """Create the location ``code`` or change it; ``channels`` replaces who sells its stock. Raises InvalidInput."""
    row = {
        "code": codes.check(code, path="code"),
        "name": codes.text(name, path="name"),
        "kind": _one_of(kind, KINDS, "kind"),
        "address": _address(address),
        "latitude": point.latitude if point else None,
        "longitude": point.longitude if point else None,
        "time_zone": codes.time_zone(time_zone or "UTC"),
        "capabilities": [_one_of(one, CAPABILITIES, "capabilities") for one in dict.fromkeys(capabilities)],
        "daily_capacity": daily_capacity,
        "opening_hours": dict(opening_hours) if opening_hours is not None else None,
        "groups": [codes.check(one, path="groups") for one in dict.fromkeys(groups)],
        "priority": priority,
    }
    if point and not (-90 <= point.latitude <= 90 and -180 <= point.longitude <= 180):  # noqa: PLR2004
        raise InvalidInput("point", "must have a latitude of -90 to 90 and a longitude of -180 to 180")
    if daily_capacity is not None and daily_capacity < 0:
        raise InvalidInput("dailyCapacity", "must not be negative")
    if opening_hours is not None:
        hours.check(opening_hours)
    before = (await queries.locations_by_code(conn, [code])).get(code)
    changed = {key: value for key, value in row.items() if key != "code"}
    await conn.execute(insert(location).values(row).on_conflict_do_update(index_elements=["code"], set_=changed))
    saved = (await queries.locations_by_code(conn, [code]))[code]
    if channels is not None:
        await _sell_on(conn, saved, channels)
    if saved != before or channels is not None:
        await emit(conn, LocationChanged(entity=ids.entity("Location", saved.id), location=code, code=code), bulk=bulk)
    return saved


async def _sell_on(conn: WriteConn, saved: Location, channels: Sequence[str]) -> None:
    known = await channel_queries.channels_by_code(conn, channels)
    for name in channels:
        if name not in known:
            raise InvalidInput("channels", f"there is no channel {name[:100]}")
    cl = channel_location.c
    kept = [one.id for one in known.values()]
    await conn.execute(delete(channel_location).where(cl.location_id == saved.id, cl.channel_id.not_in(kept)))
    rows = [{"channel_id": one, "location_id": saved.id} for one in kept]
    if rows:
        await conn.execute(insert(channel_location).on_conflict_do_nothing(), rows)


async def sell_from(conn: WriteConn, *, channel: str, locations: Sequence[str]) -> None:
    """Let a channel sell the stock of these locations and no others. Raises InvalidInput and NotFound."""
    target = await channel_queries.channel_by_code(conn, channel)
    if target is None:
        raise NotFound("channel", channel)
    known = await queries.locations_by_code(conn, locations)
    for code in locations:
        if code not in known:
            raise InvalidInput("locations", f"there is no location {code[:100]}")
    cl = channel_location.c
    kept = [one.id for one in known.values()]
    await conn.execute(delete(channel_location).where(cl.channel_id == target.id, cl.location_id.not_in(kept)))
    rows = [{"channel_id": target.id, "location_id": one} for one in kept]
    if rows:
        await conn.execute(insert(channel_location).on_conflict_do_nothing(), rows)


def _address(given: Mapping[str, str | None]) -> dict[str, str]:
    for key in REQUIRED:
        codes.text(given.get(key) or "", path=f"address.{key}")
    found = {key: codes.text(value, path=f"address.{key}") for key in ADDRESS if (value := given.get(key))}
    if not re.fullmatch("[A-Z]{2}", found["country"]):
        raise InvalidInput("address.country", "must be an ISO 3166 country code such as DE")
    return found


def _one_of(value: str, known: Sequence[str], path: str) -> str:
    if value not in known:
        raise InvalidInput(path, f"must be one of {', '.join(known)}")
    return value
