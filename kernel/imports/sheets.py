"""Rows of the first sheet of an XLSX workbook, read as a stream, after a look at what it unpacks to.

Formulas are not evaluated: what Excel last computed is read, and a cell that begins with ``=`` is a text.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, cast
from xml.parsers.expat import ExpatError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from .model import LONGEST_CELL, MOST_COLUMNS, Problem, Unreadable
from .text import Line, dirt, holds_bad

MOST_ENTRIES = 2_000
MOST_UNPACKED = 512 * 2**20
MOST_TIMES = 200  # as large as packed; sheets pack to a tenth, or a fiftieth where all cells are alike
SMALL = 10 * 2**20  # below which an entry may be packed however well
MOST_EMPTY = 100_000  # rows on end without a cell
PIECE = 1024 * 1024
_CODED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how XML cannot hold a letter and OOXML writes it (ECMA-376, ST_Xstring)
BROKEN = (
    InvalidFileException,
    zipfile.BadZipFile,
    ExpatError,
    SyntaxError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    OSError,
)  # what openpyxl raises at a workbook that others made


def rows(path: Path) -> Iterator[Line | Problem]:
    """The rows with their numbers. Raises Unreadable, here or while it is read."""
    _refuse_bombs(path)
    return _rows(path)


def _refuse_bombs(path: Path) -> None:
    """Look at what is said and at what is so: an archive may unpack to more than it says."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise Unreadable(f"the workbook has more than {MOST_ENTRIES} parts")
            if "xl/workbook.xml" not in archive.namelist():
                raise Unreadable("it is a ZIP archive, and no XLSX workbook")
            if sum(one.file_size for one in entries) > MOST_UNPACKED:
                raise Unreadable(f"the workbook unpacks to more than {MOST_UNPACKED // 2**20} MB")
            left = MOST_UNPACKED
            with path.open("rb") as file:
                for entry in entries:
                    left -= _unpacked(file, entry, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError):
        # the last is zipfile's word for a ZIP of a version that it does not know
        raise Unreadable("the workbook is broken") from None


def _unpacked(file: Any, entry: zipfile.ZipInfo, most: int) -> int:
    """How many bytes an entry really has. Raises Unreadable where they are more than ``most`` or than it says."""
    if entry.flag_bits & 1:
        raise Unreadable("the workbook is encrypted")
    if entry.compress_type == zipfile.ZIP_STORED:
        return entry.compress_size
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise Unreadable("the workbook is packed in a way that workbooks are not")
    file.seek(entry.header_offset + 26)
    lengths = file.read(4)
    file.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), 1)
    unpacking, size, waiting = zlib.decompressobj(-15), 0, entry.compress_size
    while waiting > 0 and not unpacking.eof:
        piece = file.read(min(PIECE, waiting))
        if not piece:
            raise Unreadable("the workbook is broken")
        waiting -= len(piece)
        while piece:
            size += len(unpacking.decompress(piece, PIECE))
            piece = unpacking.unconsumed_tail
            if size > most or size > entry.file_size or (size > SMALL and size > MOST_TIMES * entry.compress_size):
                raise Unreadable("the workbook unpacks to far more than it should: it is a zip bomb, or broken")
    return size


def _rows(path: Path) -> Iterator[Line | Problem]:
    with path.open("rb") as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of styles and extensions that it does not know
                book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            if not book.worksheets:
                raise Unreadable("the workbook has no sheet")
            sheet = cast("Any", book.worksheets[0])
            sheet.reset_dimensions()  # what it says of its size is not to be believed
            yield from _of_sheet(sheet.iter_rows(values_only=True))
        except BROKEN:
            raise Unreadable("the workbook is broken") from None


def _of_sheet(found: Iterator[tuple[Any, ...]]) -> Iterator[Line | Problem]:
    empty = 0
    for number, values in enumerate(found, 1):
        cells = _cells(values)
        if cells:
            empty = 0
            yield _problem(number, cells) or (number, cells)
        else:
            empty += 1
            if empty > MOST_EMPTY:
                raise Unreadable(f"row {number}: more than {MOST_EMPTY} rows on end are empty")


def _problem(number: int, cells: list[str]) -> Problem | None:
    if len(cells) > MOST_COLUMNS:
        return Problem(number, None, "RAGGED", f"has {len(cells)} cells, and more than {MOST_COLUMNS} are not read")
    for place, cell in enumerate(cells, 1):
        if len(cell) > LONGEST_CELL:
            return Problem(number, f"#{place}", "TOO_LONG", f"has more than {LONGEST_CELL} characters")
        if holds_bad(cell):
            return dirt(number, cells)
    return None


def _cells(values: tuple[Any, ...]) -> list[str]:
    cells = [_text(value) for value in values]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _text(value: Any) -> str:  # noqa: PLR0911 -- a table
    """A cell as a person would type it: a whole number without a point, a day without its midnight."""
    match value:
        case None:
            return ""
        case str():
            return _CODED.sub(lambda coded: chr(int(coded[1], 16)), value)
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
    return str(value)
