"""A small export in the form of Akeneo's, written for a test, and ways to look at what came of it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from kernel.db import Database
from kernel.importing import Report
from pim.products import queries as product_queries
from pim.products.model import Product, Variant

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEADER = "sku;categories;enabled;family;parent;name;color;size;weight;weight-unit;ean;price-EUR;picture\n"

Load = Callable[..., Awaitable[Report]]

FILES = {
    "categories": """\
        code;parent;label-en_US;label-fr_FR
        shirts;master;Shirts;Chemises
        master;;Master;Principal
        suppliers;;Suppliers;""",
    "channels": """\
        code;label-en_US;locales;currencies;tree
        ecommerce;Shop;en_US,fr_FR;EUR,USD;master""",
    "attribute_groups": """\
        code;sort_order;label-en_US
        marketing;1;Marketing""",
    "attributes": """\
        code;label-en_US;type;group;localizable;scopable;unique;useable_as_grid_filter;metric_family;default_metric_unit
        sku;SKU;pim_catalog_identifier;marketing;0;0;1;1;;
        ean;EAN;pim_catalog_text;marketing;0;0;1;1;;
        name;Name;pim_catalog_text;marketing;0;0;0;1;;
        description;Description;pim_catalog_textarea;marketing;1;1;0;1;;
        color;Color;pim_catalog_simpleselect;marketing;0;0;0;1;;
        size;Size;pim_catalog_simpleselect;marketing;0;0;0;1;;
        care;Care;pim_catalog_multiselect;marketing;0;0;0;1;;
        washable;Washable;pim_catalog_boolean;marketing;0;0;0;1;;
        weight;Weight;pim_catalog_metric;marketing;0;0;0;1;Weight;KILOGRAM
        picture;Picture;pim_catalog_image;marketing;0;0;0;0;;
        price;Price;pim_catalog_price_collection;marketing;0;0;0;1;;""",
    "attribute_options": """\
        code;attribute;sort_order;label-en_US
        red;color;1;Red
        blue;color;2;Blue
        s;size;1;S
        m;size;2;M
        cold;care;1;Wash cold
        flat;care;2;Dry flat""",
    "families": """\
        code;label-en_US;attributes;attribute_as_label;requirements-ecommerce
        shirts;Shirts;sku,ean,name,description,color,size,care,washable,weight,picture,price;name;name,price,sku,weight""",
    "family_variants": """\
        code;family;variant-axes_1;variant-axes_2;variant-attributes_1;variant-attributes_2
        by_color_and_size;shirts;color;size;color;sku,size,weight,ean""",
    "product_models": """\
        code;family_variant;parent;categories;name;color;weight;weight-unit;picture;price-EUR
        polo;by_color_and_size;;shirts;Polo;;250;GRAM;files/polo/p.jpg;30
        polo_red;by_color_and_size;polo;shirts;Polo;red;;;files/polo_red/p.jpg;""",
    "products": """\
        sku;categories;enabled;family;parent;name;color;size;weight;weight-unit;ean;price-EUR;picture
        0012;shirts;1;shirts;;Tee;blue;m;0.2;KILOGRAM;4006381333931;19.90;
        polo-red-s;shirts;1;shirts;polo_red;Polo;;s;;;;;files/polo-red-s/p.jpg
        polo-red-m;shirts;1;shirts;polo_red;Polo;;m;300;GRAM;;35;
        polo-blue-m;shirts;1;shirts;polo;Polo;blue;m;;;;;""",
}


def written(folder: Path, **files: str) -> Path:
    """``folder`` with every file of an export, those named in ``files`` in place of the usual ones."""
    for name, content in (FILES | files).items():
        lines = [line.strip() for line in content.splitlines()]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


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
