"""Business keys and short texts as they come from outside."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kernel.errors import InvalidInput

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
SKU = re.compile(r"[!-~](?:[ -~]{0,98}[!-~])?")  # printable ASCII, no space at either end


def check(code: str, *, path: str) -> str:
    """``code`` itself: 1 to 100 letters, digits, '_', '-' or '.', not beginning with a sign. Raises InvalidInput."""
    if not CODE.fullmatch(code):
        raise InvalidInput(path, f"{code[:100]!r} is no code: 1 to 100 letters, digits, '_', '-' or '.'")
    return code


def sku(code: str, *, path: str) -> str:
    """``code`` itself: 1 to 100 printable ASCII characters. Raises InvalidInput."""
    if not SKU.fullmatch(code):
        raise InvalidInput(path, f"{code[:100]!r} is no sku: 1 to 100 printable characters")
    return code


def text(value: str, *, path: str, most: int = 255) -> str:
    """``value`` without outer space, 1 to ``most`` characters, no NUL. Raises InvalidInput."""
    value = value.strip()
    if not 0 < len(value) <= most:
        raise InvalidInput(path, f"must have 1 to {most} characters")
    if "\0" in value:
        raise InvalidInput(path, "must not contain NUL")
    return value


def time_zone(name: str, *, path: str = "timeZone") -> str:
    """The IANA time zone ``name`` itself. Raises InvalidInput."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(path, f"{name[:40]!r} is no time zone") from None
