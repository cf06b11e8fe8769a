"""Loads stores from a JSON array in the form of Best Buy's open data.

The file says nothing of time zones: they are told by state and longitude (``zones``). Which kinds of stores ship, hand
over and take back is ours to say; once a location is in the hub, its capabilities, time zone, capacity, priority and
groups are the hub's and stay.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kernel.db import Database, WriteConn
from kernel.errors import InvalidInput
from kernel.importing import REFUSED, Problem, Progress, Report, outcome_of, silent
from oms.locations import operations as location_operations
from oms.locations import queries as location_queries
from oms.locations.model import Location, Point
from server.importing import zones

BATCH = 250
CAPABILITIES = {"BigBox": ("SHIPS", "PICKUP", "RETURNS"), "Mobile": ("PICKUP", "RETURNS"), "Express": ()}
DAYS = {
    "Mon": "mon",
    "Tue": "tue",
    "Wed": "wed",
    "Thurs": "thu",
    "Thu": "thu",
    "Fri": "fri",
    "Sat": "sat",
    "Sun": "sun",
}
NOON, MIDNIGHT = 12 * 60, 24 * 60
EARLIEST = 5 * 60  # an opening hour below means the afternoon: nobody opens at 1 in the night
ZIP_DIGITS = 5


async def load(db: Database, file: Path, *, progress: Progress = silent) -> Report:
    """Bring the stores in ``file`` into the hub. In problems, the line is the place in the array, from 1.

    Raises InvalidInput where the file cannot be read.
    """
    entries = list(enumerate(_entries(file), 1))
    report = Report()
    seen: set[str] = set()
    progress(file.name, 0, len(entries))
    for start in range(0, len(entries), BATCH):
        some = entries[start : start + BATCH]
        already = frozenset(seen)
        outcomes, problems = await db.transact(
            lambda conn, some=some, already=already: _save(conn, file.name, some, already)  # type: ignore[misc]
        )
        seen |= {_code(entry) for _, entry in some}
        report.add(((file.name, outcome) for outcome in outcomes), problems)
        progress(file.name, start + len(some), len(entries))
    return report


def _entries(file: Path) -> list[Any]:
    try:
        found = json.loads(file.read_bytes())
    except OSError as error:
        raise InvalidInput(file.name, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InvalidInput(file.name, f"byte {error.start} is not encoded in UTF-8") from None
    except json.JSONDecodeError as error:
        raise InvalidInput(file.name, f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    if not isinstance(found, list):
        raise InvalidInput(file.name, "is no JSON array")
    return found


async def _save(
    conn: WriteConn, file: str, some: Sequence[tuple[int, Any]], already: frozenset[str]
) -> tuple[list[str], list[Problem]]:
    known = await location_queries.locations_by_code(conn, [_code(entry) for _, entry in some])
    outcomes: list[str] = []
    problems: list[Problem] = []
    seen = set(already)
    for place, entry in some:
        code = _code(entry)
        try:
            _refuse_known(code, seen)
            before = known.get(code)
            saved = await location_operations.save(conn, **arguments(entry, before), bulk=True)
            outcomes.append(outcome_of(before, saved))
        except InvalidInput as refused:
            outcomes.append(REFUSED)
            problems.append(Problem(file, place, refused.path or None, code or None, refused.problem))
    return outcomes, problems


def _refuse_known(code: str, seen: set[str]) -> None:
    if code in seen:
        raise InvalidInput("id", f"{code} is given twice")
    seen.add(code)


def _code(entry: Any) -> str:
    return str(entry.get("id", ""))[:100] if isinstance(entry, dict) else ""


def arguments(entry: Any, before: Location | None = None) -> dict[str, Any]:
    """What ``locations.operations.save`` is given for a store. Raises InvalidInput."""
    if not isinstance(entry, dict):
        raise InvalidInput("", "is no JSON object")
    kind, state, point = _text(entry, "type"), _text(entry, "state"), _point(entry)
    if kind not in CAPABILITIES:
        raise InvalidInput("type", f"must be one of {', '.join(CAPABILITIES)}")
    address = {
        "street": _text(entry, "address"),
        "street2": _text(entry, "address2") or None,
        "city": _text(entry, "city"),
        "region": state,
        "postal_code": postal_code(_text(entry, "zip")),
        "country": "US",
    }
    return {
        "code": _code(entry),
        "name": _text(entry, "name"),
        "kind": before.kind if before else "STORE",
        "address": address,
        "point": point,
        "time_zone": before.time_zone if before else zones.zone(state, point.latitude, point.longitude),
        "capabilities": before.capabilities if before else CAPABILITIES[kind],
        "daily_capacity": before.daily_capacity if before else None,
        "opening_hours": opening_hours(_text(entry, "hours")),
        "groups": tuple(dict.fromkeys([*(before.groups if before else ()), kind])),
        "priority": before.priority if before else 0,
    }


def _text(entry: dict[str, Any], key: str) -> str:
    found = entry.get(key) or ""
    if not isinstance(found, str):
        raise InvalidInput(key, "must be a text")
    return found.strip()


def _point(entry: dict[str, Any]) -> Point:
    match entry.get("location"):
        case {"lat": int() | float() as latitude, "lon": int() | float() as longitude}:
            return Point(float(latitude), float(longitude))
    raise InvalidInput("location", "must be {lat, lon}")


def postal_code(given: str) -> str:
    """A ZIP code with the zeros that a spreadsheet took away: 2128 is 02128."""
    return given.zfill(ZIP_DIGITS) if given.isdigit() else given


def opening_hours(given: str) -> dict[str, list[list[str]]] | None:
    """``Mon: 10-9:30; …`` as ``{"mon": [["10:00", "21:30"]], …}``; a day that is missing is closed.

    There is no am or pm: stores open in the morning, or from noon on, and close after noon; 11:59 is midnight.
    Raises InvalidInput.
    """
    found: dict[str, list[list[str]]] = {}
    for part in filter(str.strip, given.split(";")):
        day, _, span = part.partition(":")
        since, _, until = span.partition("-")
        if day.strip() not in DAYS:
            raise InvalidInput("hours", f"{day.strip()[:40]!r} is no day of the week")
        opens, closes = _minutes(since), _minutes(until)
        if 0 < opens < EARLIEST:
            opens += NOON
        closes = MIDNIGHT if closes in (NOON - 1, NOON) else closes + NOON
        if not opens < closes <= MIDNIGHT:
            raise InvalidInput("hours", f"{part.strip()[:60]!r} does not end after it begins")
        found[DAYS[day.strip()]] = [[_clock(opens), _clock(closes)]]
    return found or None


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.strip().partition(":")
    if not hours.isdecimal() or not (minutes or "0").isdecimal() or int(hours) > 12 or int(minutes or 0) > 59:  # noqa: PLR2004
        raise InvalidInput("hours", f"{clock.strip()[:40]!r} is no time such as 9:30")
    return int(hours) * 60 + int(minutes or 0)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
