"""Products come in from tables: good rows go in, and what is wrong with others is told by line and column."""

import gzip
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from kernel import tasks
from kernel.db import Database
from kernel.errors import InvalidInput, NotFound
from kernel.imports import operations, running
from kernel.imports import staging as staging_
from pim.categories import queries as category_queries
from pim.families.model import FamilyAttribute
from pim.intake.importers import IMPORTERS
from pim.products import queries as product_queries
from tests.conftest import _create, _drop, _named
from tests.make import a_category, a_channel, a_family, an_attribute
from tests.pim.intake import SHIRTS, Intake, shirts, table


@pytest.fixture(scope="module")
async def modeled(server_url: str, template: str) -> AsyncIterator[Database]:
    """A database where shirts have names by locale, and variants of a color and a weight."""
    await _create(server_url, "intake", template)
    db = Database(_named(server_url, "intake"), readers=2, writers=3)
    async with db.write() as conn:
        await a_channel(conn, code="web", locales=["en", "de-DE"])
        await a_category(conn, code="clothes")
        await an_attribute(conn, code="name", localizable=True)
        await an_attribute(conn, code="tags", type="MULTI_SELECT", options=["new", "old"])
        await an_attribute(conn, code="color", type="SELECT", options=["red", "blue"])
        await an_attribute(conn, code="weight", type="MEASUREMENT", unit_family="mass", default_unit="gram")
        await an_attribute(conn, code="organic", type="BOOLEAN")
        await an_attribute(conn, code="made", type="DATE")
        await an_attribute(conn, code="cost", type="MONEY")
        await an_attribute(conn, code="note", scopable=True, localizable=True)
        of_product = [FamilyAttribute(one, "PRODUCT") for one in ("name", "tags", "organic", "made", "cost", "note")]
        of_variant = [FamilyAttribute(one, "VARIANT") for one in ("color", "weight")]
        await a_family(conn, code="shirt", attributes=[*of_product, *of_variant], axes=("color",))
    yield db
    await db.close()
    await _drop(server_url, "intake")


@pytest.fixture
async def intake(modeled: Database, tmp_path: Path) -> Intake:
    """That database without products."""
    async with modeled.write() as conn:
        await conn.execute(text("TRUNCATE product, task, import_mapping, outbox CASCADE"))
    return Intake(modeled, tmp_path)


async def product(intake: Intake, code: str) -> Any:
    async with intake.db.read() as conn:
        found = (await product_queries.products_by_code(conn, [code])).get(code)
        variants = (await product_queries.variants_by_product(conn, [found.id])).get(found.id, ()) if found else ()
    return found, {one.sku: one for one in variants}


async def count(intake: Intake, of: str) -> int:
    async with intake.db.read() as conn:
        return int((await conn.execute(text(f"SELECT count(*) FROM {of}"))).scalar_one())


async def test_rows_of_one_product_make_it_with_its_variants_wherever_they_stand(intake: Intake) -> None:
    header = [*SHIRTS, "weight-unit", "categories", "tags", "organic", "made", "cost-EUR", "note-de_DE-web", "gtin"]
    rows = [
        [
            "s",
            "s-1",
            "shirt",
            "Shirt",
            "red",
            "0.2",
            "kilogram",
            "clothes",
            "new,old",
            "1",
            "2026-01-02",
            "9.5",
            "Hä",
            "",
        ],
        ["t", "t-1", "shirt", "Other", "red", "", "", "", "", "", "", "", "", ""],
        ["s", "s-2", "shirt", "", "blue", "180", "", "", "", "", "", "", "", "4006381333931"],
    ]
    told = await intake.products(table(header, *rows))
    assert (told.counts, told.problems) == ((3, 0, 0), [])
    found, variants = await product(intake, "s")
    assert found.content["name"]["*"]["en"] == "Shirt"
    assert found.content["note"]["web"]["de-DE"] == "Hä"
    assert found.content["tags"]["*"]["*"] == ["new", "old"]
    assert found.content["organic"]["*"]["*"] is True
    assert found.content["cost"]["*"]["*"] == {"amount": "9.50", "currency": "EUR"}
    assert variants["s-1"].content["weight"]["*"]["*"]["base"] == "200"
    assert variants["s-2"].content["weight"]["*"]["*"]["unit"] == "gram"
    assert variants["s-2"].gtin == "4006381333931"


async def test_the_same_file_again_changes_nothing(intake: Intake) -> None:
    file = table(SHIRTS, *shirts(20))
    assert (await intake.products(file)).counts == (40, 0, 0)
    facts = [await count(intake, one) for one in ("product_revision", "outbox", "change")]
    again = await intake.products(file)
    assert (again.counts, again.task.done, again.task.total) == ((0, 0, 0), 40, 40)
    assert [await count(intake, one) for one in ("product_revision", "outbox", "change")] == facts


