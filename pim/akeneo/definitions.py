"""What the files that describe a catalog say, in our terms. Pure: rows in, arguments of operations out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kernel.errors import InvalidInput
from kernel.importing import Problem
from pim.channels import locales
from pim.families.model import FamilyAttribute

from .reading import Row, Sheet

SKU, GTIN, PRICE = "sku", "gtin", "price"  # what is no attribute of ours but a field of the variant, or its prices
GTINS = ("ean", "gtin")
TYPES = {
    "pim_catalog_identifier": SKU,
    "pim_catalog_price_collection": PRICE,
    "pim_catalog_text": "TEXT",
    "pim_catalog_textarea": "LONG_TEXT",
    "pim_catalog_number": "NUMBER",
    "pim_catalog_metric": "MEASUREMENT",
    "pim_catalog_boolean": "BOOLEAN",
    "pim_catalog_date": "DATE",
    "pim_catalog_simpleselect": "SELECT",
    "pim_catalog_multiselect": "MULTI_SELECT",
    "pim_catalog_image": "MEDIA",
    "pim_catalog_file": "MEDIA",
}
NOT_FILTERED = ("LONG_TEXT", "MEDIA")
METRICS = {
    "Angle": "angle",
    "Area": "area",
    "Binary": "data",
    "Brightness": "luminous_flux",
    "Duration": "time",
    "Energy": "energy",
    "Frequency": "frequency",
    "Length": "length",
    "Power": "power",
    "Pressure": "pressure",
    "Speed": "speed",
    "Temperature": "temperature",
    "Voltage": "voltage",
    "Volume": "volume",
    "Weight": "mass",
}
UNITS = {  # where the lower-case name means something else, or nothing
    "KILOBYTE": "kibibyte",
    "MEGABYTE": "mebibyte",
    "GIGABYTE": "gibibyte",
    "TERABYTE": "tebibyte",
    "TON": "metric_ton",
}
KINDS = {"mobile": "APP", "print": "PRINT", "ecommerce": "WEB"}


@dataclass(frozen=True, slots=True)
class Definition:
    """An attribute of the export: its type of ours (or what else it is) and what ``attributes.define`` is given."""

    code: str
    type: str
    localizable: bool = False
    scopable: bool = False
    default_unit: str | None = None
    rules: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A family: on which level each attribute lives, by what variants differ, and what names a product."""

    code: str
    attributes: tuple[FamilyAttribute, ...]
    axes: tuple[str, ...]
    label: str | None

    def level(self, attribute: str) -> str:
        if attribute in self.axes:
            return "VARIANT"
        return next((one.level for one in self.attributes if one.attribute == attribute), "PRODUCT")


def tags(sheet: Sheet) -> tuple[dict[str, str], list[Problem]]:
    """The locale of each ``label-…`` column, as we write it."""
    found: dict[str, str] = {}
    problems = []
    for column in sheet.columns:
        if column.startswith("label-"):
            try:
                found[column] = locales.normal(column.removeprefix("label-"))
            except InvalidInput as refused:
                problems.append(Problem(sheet.name, 1, column, None, refused.problem, refused=False))
    return found, problems


def labels(row: Row, columns: Mapping[str, str]) -> dict[str, str]:
    return {tag: row[column] for column, tag in columns.items() if row[column]}


def flag(cell: str) -> bool:
    return cell.lower() in ("1", "true", "yes")


def definition(row: Row) -> Definition:
    """Raises InvalidInput, its path the column."""
    kind = TYPES.get(row["type"])
    if kind is None:
        raise InvalidInput("type", f"{row['type'][:60]!r} is not known here")
    code = row["code"]
    if code in GTINS and kind == "TEXT":
        kind = GTIN
    unit = None
    if kind == "MEASUREMENT":
        if row["metric_family"] not in METRICS:
            raise InvalidInput("metric_family", f"{row['metric_family'][:60]!r} is not known here")
        unit = unit_of(row["default_metric_unit"]) or None
    return Definition(code, kind, flag(row["localizable"]), flag(row["scopable"]), unit, _rules(row, kind))


