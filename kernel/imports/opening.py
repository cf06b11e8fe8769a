"""Opens a file of whatever kind it is: its columns, and its rows one by one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import sheets, text
from .mapping import Format
from .model import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, SHOWN, Problem, Unreadable
from .text import Line

PLACE = re.compile(r"#(\d+)")


@dataclass(frozen=True, slots=True)
class Source:
    """``columns`` is None where each row is one JSON document, or one line that is no list of cells."""

    columns: tuple[str, ...] | None
    rows: Iterator[Line | Problem]


def source(path: Path, name: str, format: Format) -> Source:
    """Raises Unreadable, as reading the rows does."""
    kind = format.type or _kind(path, name)
    if kind == "xlsx":
        found = sheets.rows(path)
    else:
        _, found = text.rows(path, format.model_copy(update={"type": kind}))
    if kind in ("jsonl", "lines"):
        return Source(None, _counted(_short_enough(found)))
    if format.columns is not None:
        columns = _columns(format.columns)
        return Source(columns, _counted(_even(found, columns, may_be_short=kind == "xlsx")))
    first = next(found, None)
    if first is None:
        raise Unreadable("it is empty")
    if isinstance(first, Problem):
        raise Unreadable(f"its first line {first.message}")
    columns = _columns(first[1])
    return Source(columns, _counted(_even(found, columns, may_be_short=kind == "xlsx")))


def _kind(path: Path, name: str) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PK\x03\x04":
        return "xlsx"
    bare = name.lower().removesuffix(".gz")
    return "jsonl" if bare.endswith((".jsonl", ".ndjson")) else "csv"


def _columns(given: Sequence[str]) -> tuple[str, ...]:
    names = tuple(name.strip() for name in given)
    while names and not names[-1]:
        names = names[:-1]
    if len(names) > MOST_COLUMNS:
        raise Unreadable(f"it has more than {MOST_COLUMNS} columns")
    seen: set[str] = set()
    for name in filter(None, names):
        if name in seen:
            raise Unreadable(f"there are two columns {name[:SHOWN]}")
        seen.add(name)
    if not seen:
        raise Unreadable("its first line names no columns")
    return names


def _even(found: Iterator[Line | Problem], columns: tuple[str, ...], *, may_be_short: bool) -> Iterator[Line | Problem]:
    """Rows of as many cells as there are columns; what a sheet leaves out at their end is empty."""
    width = len(columns)
    for one in found:
        if isinstance(one, Problem):
            yield _named(one, columns)
            continue
        line, cells = one
        if len(cells) != width:
            while len(cells) > width and not cells[-1]:
                cells.pop()
            if len(cells) > width or not may_be_short:
                yield Problem(line, None, "RAGGED", f"has {len(cells)} cells, and the header {width}")
                continue
            cells += [""] * (width - len(cells))
        yield line, cells


def _named(problem: Problem, columns: tuple[str, ...]) -> Problem:
    """A problem with the name of the column that it knows by its place."""
    place = PLACE.fullmatch(problem.column or "")
    if place is None or int(place[1]) > len(columns):
        return problem
    return Problem(problem.line, columns[int(place[1]) - 1], problem.code, problem.message)


def _short_enough(found: Iterator[Line | Problem]) -> Iterator[Line | Problem]:
    for one in found:
        if not isinstance(one, Problem) and len(one[1][0]) > 10 * LONGEST_CELL:
            yield Problem(one[0], None, "TOO_LONG", f"has more than {10 * LONGEST_CELL} characters")
        else:
            yield one


def _counted(found: Iterator[Line | Problem]) -> Iterator[Line | Problem]:
    for number, one in enumerate(found):
        if number == MOST_ROWS:
            raise Unreadable(f"it has more than {MOST_ROWS} rows")
        yield one