async def test_a_dry_run_tells_the_same_and_changes_nothing(intake: Intake) -> None:
    await intake.products(table(SHIRTS, *shirts(2)))
    rows = [*shirts(4, first=1), ["x", "x-1", "shirt", "X", "pink", ""]]
    file = table(SHIRTS, *rows).replace("Shirt 1", "Shirt one")
    facts = [await count(intake, one) for one in ("product", "variant", "outbox")]
    dry = await intake.products(file, dry_run=True)
    assert [await count(intake, one) for one in ("product", "variant", "outbox")] == facts
    real = await intake.products(file)
    assert dry.counts == real.counts == (6, 2, 1)
    assert dry.problems == real.problems == [(10, "color", "INVALID")]


async def test_good_variants_go_in_beside_a_bad_one_of_their_product(intake: Intake) -> None:
    rows = [["s", "s-1", "shirt", "S", "red", "1"], ["s", "s-2", "shirt", "S", "green", "1"]]
    told = await intake.products(table(SHIRTS, *rows))
    assert (told.counts, told.problems) == ((1, 0, 1), [(3, "color", "INVALID")])
    assert "'green' is none of its options" in told.messages[0]
    assert list((await product(intake, "s"))[1]) == ["s-1"]


async def test_every_bad_row_is_told_by_line_and_column(intake: Intake) -> None:
    header = [*SHIRTS, "organic", "made", "cost-EUR", "gtin", "shoe"]
    good = ["a", "a-1", "shirt", "A", "red", "1", "true", "2026-01-01", "1.00", "", ""]
    rows = [
        good,
        ["b", "", "shirt", "B", "red", "1", "", "", "", "", ""],
        ["c", "a-1", "shirt", "C", "red", "1", "", "", "", "", ""],
        ["d", "d-1", "sock", "D", "red", "1", "", "", "", "", ""],
        ["e", "e-1", "shirt", "E", "red", "heavy", "", "", "", "", ""],
        ["f", "f-1", "shirt", "F", "red", "1", "maybe", "", "", "", ""],
        ["g", "g-1", "shirt", "G", "red", "1", "", "31.12.2026", "", "", ""],
        ["h", "h-1", "shirt", "H", "red", "1", "", "", "much", "", ""],
        ["i", "i-1", "shirt", "I", "red", "1", "", "", "", "4006381333932", ""],
        ["a", "a-2", "shirt", "Another", "blue", "1", "", "", "", "", ""],
        ["j", "j-1", "shirt"],
        [*good, "more"],
        ["k", "k-1", "shirt", "K", "red", "1", "", "", "", "4006381333931", ""],
        ["l", "l-1", "shirt", "L", "red", "1", "", "", "", "04006381333931", ""],
    ]
    told = await intake.products(table(header, *rows))
    assert told.problems == [
        (1, "shoe", "UNKNOWN_COLUMN"),
        (3, "sku", "INVALID"),
        (4, "sku", "DUPLICATE"),
        (5, "family", "INVALID"),
        (6, "weight", "INVALID"),
        (7, "organic", "INVALID"),
        (8, "made", "INVALID"),
        (9, "cost-EUR", "INVALID"),
        (10, "gtin", "INVALID"),
        (11, "name-en", "CONTRADICTION"),
        (12, None, "RAGGED"),
        (13, None, "RAGGED"),
        (15, "gtin", "DUPLICATE"),
    ]
    assert told.counts == (2, 0, 12)
    assert told.task.done == told.task.total == 14


async def test_links_are_made_once_all_products_are_there(intake: Intake) -> None:
    header = ["code", "sku", "CROSS_SELL", "BUNDLE"]
    rows = [["a", "a", "b,c", ""], ["b", "b", "a,nowhere", ""], ["c", "c", "", "a:2,b:1"]]
    told = await intake.products(table(header, *rows))
    assert (told.counts, told.problems) == ((3, 0, 0), [(3, "CROSS_SELL", "NOT_FOUND")])
    async with intake.db.read() as conn:
        found = await conn.execute(text("SELECT count(*) FROM product_association"))
        assert found.scalar_one() == 3
    again = await intake.products(table(header, *rows))
    assert again.counts == (0, 0, 0)


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_the_delimiter_and_the_encoding_are_found(intake: Intake, delimiter: str, encoding: str) -> None:
    row = ["s", "s-1", "shirt", f'Größe, "5" {delimiter} Мир', "red", "1"]
    told = await intake.products(table(SHIRTS, row, delimiter=delimiter).encode(encoding))
    assert (told.counts, told.problems) == ((1, 0, 0), [])
    assert (await product(intake, "s"))[0].content["name"]["*"]["en"] == row[3]


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
    assert (await product(intake, "s"))[0].content["name"]["*"]["en"] == "Рубашка"


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
    assert await count(intake, "import_row") == 0


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
    found, variants = await product(intake, "a1")
    assert found.content["name"]["*"]["en"] == 'A 5" pipe,\nlong'
    assert variants["a1"].content["color"]["*"]["*"] == "red"
    assert (await product(intake, "b2"))[1]["b2"].content["color"]["*"]["*"] == "blue"


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
    assert (await product(intake, "a"))[0].content["tags"]["*"]["*"] == ["new", "old"]


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
    found, variants = await product(intake, "s")
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
    found, variants = await product(intake, "001")
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
    assert (await product(intake, "s"))[0].content == {}


