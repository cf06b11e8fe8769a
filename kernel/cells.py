"""Texts in the cells of tables: nothing that a spreadsheet would execute, nothing that is lost when cells are trimmed.

What ``guarded`` adds, ``unguarded`` takes off again, so that every text comes back as it was.
"""

import re

_RISKY = re.compile(r"'*[=+\-@\t\r]")  # OWASP: CSV injection
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def guarded(text: str) -> str:
    """``text``, with an apostrophe before it where a spreadsheet might compute it.

    A plain number computes nothing. A text with space at an end has an apostrophe at both, and so has one to be guarded
    that ends with an apostrophe itself.
    """
    if _has_outer_space(text) or _ends_guarded(text):
        return f"'{text}'"
    return f"'{text}" if _RISKY.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(cell: str) -> str:
    """The text that ``guarded`` was given; any other text without outer space is returned as it is."""
    inner = cell[1:-1]
    if len(cell) > 1 and cell[0] == cell[-1] == "'" and (_has_outer_space(inner) or _ends_guarded(inner)):
        return inner
    return cell[1:] if _GUARDED.match(cell) else cell


def _ends_guarded(text: str) -> bool:
    return text.endswith("'") and _RISKY.match(text) is not None


def _has_outer_space(text: str) -> bool:
    """Whether there is space at an end of the text, within however many pairs of apostrophes."""
    bare = len(text) - max(len(text.lstrip("'")), len(text.rstrip("'")))
    inner = text[bare : len(text) - bare]
    return inner != inner.strip()
