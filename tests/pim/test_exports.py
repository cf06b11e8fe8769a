"""Products taken out as files."""

import csv
import os
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from kernel import tasks
from kernel.cells import guarded, unguarded
from kernel.db import Database
from kernel.errors import InvalidInput
from kernel.files import Files
from pim.catalog import operations as catalog
from pim.catalog.model import ProductFilter
from pim.exports import jobs, operations, queries, reading, working, writing
from pim.exports.model import CSV, FORMATS, JSONL, XLSX, Export, Selection, Written
from pim.families.model import FamilyAttribute
from pim.products.model import ProductInput, ValueInput, VariantInput
from tests import make
from tests.conftest import _create, _drop, _named

NASTY = '=1+1, «Ёлка» 🎄\n"zwei"\tZeilen'


@pytest.fixture(scope="module")
async def modeled(server_url: str, template: str) -> AsyncIterator[Database]:
    await _create(server_url, "exports", template)
    db = Database(_named(server_url, "exports"), readers=2, writers=3)
    async with db.write() as conn:
        await make.a_category(conn, code="wear")
        await make.a_category(conn, code="sale")
        await make.a_channel(conn, code="web", locales=["de", "en"])
        await make.a_channel(conn, code="shop-2", locales=["de"])
        await make.an_attribute(conn, code="name", localizable=True, scopable=True)
        await make.an_attribute(conn, code="care", type="MULTI_SELECT", options=["wax", "brush"])
        await make.an_attribute(conn, code="weight", type="MEASUREMENT", unit_family="mass", default_unit="gram")
        await make.an_attribute(conn, code="cost", type="MONEY")
        await make.an_attribute(conn, code="vegan", type="BOOLEAN")
        await make.an_attribute(conn, code="size", type="SELECT", options=["41", "42"])
        family = [FamilyAttribute(one, "PRODUCT") for one in ("name", "care", "vegan", "cost")]
        family += [FamilyAttribute("weight", "VARIANT")]
        await make.a_family(conn, code="shoes", attributes=family, axes=["size"])
    yield db
    await db.close()
    await _drop(server_url, "exports")


@pytest.fixture
async def shelf(modeled: Database) -> Database:
    """A shoe with everything in two sizes, a cup of no family, and a bag without variants."""
    async with modeled.write() as conn:
        await conn.execute(text("TRUNCATE product, task, outbox CASCADE"))
        await conn.execute(text("DELETE FROM attribute WHERE code IN ('family', 'name-en', 'story')"))  # of some tests
        shoe = (
            ValueInput("name", NASTY, "web", "de"),
            ValueInput("name", "Shoe", None, "en"),
            ValueInput("name", "Schuh", "shop-2"),
            ValueInput("care", ["wax", "brush"]),
            ValueInput("cost", {"amount": "12.50", "currency": "EUR"}),
            ValueInput("vegan", value=False),
        )
        sizes = (
            VariantInput("s-41", "4006381333931", (ValueInput("size", "41"), _weight("400"))),
            VariantInput("s-42", "", (ValueInput("size", "42"),)),
        )
        cup = VariantInput("=cup", values=(ValueInput("name", "Becher"),))
        links = {"CROSS_SELL": ("cup",), "UP_SELL": ("bag", "cup")}
        saved = await catalog.save_products(
            conn,
            [
                ProductInput("bag", components=(("s-41", 2), ("=cup", 1))),
                ProductInput("cup", variants=(cup,), slugs={"de": "tasse"}),
                ProductInput("shoe", "shoes", ("wear", "sale"), shoe, sizes, links),
            ],
            actor="Ada",
        )
        assert {type(one).__name__ for one in saved.results} == {"Upserted"}, saved
    return modeled


def _weight(amount: str) -> ValueInput:
    return ValueInput("weight", {"amount": amount, "unit": "kilogram"})


async def exported(db: Database, path: Path, format: str, selection: Selection | None = None) -> Written:
    async def told(_done: int, _total: int) -> None:
        pass

    return await working.write(db, selection or Selection(), format, path, told=told)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


