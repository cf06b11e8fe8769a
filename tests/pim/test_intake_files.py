"""Files of many kinds are read as the tables that they are, and what is none is refused."""

import gzip
import io
from typing import Any

import openpyxl
import orjson
import pytest

from kernel.errors import InvalidInput, NotFound
from kernel.imports import operations
from pim.intake.importers import IMPORTERS
from tests.pim.intake import SHIRTS, Intake, shirts, table


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_the_delimiter_and_the_encoding_are_found(intake: Intake, delimiter: str, encoding: str) -> None:
    row = ["s", "s-1", "shirt", f'Größe, "5" {delimiter} Мир', "red", "1"]
    told = await intake.products(table(SHIRTS, row, delimiter=delimiter).encode(encoding))
    assert (told.counts, told.problems) == ((1, 0, 0), [])
    assert (await intake.product("s"))[0].content["name"]["*"]["en"] == row[3]


async def test_a_packed_file_is_unpacked(intake: Intake) -> None:
    told = await intake.products(gzip.compress(table(SHIRTS, *shirts(3)).encode()), name="shirts.csv.gz")
    assert told.counts == (6, 0, 0)


async def test_an_encoding_is_used_where_a_mapping_says_it(intake: Intake) -> None:
    file = table(SHIRTS, ["s", "s-1", "shirt", "Рубашка", "red", "1"]).encode("cp1251")
    refused = await intake.products(file)
    assert refused.task.status == "DONE" or "not encoded in UTF-8" in (refused.task.problem or "")
    assert refused.counts[0] == 0
    await save(intake, "russian", {"format": {"encoding": "cp1251"}})
    assert (await intake.products(file, mapping="russian")).counts == (1, 0, 0)
    assert (await intake.product("s"))[0].content["name"]["*"]["en"] == "Рубашка"


async def save(intake: Intake, name: str, document: Any) -> None:
    async with intake.db.write() as conn:
        await operations.save_mapping(conn, IMPORTERS["PRODUCTS"], name=name, document=document, actor="Ada")


async def test_bytes_that_are_no_text_cost_their_row(intake: Intake) -> None:
    good = table(SHIRTS, *shirts(200)).encode()
    lines = good.splitlines(keepends=True)
    lines[7] = lines[7].replace(b"Shirt", b"Sh\xffrt")
    lines[9] = lines[9].replace(b"Shirt", b"Sh\0rt")
    told = await intake.products(b"".join(lines[:9]) + b"".join(lines[9:]).replace(b"\0", b"\xfe"))
    assert told.problems == [(8, "name-en", "ENCODING"), (10, "name-en", "ENCODING")]
    assert told.messages[0] == "byte 0xFF at character 3 of the cell is no text"
    assert told.counts == (398, 0, 2)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b"\n\n \n", "it is empty"),
        (b"%PDF-1.7 ...", "it is a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Excel"),
        (b"sku\0name\n\0\0", "NUL bytes"),
        (bytes(range(128, 256)) * 20, "not encoded in UTF-8"),
        (b"sku,sku\na,b\n", "two columns sku"),
        (b"name,color\na,b\n", "sku: there is no column of this name"),
        (b"PK\x03\x04 but no archive", "the workbook is broken"),
        (b"\x1f\x8b\x08\x00 broken", "packed, and broken"),
    ],
)
async def test_a_file_that_is_no_table_is_refused_as_a_whole(intake: Intake, content: bytes, problem: str) -> None:
    told = await intake.products(content)
    assert told.task.status == "FAILED"
    assert problem in (told.task.problem or "")
    assert await intake.count("import_row") == 0


async def test_a_quotation_mark_that_is_never_closed_costs_no_more_than_its_rows(intake: Intake) -> None:
    file = table(SHIRTS, *shirts(2)) + 's,"s-1,shirt\n'
    told = await intake.products(file)
    assert (told.counts, told.problems) == ((4, 0, 1), [(6, None, "MALFORMED")])


async def test_odd_delimiters_and_row_ends_are_read_without_quotes_or_header(intake: Intake) -> None:
    document: dict[str, Any] = {
        "format": {"delimiter": "+|", "row_end": "&|\n", "quote": "", "columns": ["id", "title", "shade"]},
        "columns": [
            {"to": "sku", "from": "id", "case": "lower"},
            {"to": "name-en", "from": "title"},
            {"to": "color", "from": "shade", "replace": {"RED": "red"}, "value": "blue"},
            {"to": "family", "value": "shirt"},
        ],
        "rest": "ignore",
    }
    await save(intake, "odd", document)
    told = await intake.products('A1+|A 5" pipe,\nlong+|RED&|\nB2+| B +|&|\n', mapping="odd")
    assert (told.counts, told.problems) == ((2, 0, 0), [])
    found, variants = await intake.product("a1")
    assert found.content["name"]["*"]["en"] == 'A 5" pipe,\nlong'
    assert variants["a1"].content["color"]["*"]["*"] == "red"
    assert (await intake.product("b2"))[1]["b2"].content["color"]["*"]["*"] == "blue"


async def test_a_mapping_splits_and_takes_parts(intake: Intake) -> None:
    document: dict[str, Any] = {
        "columns": [
            {"to": "categories", "from": "path", "split": "/", "part": -1, "replace": {"Clothes": "clothes"}},
            {"to": "tags", "from": "flags", "split": ";", "replace": {"N": "new", "O": "old", "?": ""}},
        ]
    }
    await save(intake, "paths", document)
    told = await intake.products(table(["sku", "path", "flags"], ["a", "All/Clothes", "N;?;O"]), mapping="paths")
    assert (told.counts, told.problems) == ((1, 0, 0), [])
    assert (await intake.product("a"))[0].content["tags"]["*"]["*"] == ["new", "old"]