def unit_of(name: str) -> str:
    """A unit of measurement as we name it: SQUARE_METER becomes meter ** 2."""
    if name in UNITS:
        return UNITS[name]
    found = name.lower().replace("_per_", " / ")
    found = re.sub(r"\bsquare_(\w+)", r"\1 ** 2", found)
    return re.sub(r"\bcubic_(\w+)", r"\1 ** 3", found)


def _rules(row: Row, kind: str) -> dict[str, Any]:
    """The limits of an attribute's values. Raises InvalidInput."""
    found: dict[str, Any] = {}
    if kind in ("TEXT", "LONG_TEXT"):
        found["maxLength"] = _whole(row, "max_characters")
        if row["validation_rule"] == "regexp":
            found["pattern"] = _pattern(row["validation_regexp"])
    if kind in ("NUMBER", "MEASUREMENT"):
        found["min"] = row["number_min"] or ("0" if row["negative_allowed"] == "0" else None)
        found["max"] = row["number_max"] or None
        found["decimals"] = 0 if row["decimals_allowed"] == "0" else None
    if kind == "MEDIA":
        found["extensions"] = row.listed("allowed_extensions") or None
        megabytes = _whole(row, "max_file_size")
        found["maxBytes"] = megabytes * 1024 * 1024 if megabytes else None
    return {name: value for name, value in found.items() if value is not None}


def _whole(row: Row, column: str) -> int | None:
    try:
        return int(float(row[column])) if row[column] else None
    except (ValueError, OverflowError):
        raise InvalidInput(column, f"{row[column][:40]!r} is no number") from None


def _pattern(given: str) -> str | None:
    """A pattern without the signs that PHP wants around it: /^[a-z]+$/ becomes ^[a-z]+$."""
    inside = re.fullmatch(r"([/#~@])(.*)\1", given, re.DOTALL)
    return (inside[2] if inside else given) or None


def kind(row: Row, variants: Iterable[Row], attributes: Mapping[str, Definition], channels: Iterable[str]) -> Kind:
    """A family with its family variants laid over each other.

    What any of them puts on a variant belongs to the variant in all of them, and every axis of any is an axis; those
    at the end of the list are only used by some of the products.
    """
    axes: dict[str, None] = {}
    varying: set[str] = set()
    for one in variants:
        for level in ("1", "2"):
            axes |= dict.fromkeys(one.listed(f"variant-axes_{level}"))
            varying |= set(one.listed(f"variant-attributes_{level}"))
    required: dict[str, list[str]] = {}
    for channel in channels:
        for code in row.listed(f"requirements-{channel}"):
            required.setdefault(code, []).append(channel)
    found = tuple(
        FamilyAttribute(
            code, "VARIANT" if code in varying or code in axes else "PRODUCT", tuple(required.get(code, ()))
        )
        for code in dict.fromkeys([*row.listed("attributes"), *axes])
        if code in attributes and attributes[code].type not in (SKU, GTIN, PRICE)
    )
    label = row["attribute_as_label"]
    on_product = any(one.attribute == label and one.level == "PRODUCT" for one in found)
    return Kind(row["code"], found, tuple(axes), label if on_product else None)


def parents_first(rows: Iterable[Row]) -> tuple[list[Row], list[Problem]]:
    """Categories so that each stands behind its parent; those below themselves are refused."""
    waiting: dict[str, list[Row]] = {}
    every = list(rows)
    codes = {row["code"] for row in every}
    for row in every:
        waiting.setdefault(row["parent"] if row["parent"] in codes else "", []).append(row)
    found: list[Row] = []
    level = waiting.pop("", [])
    while level:
        found += level
        level = [child for row in level for child in waiting.pop(row["code"], [])]
    circling = [row.problem("parent", "is below the category itself") for rows in waiting.values() for row in rows]
    return found, circling


def home(row: Row, parents: Mapping[str, str]) -> set[str]:
    """The codes from a category up to its root."""
    found: set[str] = set()
    code = row["code"]
    while code and code not in found:
        found.add(code)
        code = parents.get(code, "")
    return found