async def test_a_table_has_a_row_for_each_variant_and_only_the_columns_there_is_something_for(
    shelf: Database, tmp_path: Path
) -> None:
    path = tmp_path / "all.csv"
    written = await exported(shelf, path, CSV)
    rows = table(path)
    assert (written.products, written.rows, len(rows)) == (3, 3, 3)
    assert list(rows[0]) == [
        "code", "family", "categories", "sku", "gtin", "slug-de", "name-shop-2", "name-de-web", "name-en", "care",
        "weight", "weight-unit", "cost-EUR", "vegan", "size", "BUNDLE", "CROSS_SELL", "UP_SELL",
    ]  # fmt: skip
    shoe = {
        "code": "shoe", "family": "shoes", "categories": "wear,sale", "sku": "s-41", "gtin": "4006381333931",
        "name-de-web": f"'{NASTY}", "name-en": "Shoe", "name-shop-2": "Schuh", "care": "wax,brush", "weight": "400",
        "weight-unit": "kilogram", "cost-EUR": "12.50", "vegan": "0", "size": "41", "CROSS_SELL": "cup",
        "UP_SELL": "bag,cup",
    }  # fmt: skip
    assert {name: cell for name, cell in rows[1].items() if cell} == shoe
    assert {name: cell for name, cell in rows[2].items() if cell} == {
        name: cell for name, cell in shoe.items() if not name.startswith("weight") and name != "gtin"
    } | {"sku": "s-42", "size": "42"}
    assert (rows[0]["code"], rows[0]["sku"], rows[0]["slug-de"]) == ("cup", "'=cup", "tasse")


async def test_what_a_table_cannot_say_is_left_out_and_told(shelf: Database, tmp_path: Path) -> None:
    async with shelf.write() as conn:
        await make.an_attribute(conn, code="family")
        await make.an_attribute(conn, code="name-en")
    written = await exported(shelf, tmp_path / "all.csv", CSV)
    assert (written.left_out, written.first_left_out) == (3, "the whole of bag")
    assert "name-en" not in table(tmp_path / "all.csv")[0]


