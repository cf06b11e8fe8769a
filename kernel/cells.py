"""Cells that a spreadsheet would execute: made safe on the way out, and taken back unchanged on the way in."""

import re

_RISKY = re.compile(r"'*[=+\-@\t\r]")  # OWASP: CSV injection
_SAFE = re.compile(r"'+[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def guarded(text: str) -> str:
    """``text`` with an apostrophe before it where a spreadsheet might take it for a formula; numbers are none."""
    return f"'{text}" if _RISKY.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(cell: str) -> str:
    """The text that ``guarded`` was given. Of a cell that begins with apostrophes and a sign, one goes."""
    return cell[1:] if _SAFE.match(cell) else cell
