"""Opening hours: {"mon": [["10:00", "18:00"]], …}; a day not named is closed, "24:00" is the end of the day. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kernel.errors import InvalidInput

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def check(hours: Any, *, path: str = "openingHours") -> None:
    """Raises InvalidInput where ``hours`` are not as the module says."""
    if not isinstance(hours, Mapping) or hours.keys() - set(DAYS):
        raise InvalidInput(path, f"must be an object with the days {', '.join(DAYS)}")
    for day, spans in hours.items():
        if not isinstance(spans, list):
            raise InvalidInput(f"{path}.{day}", "must be a list of [from, until]")
        for span in spans:
            fits = isinstance(span, list) and [type(one) for one in span] == [str, str]
            if not fits or not all(TIME.fullmatch(one) for one in span) or span[0] >= span[1]:
                raise InvalidInput(f"{path}.{day}", f"{span!r} is no [from, until] such as ['10:00', '18:00']")


def is_open(hours: Mapping[str, Any] | None, zone: str, now: datetime) -> bool | None:
    """Whether it is open at ``now``; None where no hours are known."""
    if hours is None:
        return None
    local = now.astimezone(ZoneInfo(zone))
    return any(since <= f"{local:%H:%M}" < until for since, until in hours.get(DAYS[local.weekday()], ()))