async def test_a_document_is_what_the_product_could_be_given_as(shelf: Database, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    assert (await exported(shelf, path, JSONL)).products == 3
    bag, cup, shoe = (orjson.loads(line) for line in path.read_bytes().splitlines())
    components = [{"sku": "s-41", "quantity": 2}, {"sku": "=cup", "quantity": 1}]
    assert bag == {"code": "bag", "associations": [{"kind": "BUNDLE", "components": components}]}
    assert cup["variants"] == [{"sku": "=cup", "values": [{"attribute": "name", "value": "Becher"}]}]
    assert cup["slugs"] == [{"locale": "de", "text": "tasse"}]
    assert shoe["variants"][0]["values"][1] == {"attribute": "weight", "value": {"amount": "400", "unit": "kilogram"}}
    assert {"attribute": "vegan", "value": False} in shoe["values"]
    assert {"attribute": "name", "channel": "web", "locale": "de", "value": NASTY} in shoe["values"]


async def test_only_what_is_chosen_is_written(shelf: Database, tmp_path: Path) -> None:
    path = tmp_path / "some.jsonl"
    selection = Selection(ProductFilter(family="shoes"), ("shop-2",), ("de",), ("name", "vegan"))
    assert (await exported(shelf, path, JSONL, selection)).products == 1
    [shoe] = (orjson.loads(line) for line in path.read_bytes().splitlines())
    assert shoe["values"] == [
        {"attribute": "name", "channel": "shop-2", "value": "Schuh"},
        {"attribute": "vegan", "value": False},
    ]
    assert [one.keys() for one in shoe["variants"]] == [{"sku", "gtin"}, {"sku"}]


async def test_values_that_the_family_has_no_more_stay_behind(shelf: Database, tmp_path: Path) -> None:
    async with shelf.write() as conn:
        await conn.execute(text("""UPDATE variant SET content = content || '{"vegan": {"*": {"*": true}}}'"""))
    await exported(shelf, tmp_path / "all.jsonl", JSONL)
    shoe = orjson.loads((tmp_path / "all.jsonl").read_bytes().splitlines()[2])
    assert {value["attribute"] for one in shoe["variants"] for value in one["values"]} == {"size", "weight"}


async def test_an_export_is_of_one_moment(shelf: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "AT_ONCE", 1)
    later = [ProductInput("a-new-one"), ProductInput("zebra"), ProductInput("shoe", categories=())]

    async def told(done: int, _total: int) -> None:
        if done == 1:
            async with shelf.write() as conn:
                await catalog.save_products(conn, later, actor="Eve")

    path = tmp_path / "all.jsonl"
    written = await working.write(shelf, Selection(), JSONL, path, told=told)
    assert written.products == 3
    assert b"zebra" not in path.read_bytes()
    assert b'"sale"' in path.read_bytes()


async def test_a_workbook_holds_texts_and_nothing_that_computes(shelf: Database, tmp_path: Path) -> None:
    path = tmp_path / "all.xlsx"
    assert (await exported(shelf, path, XLSX)).rows == 3
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "«Ёлка» 🎄" in sheet
    assert not (tmp_path / "all.xlsx.lines").exists()


async def test_what_is_too_long_for_a_spreadsheet_is_left_out_of_it_and_told(shelf: Database, tmp_path: Path) -> None:
    async with shelf.write() as conn:
        await make.an_attribute(conn, code="story", type="LONG_TEXT")
        long = ProductInput("cup", values=(ValueInput("story", "ы" * 32_768),))
        await catalog.save_products(conn, [long], actor="Ada")
    chosen = Selection(ProductFilter(codes=("cup",)), attributes=("story",))
    assert (await exported(shelf, tmp_path / "a.xlsx", XLSX, chosen)).first_left_out == "story of cup"
    assert (await exported(shelf, tmp_path / "a.csv", CSV, chosen)).left_out == 0
    assert table(tmp_path / "a.csv")[0]["story"] == "ы" * 32_768


async def test_a_sheet_that_is_full_says_so(shelf: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_ROWS", 3)
    with pytest.raises(writing.DoesNotFit):
        await exported(shelf, tmp_path / "a.xlsx", XLSX)
    monkeypatch.undo()
    monkeypatch.setattr(writing, "MOST_COLUMNS", 4)
    with pytest.raises(writing.DoesNotFit):
        await exported(shelf, tmp_path / "a.xlsx", XLSX)


async def started(db: Database, format: str = CSV, **given: Any) -> Export:
    async with db.write() as conn:
        return await operations.start(conn, selection=Selection(**given), format=format, actor="Ada")


@pytest.mark.parametrize("format", FORMATS)
async def test_a_task_writes_a_file_that_is_kept_for_a_day(shelf: Database, tmp_path: Path, format: str) -> None:
    files = Files.in_folder(tmp_path / "files", spool=tmp_path / "spool")
    one = await started(shelf, format)
    assert (one.url, one.expires_at) == (None, None)
    await jobs.exporting(files).work(shelf, {"task": str(one.id)})
    async with shelf.read() as conn:
        ended = (await queries.exports_by_id(conn, [one.id]))[one.id]
    assert (ended.status, ended.done, ended.total) == ("DONE", 3, 3)
    assert ended.finished_at
    assert ended.expires_at == ended.finished_at + timedelta(hours=24)
    assert await files.size(ended.key)
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize("format", [CSV, XLSX])
async def test_a_table_that_ends_early_leaves_nothing_beside_it(shelf: Database, tmp_path: Path, format: str) -> None:
    async def stopped(_done: int, _total: int) -> None:
        raise tasks.Stopped

    with pytest.raises(tasks.Stopped):
        await working.write(shelf, Selection(), format, tmp_path / "out", told=stopped)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 -- in a folder of our own, and at once


async def test_a_cancelled_export_leaves_no_file(shelf: Database, tmp_path: Path) -> None:
    files = Files.in_folder(tmp_path / "files", spool=tmp_path / "spool")
    one = await started(shelf)

    async def cancelled(db: Database, task: tasks.Task) -> Any:
        async with db.write() as conn:
            await tasks.cancel(conn, task.id)
        return await working.export(db, task, files)

    await tasks.run(shelf, one.id, cancelled)
    async with shelf.read() as conn:
        ended = (await queries.exports_by_id(conn, [one.id]))[one.id]
    assert (ended.status, ended.url) == ("CANCELLED", None)
    assert await files.size(one.key) is None


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"channels": ("moon",)}, "channels"),
        ({"locales": ("xx-no",)}, "locales"),
        ({"attributes": ("none",)}, "attributes"),
        ({"filter": ProductFilter(family="none")}, "filter.family"),
        ({"format": "PDF"}, "format"),
    ],
    ids=str,
)
async def test_a_selection_of_what_is_not_there_is_refused(shelf: Database, wrong: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await started(shelf, **wrong)
    assert refused.value.path == path


SIGNS = st.text(st.sampled_from(["'", "=", "+", "-", "@", "\t", "\r", "\n", "\xa0", " ", "1", ".", "a"]), max_size=7)


@given(SIGNS)
def test_a_guarded_cell_computes_nothing_and_is_taken_back_unchanged(text: str) -> None:
    cell = guarded(text)
    assert unguarded(cell.strip()) == text
    assert cell[:1] not in {"=", "@", "\t", "\r"}
    if cell[:1] in {"+", "-"}:
        assert float(cell) is not None
