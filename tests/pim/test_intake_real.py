"""Real data comes in: barcodes with Cyrillic names, and Google's taxonomy in three of its locales."""

import gzip
from pathlib import Path
from typing import Any

from sqlalchemy import text

from kernel.db import Database
from kernel.imports import operations
from pim.categories import queries as category_queries
from pim.intake.importers import IMPORTERS
from pim.products import queries as product_queries
from tests.make import a_family, an_attribute
from tests.pim.intake import Intake

BARCODES: dict[str, Any] = {
    "format": {"delimiter": "\t", "quote": ""},
    "columns": [
        {"to": "sku", "from": "UPCEAN"},
        {"to": "gtin", "from": "UPCEAN"},
        {"to": "name-ru", "from": "Name"},
        {"to": "brand", "from": "BrandName"},
        {"to": "path", "from": "CategoryName"},
        {"to": "family", "value": "barcode"},
    ],
    "rest": "ignore",
}
SAMPLE = 1_500


async def test_barcodes_of_a_large_catalog_come_in_as_they_are(db: Database, data: Path, tmp_path: Path) -> None:
    async with db.write() as conn:
        await an_attribute(conn, code="name", localizable=True)
        await an_attribute(conn, code="brand")
        await an_attribute(conn, code="path")
        await a_family(conn, "name", "brand", "path", code="barcode")
        await operations.save_mapping(conn, IMPORTERS["PRODUCTS"], name="uhtt", document=BARCODES, actor="Ada")
    with gzip.open(data / "uhtt-barcodes" / "barcodes.tsv.gz", "rt", encoding="utf-8") as file:
        header, *lines = file.readlines()
    picked = [line for line in lines if line.split("\t")[1].startswith("0") or '"' in line][:SAMPLE]
    intake = Intake(db, tmp_path)
    told = await intake.products(header + "".join(picked), name="barcodes.tsv", mapping="uhtt")
    assert told.task.total == len(picked)
    assert told.problems == []
    assert told.counts == (len(picked), 0, 0)
    async with db.read() as conn:
        skus = [line.split("\t")[1] for line in picked]
        found = await product_queries.products_by_code(conn, skus)
    for line in picked:
        _, sku, name, *_ = line.split("\t")
        assert found[sku].content["name"]["*"]["ru"] == name.strip()


async def test_a_taxonomy_comes_in_in_several_locales(db: Database, data: Path, tmp_path: Path) -> None:
    intake = Intake(db, tmp_path)
    folder = data / "reference" / "google-product-taxonomy"
    files = [folder / f"taxonomy-with-ids.{locale}.txt.gz" for locale in ("en-US", "de-DE", "ja-JP")]
    created = 0
    for file in files:
        told = await intake.bring("CATEGORIES", file, name=file.name)
        assert (told.task.status, told.problems) == ("DONE", [])
        created += told.task.created
    assert created == 5_600
    again = await intake.bring("CATEGORIES", files[1], name=files[1].name)
    assert again.counts == (0, 0, 0)
    async with db.read() as conn:
        one = (await category_queries.categories_by_code(conn, ["1604"]))["1604"]
        assert (one.path, one.labels["en-US"], one.labels["ja-JP"]) == ("166.1604", "Clothing", "衣料品")
        assert len(one.labels) == 3
        orphans = "SELECT count(*) FROM category c WHERE nlevel(path) > 1 AND parent_id IS NULL"
        assert (await conn.execute(text(orphans))).scalar_one() == 0
