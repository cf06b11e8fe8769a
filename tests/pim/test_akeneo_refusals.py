"""What does not fit of an Akeneo export is named with line and column, and takes along no more than it must."""

from decimal import Decimal
from pathlib import Path

import pytest

from kernel.db import Database
from kernel.errors import InvalidInput
from pim.akeneo import operations
from pim.prices import operations as price_operations
from pim.prices.model import PriceInput
from tests.pim.akeneo_export import HEADER, NOW, Load, noted, plain, product, refused, rows, variant, written


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
        "nul;shirts;1;shirts;;\0;;;;;;;",
    ]
    report = await load(products=HEADER + "\n".join(products))
    assert refused(report) == [
        ("products.csv", 3, "sku", "0012"),
        ("products.csv", 4, "sku", None),
        ("products.csv", 5, None, "short"),
        ("products.csv", 6, "parent", "orphan"),
        ("products.csv", 7, "sku", "polo"),  # the code of a product model, and codes of products are unique
        ("products.csv", 8, None, "nul"),
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
    assert noted(report) == [("products.csv", 2, "name", "polo-red-s")]
    assert plain((await product(db, "polo")).content, "name") == "Polo"
    assert "picture" not in (await product(db, "polo")).content  # its file is not part of the export


async def test_a_price_that_a_scheduled_one_forbids_is_left_out(db: Database, load: Load) -> None:
    await load(products=HEADER + "0012;shirts;1;shirts;;Tee;;;;;;;")
    coming = PriceInput("0012", Decimal(15), valid_from=NOW.replace(day=20))
    async with db.write() as conn:
        await price_operations.set_prices(conn, price_list="akeneo-eur", prices=[coming], set_by="me", now=NOW)
    report = await load()
    assert noted(report) == [("products.csv", 2, "price-EUR", "0012")]
    assert report.refused == 0


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


async def test_a_disabled_variant_of_a_product_that_is_shown_is_noted(load: Load) -> None:
    variants = "polo-s;shirts;0;shirts;polo;;red;s;;;;;\npolo-m;shirts;1;shirts;polo;;red;m;;;;;"
    report = await load(products=HEADER + variants)
    assert noted(report) == [("products.csv", 2, "enabled", "polo-s")]


async def test_a_variant_does_not_move_to_another_product(db: Database, load: Load) -> None:
    await load()
    report = await load(products=HEADER + "polo-red-s;shirts;1;shirts;;Polo;red;s;;;;;")
    assert refused(report) == [("products.csv", 2, "sku", "polo-red-s")]
    assert (await variant(db, "polo-red-s")).product_id == (await product(db, "polo")).id
