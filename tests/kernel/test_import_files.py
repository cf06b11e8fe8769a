"""What files are read as, rows by rows, and which are refused before they do harm."""

import gzip
import io
import resource
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from kernel.imports import opening
from kernel.imports.mapping import Format
from kernel.imports.model import LONGEST_CELL, Problem, Unreadable

WORKBOOK = '<?xml version="1.0"?><workbook/>'


def read(path: Path, format: Format | None = None) -> list[tuple[int, list[str]] | Problem]:
    return list(opening.source(path, path.name, format or Format()).rows)


def written(folder: Path, content: bytes | str, name: str = "some.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def zipped(folder: Path, parts: dict[str, bytes]) -> Path:
    path = folder / "some.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("xl/workbook.xml", WORKBOOK)
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_a_row_keeps_the_line_it_begins_in(tmp_path: Path) -> None:
    file = written(tmp_path, 'a,b\n1,"two\nlines"\n\n3,4\n5\n')
    found = read(file)
    assert found[:2] == [(2, ["1", "two\nlines"]), (5, ["3", "4"])]
    assert found[2] == Problem(6, None, "RAGGED", "has 1 cells, and the header 2")


def test_line_ends_of_every_system_are_read(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        assert read(written(tmp_path, end.join(["a;b", "1;2", "3;4", ""]))) == [(2, ["1", "2"]), (3, ["3", "4"])]


def test_a_cell_that_is_too_long_costs_its_row(tmp_path: Path) -> None:
    found = read(written(tmp_path, f"a\n1\n{'x' * (LONGEST_CELL + 1)}\n2\n"))
    assert [one[1] if isinstance(one, tuple) else one.code for one in found] == [["1"], "MALFORMED", ["2"]]


def test_a_text_without_line_ends_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="a row of more than"):
        read(written(tmp_path, b"a,b\n" + b"x" * 30_000_000))


def test_a_large_file_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("sku,name\n")
        for number in range(20_000):
            file.write(f"{number},{'a long text ' * 100}\n")
    assert path.stat().st_size > 20_000_000
    tracemalloc.start()
    try:
        rows = opening.source(path, path.name, Format()).rows
        assert sum(1 for _ in rows) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_packed_text_that_unpacks_to_far_too_much_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="packed too well"):
        read(written(tmp_path, gzip.compress(b"a\n" + (b"0" * 2_000 + b"\n") * 10_000), "some.csv.gz"))


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"xl/worksheets/sheet1.xml": b"<a>" + bytes(60_000_000)}, "zip bomb"),
        ({f"xl/{number}.xml": b"" for number in range(2_100)}, "more than 2000 parts"),
        ({}, "broken"),
    ],
    ids=["bomb", "many parts", "no sheet"],
)
def test_a_hostile_workbook_is_refused(tmp_path: Path, parts: dict[str, bytes], problem: str) -> None:
    path = zipped(tmp_path, parts)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Unreadable, match=problem):
        read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_a_workbook_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"xl/worksheets/sheet1.xml": b"<a>" + bytes(9_000_000)})
    content = bytearray(path.read_bytes())
    for place in _sizes(content, (9_000_003).to_bytes(4, "little")):
        content[place : place + 4] = (1_000).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("xl/worksheets/sheet1.xml").file_size == 1_000
    with pytest.raises(Unreadable, match="zip bomb, or broken"):
        read(path)


def _sizes(content: bytearray, size: bytes) -> Iterator[int]:
    place = content.find(size)
    while place >= 0:
        yield place
        place = content.find(size, place + 4)


def test_a_sheet_that_claims_to_be_endless_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["sku", "name"])
    sheet.cell(row=90_000, column=2, value="far away")
    out = io.BytesIO()
    book.save(out)
    assert read(written(tmp_path, out.getvalue(), "some.xlsx")) == [(90_000, ["", "far away"])]
    sheet.cell(row=400_000, column=1, value="further")
    book.save(tmp_path / "far.xlsx")
    with pytest.raises(Unreadable, match="rows on end are empty"):
        read(tmp_path / "far.xlsx")
