"""Documents written as a file of the format asked for, a few at a time."""

import csv
import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import xlsxwriter

from kernel.errors import DomainError

from .documents import Document
from .model import CSV, Written
from .sheets import rows, unsaid

# what a sheet holds (ECMA-376, Excel's specifications and limits)
MOST_ROWS, MOST_COLUMNS, LONGEST = 1_048_576, 16_384, 32_767
AT_ONCE = 500

Row = Callable[[list[str]], None]


@dataclass
class DoesNotFit(DomainError):
    """A spreadsheet holds {what}, and these products need more; export them as CSV or JSONL."""

    what: str


class Lines:
    """A file of documents, one a line: what JSONL is, and what tables are made of."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, documents: Iterable[Document]) -> None:
        with self.path.open("ab") as file:
            file.writelines(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in documents)

    def read(self) -> Iterator[Document]:
        with self.path.open("rb") as file:
            yield from map(orjson.loads, file)


class TableWriter:
    """Writes the rows of documents into an open table."""

    def __init__(self, put: Row, header: list[str], *, longest: int | None) -> None:
        self.products = self.rows = self.left_out = 0
        self.first_left_out: str | None = None
        self._put = put
        self._header = header
        self._known = frozenset(header)
        self._longest = longest
        put(header)

    def write(self, documents: Iterable[Document]) -> None:
        for one in documents:
            self.products += 1
            for column in unsaid(one, self._known):
                self._leave_out(one, column)
            for cells in rows(one, self._header):
                self.rows += 1
                self._put(cells if self._longest is None else self._short(one, cells, self._longest))

    def written(self) -> Written:
        return Written(self.products, self.rows, self.left_out, self.first_left_out)

    def _short(self, document: Document, cells: list[str], longest: int) -> list[str]:
        """The cells without those that are too long; an empty one says nothing to an import."""
        for place, cell in enumerate(cells):
            if len(cell) > longest:
                self._leave_out(document, self._header[place])
                cells[place] = ""
        return cells

    def _leave_out(self, document: Document, column: str) -> None:
        self.left_out += 1
        self.first_left_out = self.first_left_out or f"{column} of {document['code']}"


@contextmanager
def table(path: Path, format: str, header: list[str]) -> Iterator[TableWriter]:
    """A table that is whole once the block ends. Raises DoesNotFit."""
    with (_csv if format == CSV else _xlsx)(path, header) as put:
        yield TableWriter(put, header, longest=None if format == CSV else LONGEST)


@contextmanager
def _csv(path: Path, _header: list[str]) -> Iterator[Row]:
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark tells spreadsheets that it is UTF-8
        yield csv.writer(file).writerow


@contextmanager
def _xlsx(path: Path, header: list[str]) -> Iterator[Row]:
    if len(header) > MOST_COLUMNS:
        raise DoesNotFit(f"{MOST_COLUMNS} columns")
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)}) as book:
        sheet = book.add_worksheet("products")
        sheet.freeze_panes(1, 0)
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{MOST_ROWS}"})
        numbers = itertools.count()

        def put(cells: list[str]) -> None:
            number = next(numbers)
            if number >= MOST_ROWS:
                raise DoesNotFit(f"{MOST_ROWS} rows")
            for place, cell in enumerate(cells):
                if cell:
                    sheet.write_string(number, place, cell)  # never a formula, a link or a rounded number

        yield put