async def test_a_mapping_is_checked_where_it_is_saved_and_where_it_is_used(intake: Intake) -> None:
    documents: list[Any] = [{"colums": []}, {"columns": [{"from": "a"}]}, {"format": {"encoding": "utf-7"}}, [], None]
    for document in documents:
        with pytest.raises(InvalidInput):
            await save(intake, "bad", document)
    with pytest.raises(InvalidInput):
        await save(intake, "native", {})
    with pytest.raises(NotFound):
        await intake.products("sku\na\n", mapping="nobody")
    await save(intake, "asks", {"columns": [{"to": "sku", "from": "number"}]})
    told = await intake.products("sku\na\n", mapping="asks")
    assert (told.task.status, told.task.problem) == (
        "FAILED",
        "number: the file has no column of this name; sku is to come from it.",
    )


async def test_the_layout_of_akeneo_is_read(intake: Intake) -> None:
    header = ["sku", "categories", "enabled", "family", "parent", "groups", "color", "name-en_US", "X_SELL-products"]
    rows = [
        ["s-1", "clothes", "1", "shirt", "s", "", "red", "Shirt", ""],
        ["t", "", "1", "shirt", "", "", "", "T", "s"],
    ]
    told = await intake.products(table(header, *rows, delimiter=";"), mapping="akeneo")
    assert (told.counts, told.problems) == ((2, 0, 0), [])
    found, variants = await intake.product("s")
    assert found.content["name"]["*"]["en-US"] == "Shirt"
    assert list(variants) == ["s-1"]


def workbook(*rows: Any) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


async def test_the_first_sheet_of_a_workbook_is_read(intake: Intake) -> None:
    header = ["sku", "family", "name-en", "color", "weight", "organic", "gtin"]
    rows = [["001", "shirt", "=1+1", "red", 12.5, True, 4006381333931], ["2", "shirt", None, "blue"]]
    told = await intake.products(workbook(header, *rows), name="shirts.xlsx")
    assert (told.counts, told.problems) == ((2, 0, 0), [])
    found, variants = await intake.product("001")
    assert variants["001"].gtin == "4006381333931"
    assert variants["001"].content["weight"]["*"]["*"]["amount"] == "12.5"
    assert found.content["organic"]["*"]["*"] is True
    assert "name" not in found.content  # a formula that nothing has computed


async def test_documents_are_read_line_by_line_and_null_clears(intake: Intake) -> None:
    first = (
        '{"code": "s", "family": "shirt", "values": [{"attribute": "name", "locale": "en", "value": "S"}],'
        ' "variants": [{"sku": "s-1", "values": [{"attribute": "color", "value": "red"}]}]}'
    )
    broken = '{"code": "t", \n["u"]\n{"code": "v", "colour": 1}\n{"code": "w", "family": "sock"}'
    told = await intake.products(f"{first}\n{broken}\n", name="some.jsonl")
    assert told.counts == (1, 0, 4)
    assert [line for line, _, _ in told.problems] == [2, 3, 4, 5]
    cleared = '{"code": "s", "values": [{"attribute": "name", "locale": "en", "value": null}]}'
    assert (await intake.products(cleared, name="some.jsonl")).counts == (0, 1, 0)
    assert (await intake.product("s"))[0].content == {}


async def test_empty_parts_of_a_document_clear_what_is_there(intake: Intake) -> None:
    parts = [
        {"code": "part", "variants": [{"sku": "part"}]},
        {
            "code": "set",
            "slugs": [{"locale": "en", "text": "set"}, {"locale": "de-DE", "text": "satz"}],
            "associations": [
                {"kind": "BUNDLE", "components": [{"sku": "part", "quantity": 2}]},
                {"kind": "CROSS_SELL", "products": ["part"]},
            ],
        },
    ]
    await intake.products(b"\n".join(map(orjson.dumps, parts)), name="some.jsonl")
    made = [await intake.count(one) for one in ("product_component", "product_association", "product_slug")]
    empty = {
        "code": "set",
        "slugs": [{"locale": "en", "text": ""}],
        "associations": [{"kind": "BUNDLE", "components": []}],
    }
    told = await intake.products(orjson.dumps(empty), name="some.jsonl")
    left = [await intake.count(one) for one in ("product_component", "product_association", "product_slug")]
    assert (told.problems, made, left) == ([], [1, 1, 2], [0, 1, 1])


@pytest.mark.parametrize(
    ("parts", "column"),
    [
        ({"associations": [{"kind": "CROSS_SELL"}]}, "associations.0.products"),
        ({"associations": [{"kind": "BUNDLE", "products": ["a"]}]}, "associations.0.products"),
        ({"associations": [{"kind": "UP_SELL", "products": []}] * 2}, "associations.1.kind"),
        ({"slugs": [{"locale": "en", "text": "a"}] * 2}, "slugs.1.locale"),
        ({"media": ["sixteen"]}, "media.0"),
    ],
)
async def test_parts_of_a_document_that_do_not_fit_together_are_refused(
    intake: Intake, parts: dict[str, Any], column: str
) -> None:
    told = await intake.products(orjson.dumps({"code": "a"} | parts), name="some.jsonl")
    assert (told.counts, told.problems) == ((0, 0, 1), [(1, column, "INVALID")])
