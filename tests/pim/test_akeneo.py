"""An Akeneo export goes in row by row, and again changes nothing."""

from pathlib import Path

from kernel.db import Database
from kernel.importing import Problem
from pim.akeneo import operations
from pim.prices import operations as price_operations
from pim.products import queries as product_queries
from tests.pim.akeneo_export import HEADER, NOW, Load, noted, plain, product, rows, variant, written


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


async def test_a_price_list_is_the_hubs_to_arrange(db: Database, load: Load) -> None:
    await load()
    async with db.write() as conn:
        await price_operations.save_list(conn, code="akeneo-eur", currency="EUR", channels=[], priority=7)
    await load()
    assert await rows(db, "SELECT priority FROM price_list WHERE code = 'akeneo-eur'") == [(7,)]
    assert await rows(db, "SELECT count(*) FROM price_list_channel") == [(0,)]


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