async def test_an_import_whose_process_died_goes_on_where_it_was(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging_, "CHUNK", 10)
    task = await intake.start("PRODUCTS", table(SHIRTS, *shirts(55), ["x", "x", "sock", "", "", ""]))
    plan = IMPORTERS["PRODUCTS"]
    chunks = 0

    async def dying(conn: Any, asked: Any) -> Any:
        made = await plan.plan(conn, asked)
        merge = type(made).merge

        async def once_too_often(*args: Any, **given: Any) -> Any:
            nonlocal chunks
            chunks += 1
            done = await merge(made, *args, **given)
            if chunks == 3:
                raise ConnectionResetError
            return done

        return _Dying(made, once_too_often)

    importers = {"PRODUCTS": type(plan)(plan.kind, dying, plan.ready, plan.default)}
    with pytest.raises(ConnectionResetError):
        await tasks.run(intake.db, task.id, running.work(intake.files, importers))
    halfway = (await intake.told(task)).task
    assert (halfway.status, halfway.done, halfway.created) == ("RUNNING", 40, 40)
    await tasks.run(intake.db, task.id, running.work(intake.files, importers))
    told = await intake.told(task)
    assert (told.counts, told.problems) == ((110, 0, 1), [(112, "family", "INVALID")])
    assert chunks == 3 + 4
    assert await count(intake, "import_row") == 0


class _Dying:
    """A plan whose merge is another."""

    def __init__(self, plan: Any, merge: Any) -> None:
        self._plan = plan
        self.merge = merge

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plan, name)


TAXONOMY = "# Google_Product_Taxonomy_Version: 2019-07-10\n1 - Animals\n3 - Animals > Birds & Co\n2 - Plants\n"


async def test_a_taxonomy_makes_categories_with_names_by_locale(intake: Intake) -> None:
    dry = await intake.bring("CATEGORIES", TAXONOMY, name="taxonomy.en-US.txt", dry_run=True)
    assert (dry.counts, await count(intake, "category WHERE code IN ('1', '2', '3')")) == ((3, 0, 0), 0)
    made = await intake.bring("CATEGORIES", TAXONOMY, name="taxonomy.en-US.txt")
    assert (made.counts, made.problems) == ((3, 0, 0), [])
    german = "1 - Tiere\n3 - Tiere > Vögel\n7 - Tiere > Fische\n8 - Steine > Kiesel\nnichts\n3 - Pflanzen\n"
    told = await intake.bring("CATEGORIES", german, options={"locale": "de-DE"})
    assert told.counts == (1, 2, 3)
    assert [line for line, _, _ in told.problems] == [4, 5, 6]
    async with intake.db.read() as conn:
        found = await category_queries.categories_by_code(conn, ["3", "7"])
    assert found["3"].labels == {"en-US": "Birds & Co", "de-DE": "Vögel"}
    assert (found["7"].path, found["7"].slug) == ("1.7", "7")
    unnamed = await intake.bring("CATEGORIES", TAXONOMY)
    assert "locale: must be given" in (unnamed.task.problem or "")


async def test_what_an_import_left_behind_goes_with_time(intake: Intake) -> None:
    kept = await intake.products("sku,name-en\na,A\n,B\n")
    old = await intake.products("sku,name-en\nb,B\n,C\n")
    async with intake.db.write() as conn:
        await conn.execute(text("UPDATE task SET finished_at = now() - interval '2 hours'"))
        await conn.execute(
            text("UPDATE task SET finished_at = now() - interval '99 days' WHERE id = :id"), {"id": old.task.id}
        )
        left = "INSERT INTO import_row (task_id, key, line, cells, marks) VALUES (:id, 'a', 2, '[]', '{}')"
        await conn.execute(text(left), {"id": kept.task.id})
        assert await operations.forget(conn, before=datetime.now(UTC) - timedelta(days=90)) == 1
    assert [await count(intake, one) for one in ("import_row", "import_problem", "task")] == [0, 1, 1]
