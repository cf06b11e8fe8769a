"""The files of an export as rows that know their line."""

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import InvalidInput
from kernel.importing import Problem

SEPARATOR = ";"
LONGEST_CELL = 2**24  # characters; the csv module stops at 2**17 unless told
_FOREIGN = re.compile("[\udc80-\udcff]")  # bytes that were no UTF-8, as surrogateescape leaves them


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One record: the line it begins on and its cells, without the empty ones and without outer space."""

    file: str
    line: int
    key: str | None
    cells: Mapping[str, str]
    misfit: str | None = None

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def listed(self, column: str) -> list[str]:
        """The codes of a cell that holds several, each once."""
        return list(dict.fromkeys(part.strip() for part in self[column].split(",") if part.strip()))

    def problem(self, column: str | None, message: str, *, refused: bool = True) -> Problem:
        return Problem(self.file, self.line, column, self.key, message, refused)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was looked through and can be read as often as need be."""

    path: Path
    columns: tuple[str, ...] = ()
    count: int = 0

    @property
    def name(self) -> str:
        return self.path.name

    def rows(self) -> Iterator[Row]:
        """Every row, one at a time; those with too many or too few cells say so in ``misfit``."""
        if not self.columns:
            return
        for line, record in _records(self.path, skip=1):
            cells = {name: text for name, cell in zip(self.columns, record, strict=False) if (text := cell.strip())}
            misfit = "contains NUL" if any("\0" in cell for cell in record) else None
            if len(record) != len(self.columns):
                misfit = f"has {len(record)} cells where the header has {len(self.columns)}"
            yield Row(self.name, line, cells.get(self.columns[0]), cells, misfit)


def look(path: Path, required: Collection[str], *, optional: bool = False) -> Sheet:
    """Read a file through once, so that whatever makes it unreadable is known before anything is written.

    An ``optional`` file that is not there has no rows. Raises InvalidInput naming the file, and the column where one
    is to blame.
    """
    if optional and not path.exists():
        return Sheet(path)
    records = _records(path)
    line, header = next(records, (1, []))
    columns = tuple(name.strip() for name in header)
    _refuse_foreign(path, line, columns, columns)
    for name in required:
        if name not in columns:
            raise InvalidInput(path.name, f"the column {name} is missing (cells are separated by '{SEPARATOR}')")
    for name in columns:
        if columns.count(name) > 1:
            raise InvalidInput(path.name, f"there are two columns {name!r}")
    count = 0
    for line, record in records:
        _refuse_foreign(path, line, columns, record)
        count += 1
    return Sheet(path, columns, count)


def _refuse_foreign(path: Path, line: int, columns: Iterable[str], record: Iterable[str]) -> None:
    for name, cell in zip(columns, record, strict=False):
        if _FOREIGN.search(cell):
            shown = _FOREIGN.sub("?", name)
            raise InvalidInput(path.name, f"line {line}, column {shown}: is not encoded in UTF-8")


def _records(path: Path, skip: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins on; blank lines are left out."""
    csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            reader = csv.reader(file, delimiter=SEPARATOR, strict=True)
            begins = 1
            for record in reader:
                if record and not skip:
                    yield begins, record
                skip -= bool(record and skip)
                begins = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput(path.name, f"line {reader.line_num}: {error}") from None
    except OSError as error:
        raise InvalidInput(path.name, f"cannot be read: {error.strerror}") from None
