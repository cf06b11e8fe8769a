"""What the demo shop is made of, read from the JSON files in data/ (their shapes are in its README)."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Content:
    """Rows in the order of the files, which is an order they can be saved in: parents first."""

    categories: list[Row]
    locations: list[Row]
    channels: list[Row]
    attribute_groups: list[Row]
    attributes: list[Row]
    families: list[Row]
    products: list[Row]
    prices: list[Row]
    stock: list[Row]
    listings: list[Row]


def load() -> Content:
    return Content(**{name: read(name) for name in Content.__dataclass_fields__})


def read(name: str) -> Any:
    return json.loads(resources.files("server.demo").joinpath("data", f"{name}.json").read_text(encoding="utf-8"))


def moment(text: str | None, now: datetime) -> datetime | None:
    """The moment meant by an ISO 8601 time with offset, or by a count of days from now such as -20d or +10d.

    Raises ValueError for anything else.
    """
    if text is None:
        return None
    if days := re.fullmatch(r"([+-]\d+)d", text):
        return now + timedelta(days=int(days[1]))
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return at
