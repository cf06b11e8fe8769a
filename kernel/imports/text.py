"""Rows of a text file, read as a stream: what is broken costs its row, and says where it stands."""

import codecs
import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .mapping import Format
from .model import LONGEST_CELL, LONGEST_LINE, MOST_BYTES, SHOWN, Problem, Unreadable

BLOCK = 256 * 1024
DELIMITERS = ";,\t|"
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
OTHERS = {  # files that are often sent where a text is meant
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\xd0\xcf\x11\xe0": "a workbook of old Excel (.xls); save it as .xlsx",
    b"PK\x03\x04": "a ZIP archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
}
TOO_MANY_BAD = 0.02  # of the first bytes of a file: it is in another encoding then
PACKED_MOST = 200  # times as large as packed: nothing that people write packs better

csv.field_size_limit(LONGEST_CELL)

Line = tuple[int, list[str]]


@dataclass(slots=True)
class Blocks:
    """The text of a file, piece by piece; ``is_dirty`` from the first piece on that holds what no text may hold.

    A byte that the encoding does not know is kept as a surrogate, or U+FFFD in UTF-16, so that its row can be told.
    """

    path: Path
    encoding: str | None
    is_dirty: bool = False
    _start: bytes = field(init=False, default=b"")

    def __iter__(self) -> Iterator[str]:
        size = self.path.stat().st_size
        with self._open() as file:
            start = _read(file)
            encoding, skip = self._decided(start)
            decoder = codecs.getincrementaldecoder(encoding)(
                "replace" if encoding.startswith("utf-16") else "surrogateescape"
            )
            total, block = len(start), start[skip:]
            while True:
                text = decoder.decode(block, final=not block)
                self.is_dirty = self.is_dirty or holds_bad(text)
                if text:
                    yield text
                if not block:
                    return
                block = _read(file)
                total += len(block)
                if total > MOST_BYTES or (total > 10 * BLOCK and total > PACKED_MOST * size):
                    raise Unreadable(f"it has more than {MOST_BYTES // 2**20} MB, or is packed too well to be one")

    def _open(self) -> IO[bytes]:
        with self.path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        return gzip.open(self.path) if packed else self.path.open("rb")  # type: ignore[return-value]

    def _decided(self, start: bytes) -> tuple[str, int]:
        """The encoding, and how many bytes its mark has. Raises Unreadable where this is no text of it."""
        for magic, what in OTHERS.items():
            if start.startswith(magic):
                raise Unreadable(f"it is {what}, not a text file")
        for mark, encoding in BOMS:
            if start.startswith(mark):
                return encoding, len(mark)
        if self.encoding == "utf-16":
            return "utf-16-le", 0
        if b"\0" in start:
            raise Unreadable("it is no text: there are NUL bytes in it; a mapping may say that it is UTF-16")
        encoding = self.encoding or "utf-8"
        text = start.decode(encoding, "surrogateescape")
        bad = sum(1 for letter in text if "\udc80" <= letter <= "\udcff") if holds_bad(text) else 0
        if bad > max(8, TOO_MANY_BAD * len(text)):
            raise Unreadable(
                f"it is not encoded in {encoding.upper()}; a mapping may say in what it is, such as cp1251"
            )
        return encoding, 0


def _read(file: IO[bytes]) -> bytes:
    try:
        return file.read(BLOCK)
    except (OSError, EOFError, zlib.error):
        raise Unreadable("it is packed, and broken") from None


