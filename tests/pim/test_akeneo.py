"""An Akeneo export goes in row by row: what fits is there, what does not is named, and again changes nothing."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from kernel.db import Database
from kernel.errors import InvalidInput
from kernel.importing import Problem, Report
from pim.akeneo import operations
from pim.prices import operations as price_operations
from pim.prices.model import PriceInput
from pim.products import queries as product_queries
from pim.products.model import Product, Variant
from tests.pim.akeneo_export import written

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEADER = "sku;categories;enabled;family;parent;name;color;size;weight;weight-unit;ean;price-EUR;picture\n"

Load = Callable[..., Awaitable[Report]]


@pytest.fixture
def load(db: Database, tmp_path: Path) -> Load:
    """Writes an export with the given files and loads it."""

    async def loading(*, now: datetime = NOW, **files: str) -> Report:
        return await operations.load(db, written(tmp_path, **files), now=now)

    return loading


async def product(db: Database, code: str) -> Product:
    async with db.read() as conn:
        return (await product_queries.products_by_code(conn, [code]))[code]


async def variant(db: Database, sku: str) -> Variant:
    async with db.read() as conn:
        return (await product_queries.variants_by_sku(conn, [sku]))[sku]


async def rows(db: Database, statement: str) -> list[tuple[Any, ...]]:
    async with db.read() as conn:
        return [tuple(row) for row in await conn.execute(text(statement))]


def plain(content: dict[str, Any], attribute: str) -> Any:
    return content[attribute]["*"]["*"]


def refused(report: Report) -> list[tuple[str, int, str | None, str | None]]:
    return sorted((one.file, one.line, one.column, one.code) for one in report.problems if one.refused)


def noted(report: Report) -> list[tuple[str, int, str | None, str | None]]:
    return sorted((one.file, one.line, one.column, one.code) for one in report.problems if not one.refused)


async def test_every_row_is_accounted_for(load: Load) -> None:
    report = await load()
    assert {file: (tally.created, tally.rows) for file, tally in report.files.items()} == {
        "categories.csv": (3, 3),
        "channels.csv": (1, 1),
        "attribute_groups.csv": (1, 1),
        "attributes.csv": (8, 11),  # sku, ean and price are no attributes here
        "attribute_options.csv": (6, 6),
        "families.csv": (1, 1),
        "family_variants.csv": (1, 1),
        "products.csv": (4, 4),
        "product_models.csv": (2, 2),
    }
    assert report.problems == []


async def test_a_row_without_a_parent_is_a_product_with_one_variant(db: Database, load: Load) -> None:
    await load()
    tee, only = await product(db, "0012"), await variant(db, "0012")
    assert only.product_id == tee.id
    assert only.gtin == "4006381333931"
    assert plain(tee.content, "name") == "Tee"
    assert plain(only.content, "weight") == {"amount": "0.2", "unit": "kilogram", "base": "200"}
    assert only.axes == {"color": "blue", "size": "m"}


async def test_models_give_their_values_to_the_variants_below(db: Database, load: Load) -> None:
    await load()
    polo, small, medium = await product(db, "polo"), await variant(db, "polo-red-s"), await variant(db, "polo-red-m")
    assert {small.product_id, medium.product_id} == {polo.id}
    assert small.axes == {"color": "red", "size": "s"}
    assert plain(small.content, "weight")["amount"] == "250"
    assert plain(medium.content, "weight")["amount"] == "300"
    assert "weight" not in polo.content
    prices = await rows(db, "SELECT v.sku, p.amount FROM price p JOIN variant v ON v.id = p.variant_id ORDER BY v.sku")
    assert prices == [("0012", 1990), ("polo-blue-m", 3000), ("polo-red-m", 3500), ("polo-red-s", 3000)]


async def test_products_are_listed_where_a_channels_tree_has_their_category(db: Database, load: Load) -> None:
    products = HEADER + "in;shirts;1;shirts;;In\nout;suppliers;1;shirts;;Out\noff;shirts;0;shirts;;Off".replace(
        "\n", ";;;;;;;\n"
    )
    await load(products=products + ";;;;;;;")
    listed = "SELECT p.code, l.status FROM listing l JOIN product p ON p.id = l.product_id ORDER BY p.code"
    assert await rows(db, listed) == [("in", "PUBLISHED"), ("off", "DRAFT"), ("polo", "DRAFT")]


async def test_a_second_run_changes_nothing(db: Database, load: Load) -> None:
    await load()
    told = "SELECT (SELECT count(*) FROM outbox), (SELECT sum(revision) FROM product), (SELECT count(*) FROM price)"
    before = await rows(db, told)
    report = await load(now=NOW.replace(hour=13))
    assert await rows(db, told) == before
    assert {tally.unchanged for tally in report.files.values()} == {tally.rows for tally in report.files.values()}


async def test_only_what_says_something_new_is_changed(db: Database, load: Load) -> None:
    await load()
    tee = "0012;shirts;1;shirts;;Tee shirt;blue;m;;;4006381333931;17.90;"
    report = await load(products=HEADER + tee, now=NOW.replace(hour=13))
    assert report.files["products.csv"].changed == 1
    assert plain((await variant(db, "0012")).content, "weight")["amount"] == "0.2"  # an empty cell clears nothing
    assert await rows(db, "SELECT code, revision FROM product ORDER BY code") == [("0012", 2), ("polo", 1)]
    history = "SELECT p.amount, upper(p.valid) FROM price p JOIN variant v ON v.id = p.variant_id WHERE v.sku = '0012'"
    assert sorted(await rows(db, history)) == [(1790, None), (1990, NOW.replace(hour=13))]


async def test_a_barcode_that_is_none_is_left_out_and_reported(db: Database, load: Load) -> None:
    report = await load(products=HEADER + "0012;shirts;1;shirts;;Tee;;;;;1234567890183;;")
    assert ("products.csv", 2, "ean", "0012") in noted(report)
    assert (await variant(db, "0012")).gtin is None


async def test_a_barcode_of_another_product_is_left_out_and_reported(db: Database, load: Load) -> None:
    tee, top = (f"{sku};shirts;1;shirts;;Tee;;;;;4006381333931;;" for sku in ("tee", "top"))
    report = await load(products=f"{HEADER}{tee}\n{top}")
    assert ("products.csv", 3, "ean", "top") in noted(report)
    assert report.refused == 0
    assert ((await variant(db, "tee")).gtin, (await variant(db, "top")).gtin) == ("4006381333931", None)


async def test_a_parent_is_found_whatever_the_case_of_its_letters(db: Database, load: Load) -> None:
    report = await load(products=HEADER + "polo-red-s;shirts;1;shirts;POLO_red;;;s;;;;;")
    assert ("products.csv", 2, "parent", "polo-red-s") in noted(report)
    assert (await variant(db, "polo-red-s")).axes == {"color": "red", "size": "s"}


async def test_a_written_out_line_break_becomes_one(db: Database, load: Load) -> None:
    await load(
        products="sku;categories;family;name;description-en_US-ecommerce;care;washable\n"
        "0012;shirts;shirts;Tee;<b>Soft</b>\\nand warm;cold,flat;1"
    )
    content = (await product(db, "0012")).content
    assert content["description"] == {"ecommerce": {"en-US": "<b>Soft</b>\nand warm"}}
    assert plain(content, "care") == ["cold", "flat"]
    assert plain(content, "washable") is True


async def test_a_bad_variant_is_refused_and_its_siblings_go_in(db: Database, load: Load) -> None:
    variants = [
        "polo-red-s;shirts;1;shirts;polo_red;;;s;;;;;",
        "polo-red-x;shirts;1;shirts;polo_red;;;huge;;;;;",
        "polo-red-2;shirts;1;shirts;polo_red;;;s;;;;;",
        "polo-blue-m;shirts;1;shirts;polo;;blue;m;heavy;GRAM;;;",
    ]
    report = await load(products=HEADER + "\n".join(variants))
    assert refused(report) == [
        ("products.csv", 3, "size", "polo-red-x"),
        ("products.csv", 4, "sku", "polo-red-2"),  # the same axis values as polo-red-s
        ("products.csv", 5, "weight", "polo-blue-m"),
    ]
    assert report.files["products.csv"].created == 1
    assert await rows(db, "SELECT sku FROM variant") == [("polo-red-s",)]


async def test_a_bad_product_model_takes_what_builds_on_it_along(db: Database, load: Load) -> None:
    models = (
        "code;family_variant;parent;categories;name;color\n"
        "polo;by_color_and_size;;shirts;Polo;\npolo_red;by_color_and_size;polo;shirts;;crimson"
    )
    report = await load(product_models=models)
    assert refused(report) == [
        ("product_models.csv", 3, "color", "polo_red"),
        ("products.csv", 3, None, "polo-red-s"),
        ("products.csv", 4, None, "polo-red-m"),
    ]
    assert await rows(db, "SELECT sku FROM variant ORDER BY sku") == [("0012",), ("polo-blue-m",)]


async def test_a_bad_product_is_refused_with_all_its_variants(db: Database, load: Load) -> None:
    models = "code;family_variant;parent;categories;name\npolo;by_color_and_size;;shorts;Polo"
    report = await load(
        product_models=models, products=HEADER + "polo-m;shirts;1;shirts;polo;;red;m;;;;;\nnone;;1;hats;;;;;;;;;"
    )
    assert refused(report) == [
        ("product_models.csv", 2, "categories", "polo"),
        ("products.csv", 2, None, "polo-m"),
        ("products.csv", 3, "family", "none"),
    ]
    assert await rows(db, "SELECT count(*) FROM product") == [(0,)]


async def test_rows_that_make_no_product_are_refused(load: Load) -> None:
    products = [
        "0012;shirts;1;shirts;;Tee;;;;;;;",
        "0012;shirts;1;shirts;;Again;;;;;;;",
        ";shirts;1;shirts;;Nameless;;;;;;;",
        "short;shirts;1",
        "orphan;shirts;1;shirts;jacket;;;;;;;;",
        "polo;shirts;1;shirts;;Polo;;;;;;;",
    ]
    report = await load(products=HEADER + "\n".join(products))
    assert refused(report) == [
        ("products.csv", 3, "sku", "0012"),
        ("products.csv", 4, "sku", None),
        ("products.csv", 5, None, "short"),
        ("products.csv", 6, "parent", "orphan"),
        ("products.csv", 7, "sku", "polo"),  # the code of a product model, and codes of products are unique
    ]


async def test_what_is_odd_goes_in_and_is_noted(load: Load) -> None:
    report = await load(
        products="sku;categories;family;name;price-EUR;colour;groups\n0012;shirts;;;cheap;red;tees",
        product_models="code;family_variant;parent;categories\npolo;by_color_and_size;;shirts",
    )
    assert noted(report) == [
        ("product_models.csv", 2, "code", "polo"),  # without variants
        ("product_models.csv", 2, "name", "polo"),
        ("products.csv", 1, "colour", None),
        ("products.csv", 2, "family", "0012"),
        ("products.csv", 2, "groups", "0012"),
        ("products.csv", 2, "name", "0012"),
        ("products.csv", 2, "price-EUR", "0012"),
    ]
    assert report.refused == 0


async def test_a_variant_that_contradicts_its_product_is_noted(db: Database, load: Load) -> None:
    report = await load(products=HEADER + "polo-red-s;shirts;1;shirts;polo_red;Shirt;;s;;;;;other/p.jpg")
    assert noted(report) == [("products.csv", 2, "name", "polo-red-s")]  # the picture's name is the same
    assert plain((await product(db, "polo")).content, "name") == "Polo"
    assert plain((await product(db, "polo")).content, "picture") == "files/polo/p.jpg"


async def test_associations_may_point_to_rows_that_come_later(db: Database, load: Load) -> None:
    report = await load(
        products="sku;categories;family;parent;name;color;size;X_SELL-products;UPSELL-groups\n"
        "0012;shirts;shirts;;Tee;;;polo-red-m,gone,0012;related\npolo-red-m;shirts;shirts;polo_red;;;m;;"
    )
    tee = await product(db, "0012")
    async with db.read() as conn:
        assert await product_queries.associations_by_product(conn, [tee.id]) == {tee.id: {"X_SELL": ("polo",)}}
    assert noted(report) == [
        ("products.csv", 2, "UPSELL-groups", "0012"),
        ("products.csv", 2, "X_SELL-products", "0012"),
    ]


async def test_a_price_that_a_scheduled_one_forbids_is_left_out(db: Database, load: Load) -> None:
    await load(products=HEADER + "0012;shirts;1;shirts;;Tee;;;;;;;")
    coming = PriceInput("0012", Decimal(15), valid_from=NOW.replace(day=20))
    async with db.write() as conn:
        await price_operations.set_prices(conn, price_list="akeneo-eur", prices=[coming], set_by="me", now=NOW)
    report = await load()
    assert noted(report) == [("products.csv", 2, "price-EUR", "0012")]
    assert report.refused == 0


async def test_a_price_list_is_the_hubs_to_arrange(db: Database, load: Load) -> None:
    await load()
    async with db.write() as conn:
        await price_operations.save_list(conn, code="akeneo-eur", currency="EUR", channels=[], priority=7)
    await load()
    assert await rows(db, "SELECT priority FROM price_list WHERE code = 'akeneo-eur'") == [(7,)]
    assert await rows(db, "SELECT count(*) FROM price_list_channel") == [(0,)]


async def test_what_describes_the_catalog_is_refused_row_by_row(load: Load) -> None:
    report = await load(
        categories="code;parent\nmaster;\nshirts;master\nsuppliers;\na;b\nb;a\nnot.a.label;master\nlost;nowhere",
        channels="code;locales;currencies;tree\necommerce;en_US;EUR;master\nkiosk;xx_QQ;EUR;master",
        attribute_options="code;attribute;sort_order\nred;color;1\nblue;color;2\ns;size;1\nm;size;2\nred;color;3\nl;length;1",
        family_variants="code;family;variant-axes_1;variant-attributes_1\nby_color_and_size;shirts;color,size;color,size"
        ",weight\nodd;hats;color;color",
    )
    assert refused(report) == [
        ("attribute_options.csv", 6, "code", "red"),
        ("attribute_options.csv", 7, "attribute", "l"),
        ("categories.csv", 5, "parent", "a"),
        ("categories.csv", 6, "parent", "b"),
        ("categories.csv", 7, "code", "not.a.label"),
        ("categories.csv", 8, "parent", "lost"),
        ("channels.csv", 3, "locales", "kiosk"),
        ("family_variants.csv", 3, "family", "odd"),
    ]


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("families", None, "families.csv: cannot be read: No such file or directory."),
        ("products", b"code;family;categories\n", "products.csv: the column sku is missing"),
        ("products", b"", "products.csv: the column sku is missing"),
        ("channels", b"code;locales;currencies;tree;code\n", "channels.csv: there are two columns 'code'."),
        (
            "attributes",
            "code;type;group;localizable;scopable\nétat;x;;0;0\n".encode("latin-1"),
            "attributes.csv: line 2, column code: is not encoded in UTF-8.",
        ),
        ("products", b'sku;categories;family\n"open;a;b\n', "products.csv: line 2: unexpected end of data."),
    ],
)
async def test_a_file_that_cannot_be_read_stops_everything(
    db: Database, tmp_path: Path, file: str, content: bytes | None, says: str
) -> None:
    folder = written(tmp_path)
    (folder / f"{file}.csv").unlink()
    if content is not None:
        (folder / f"{file}.csv").write_bytes(content)
    with pytest.raises(InvalidInput) as stopped:
        await operations.load(db, folder, now=NOW)
    assert str(stopped.value).startswith(says)
    assert await rows(db, "SELECT count(*) FROM category") == [(0,)]


async def test_a_shop_without_variants_needs_no_files_about_them(db: Database, tmp_path: Path) -> None:
    folder = written(tmp_path, products=HEADER + "0012;shirts;1;shirts;;Tee;;;;;;;")
    (folder / "product_models.csv").unlink()
    (folder / "family_variants.csv").unlink()
    report = await operations.load(db, folder, now=NOW)
    assert report.problems == []
    assert report.files["products.csv"].created == 1


async def test_the_real_export_goes_in_whole_and_again_changes_nothing(db: Database, data: Path) -> None:
    folder = data / "akeneo-icecat"
    first = await operations.load(db, folder, now=NOW)
    assert (first.files["products.csv"].created, first.files["product_models.csv"].created) == (1_239, 81)
    assert first.refused == 0
    kinds = [(one.file, one.column) for one in first.problems]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        ("products.csv", "ean"): 105,
        ("products.csv", "parent"): 18,
        ("products.csv", "family"): 1,
        ("product_models.csv", "name"): 1,
        ("product_models.csv", "code"): 1,
    }
    told = """SELECT (SELECT count(*) FROM outbox), (SELECT sum(revision) FROM product), (SELECT count(*) FROM variant),
        (SELECT count(*) FROM price), (SELECT count(*) FROM listing WHERE status = 'PUBLISHED')"""
    before = await rows(db, told)
    assert before[0][1:] == (1_049, 1_239, 200, 3 * 1_048)
    second = await operations.load(db, folder, now=NOW.replace(hour=13))
    assert await rows(db, told) == before
    assert (second.files["products.csv"].unchanged, second.files["product_models.csv"].unchanged) == (1_239, 81)
    assert by_place(second.problems) == by_place(first.problems)


def by_place(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda one: (one.file, one.line, one.column or ""))