def holds_bad(text: str) -> bool:
    """Whether there is something in ``text`` that no text may hold: NUL, U+FFFD or half a letter."""
    if "\0" in text or "\ufffd" in text:
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def rows(path: Path, format: Format) -> tuple[str | None, Iterator[Line | Problem]]:
    """The delimiter, and the rows with the lines they begin in; lines count from 1. Raises Unreadable.

    The reading raises it too, where it comes to something that cannot be gone on from.
    """
    blocks = Blocks(path, format.encoding)
    pieces = iter(blocks)
    first = next(pieces, "")
    if not first.strip():
        raise Unreadable("it is empty")
    if format.type in ("jsonl", "lines"):
        return None, _checked(blocks, _without_comments(_single(_lines(first, pieces)), format.comment))
    delimiter = format.delimiter or _delimiter(first)
    found: Iterator[Line | Problem]
    if format.quote == "" or format.row_end is not None or len(delimiter) > 1:
        end = format.row_end or "\n"
        found = _separated(_records(first, pieces, end), delimiter, end)
    else:
        found = _quoted(_lines(first, pieces), delimiter, format.quote or '"')
    return delimiter, _checked(blocks, _without_comments(found, format.comment))


def _delimiter(text: str) -> str:
    """What separates the cells of the first line: the candidate that stands there most outside of quotes."""
    line = text.partition("\n")[0]
    outside = "".join(line.split('"')[::2])
    counted = Counter(letter for letter in outside if letter in DELIMITERS)
    return max(DELIMITERS, key=lambda one: counted[one]) if counted else ","


def _records(first: str, pieces: Iterator[str], end: str) -> Iterator[str]:
    """What stands between ``end`` and ``end``; the last may have none."""
    rest = first
    while True:
        *whole, rest = rest.split(end)
        yield from whole
        if len(rest) > LONGEST_LINE:
            raise Unreadable(f"it has a row of more than {LONGEST_LINE} characters")
        piece = next(pieces, None)
        if piece is None:
            break
        rest += piece
    if rest:
        yield rest


def _lines(first: str, pieces: Iterator[str]) -> Iterator[str]:
    end = "\r" if "\n" not in first and "\r" in first else "\n"
    return (line + "\n" for line in _records(first, pieces, end))


def _single(lines: Iterator[str]) -> Iterator[Line]:
    for number, line in enumerate(lines, 1):
        if stripped := line.strip():
            yield number, [stripped]


def _separated(records: Iterator[str], delimiter: str, end: str) -> Iterator[Line]:
    line = 1
    for record in records:
        text = record.removesuffix("\r") if end == "\n" else record.lstrip("\r\n")
        if text:
            yield line, text.split(delimiter)
        line += 1 if end == "\n" else record.count("\n") + end.count("\n")


def _quoted(lines: Iterator[str], delimiter: str, quote: str) -> Iterator[Line | Problem]:
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(line, None, "MALFORMED", _told(str(error)))
            continue
        if cells:
            yield line, cells


def _told(error: str) -> str:
    if "field larger" in error:
        return f"a cell has more than {LONGEST_CELL} characters, or its quotation mark is never closed"
    if "unexpected end" in error:
        return "a quotation mark is never closed"
    return f"cannot be read: {error}"


def _without_comments(found: Iterator[Line | Problem], comment: str | None) -> Iterator[Line | Problem]:
    if comment is None:
        return found
    return (one for one in found if isinstance(one, Problem) or not one[1][0].startswith(comment))


def _checked(blocks: Blocks, found: Iterator[Line | Problem]) -> Iterator[Line | Problem]:
    """The rows, but for those that hold what cannot be stored."""
    for one in found:
        if blocks.is_dirty and not isinstance(one, Problem) and (problem := dirt(*one)):
            yield problem
        else:
            yield one


def dirt(line: int, cells: list[str]) -> Problem | None:
    """What in a row cannot be stored, and where; None where all of it can."""
    for place, cell in enumerate(cells, 1):
        if holds_bad(cell):
            at = next(n for n, letter in enumerate(cell, 1) if letter in "\0\ufffd" or "\ud800" <= letter <= "\udfff")
            letter = cell[at - 1]
            what = f"byte 0x{ord(letter) - 0xDC00:02X}" if "\udc80" <= letter <= "\udcff" else f"U+{ord(letter):04X}"
            column = f"#{place}"
            return Problem(line, column, "ENCODING", f"{what} at character {at} of the cell is no text"[:SHOWN])
    return None
