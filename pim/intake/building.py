"""Makes product inputs of rows, and leads what was wrong with an input back to the row and column it came from."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.imports.model import SHOWN, Problem, Row
from pim.products import model
from pim.products.catalogs import Catalog
from pim.products.model import BUNDLE, ProductInput, ValueInput, VariantInput

from .columns import Table, Value

TRUE, FALSE = ("1", "true"), ("0", "false")


@dataclass(slots=True)
class Built:
    """An input with the rows it was made of, those refused already left out; ``sources`` are of its paths."""

    input: ProductInput
    rows: list[Row]
    problems: list[Problem] = field(default_factory=list)
    values: list[tuple[int, str]] = field(default_factory=list)
    variants: list[list[str]] = field(default_factory=list)

    def problem(self, found: model.Problem) -> tuple[int | None, Problem]:
        """What was refused, by row and column; the number of the variant that alone it concerns, or None."""
        line, column, number = self.rows[0].line, None, None
        match found.path.split("."):
            case ["variants", place, "values", value]:
                number, column = int(place), self.variants[int(place)][int(value)]
            case ["variants", place, *rest]:
                number, column = int(place), rest[0] if rest else None
            case ["values", value, *_]:
                line, column = self.values[int(value)]
            case ["associations", kind, *_]:
                column = kind
            case ["components", *_]:
                column = BUNDLE
            case ["slugs", locale, *_]:
                column = f"slug-{locale}"
            case [one, *_]:
                column = one or None
        if number is not None:
            line = self.rows[number].line
        return number, Problem(line, column, "INVALID", found.message)


def build(code: str, rows: Sequence[Row], table: Table, levels: Mapping[str, str] | None) -> Built:
    """The input that the rows of one product make.

    What lives on the product stands on any of its rows, and must not differ between them: a row that says otherwise
    than an earlier one is refused.
    """
    ofproduct, ofvariant = _split(table, levels)
    kept, problems = list[Row](), list[Problem]()
    shared: dict[str, tuple[str, int]] = {}
    for row in rows:
        said = dict(_said(row, table, ofproduct))
        clash = next((name for name, text in said.items() if name in shared and shared[name][0] != text), None)
        if clash is not None:
            told = f"line {shared[clash][1]} says {shared[clash][0][:SHOWN]!r} for the same product"
            problems.append(Problem(row.line, clash, "CONTRADICTION", told))
            continue
        for name, text in said.items():
            shared.setdefault(name, (text, row.line))
        kept.append(row)
    built = Built(ProductInput(code), kept or [rows[0]], problems)
    values = []
    for column in ofproduct:
        if column.name in shared:
            text, line = shared[column.name]
            unit = shared.get(f"{column.name}-unit", ("", 0))[0]
            values.append(_input(column, text, unit))
            built.values.append((line, column.name))
    categories = shared.get("categories")
    built.input = ProductInput(
        code,
        shared["family"][0] if "family" in shared else None,
        tuple(listed(categories[0])) if categories else None,
        tuple(values),
        tuple(_variant(row, table, ofvariant, built) for row in kept),
        slugs={locale: shared[f"slug-{locale}"][0] for locale in table.slugs if f"slug-{locale}" in shared} or None,
    )
    return built


def _split(table: Table, levels: Mapping[str, str] | None) -> tuple[list[Value], list[Value]]:
    """The columns of the product and those of its variants; without a family all are the product's."""
    if levels is None:
        return table.values, []
    of_variant = [one for one in table.values if levels.get(one.attribute.code) == "VARIANT"]
    return [one for one in table.values if levels.get(one.attribute.code) != "VARIANT"], of_variant


def _said(row: Row, table: Table, columns: Sequence[Value]) -> Iterator[tuple[str, str]]:
    """What a row says of its product, by column."""
    for name in ("family", "categories"):
        if name in table.fields and (text := table.fields[name](row.cells)):
            yield name, text
    for locale, cell in table.slugs.items():
        if text := cell(row.cells):
            yield f"slug-{locale}", text
    for column in columns:
        if text := column.cell(row.cells):
            yield column.name, text
            if column.unit and (unit := column.unit(row.cells)):
                yield f"{column.name}-unit", unit


def _variant(row: Row, table: Table, columns: Sequence[Value], built: Built) -> VariantInput:
    values, names = [], []
    for column in columns:
        if text := column.cell(row.cells):
            values.append(_input(column, text, column.unit(row.cells) if column.unit else ""))
            names.append(column.name)
    built.variants.append(names)
    gtin = table.fields["gtin"](row.cells) if "gtin" in table.fields else ""
    return VariantInput(table.fields["sku"](row.cells), gtin or None, tuple(values))


@dataclass(frozen=True, slots=True)
class Link:
    """What a row says that its product is linked to, in one way: codes of products, or of a bundle, its skus."""

    kind: str
    parts: tuple[str, ...]
    line: int

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(_component(one)[0] for one in self.parts) if self.kind == BUNDLE else self.parts


def links(rows: Sequence[Row], table: Table) -> Iterator[Link]:
    """The links that the rows of one product name; of each kind, the first that says any."""
    for kind, cell in table.links.items():
        for row in rows:
            if text := cell(row.cells):
                yield Link(kind, tuple(listed(text)), row.line)
                break


def found_of(named: Sequence[Link], there: Container[str]) -> tuple[list[Link], list[Problem]]:
    """The links to what is ``there``, and what is wrong with the others."""
    kept, problems = list[Link](), list[Problem]()
    for one in named:
        prefix, what = (f"{BUNDLE}:", "variant") if one.kind == BUNDLE else ("", "product")
        good = [part for part, target in zip(one.parts, one.targets, strict=True) if prefix + target in there]
        told = [target for target in one.targets if prefix + target not in there]
        problems += [
            Problem(one.line, one.kind, "NOT_FOUND", f"there is no {what} {target[:SHOWN]}") for target in told
        ]
        if good:  # none would clear what is linked
            kept.append(Link(one.kind, tuple(good), one.line))
    return kept, problems


def linked(code: str, found: Sequence[Link]) -> ProductInput:
    """The input that links a product to others."""
    components = None
    associations: dict[str, tuple[str, ...]] = {}
    for one in found:
        if one.kind == BUNDLE:
            components = tuple(_component(part) for part in one.parts)
        else:
            associations[one.kind] = one.parts
    return ProductInput(code, associations=associations or None, components=components)


def _component(text: str) -> tuple[str, int]:
    sku, _, quantity = text.rpartition(":")
    if not sku:
        return text, 1
    return sku, int(quantity) if quantity.isascii() and quantity.isdigit() and len(quantity) < 7 else 0  # noqa: PLR2004


def listed(text: str) -> list[str]:
    """The parts of a list that commas separate."""
    return [one for part in text.split(",") if (one := part.strip())]


def _input(column: Value, text: str, unit: str) -> ValueInput:
    return ValueInput(column.attribute.code, _raw(column, text, unit), column.channel, column.locale)


def _raw(column: Value, text: str, unit: str) -> Any:
    """A cell in the form in which its attribute takes values; what is none is left for the attribute to refuse."""
    match column.attribute.type:
        case "BOOLEAN":
            low = text.lower()
            return True if low in TRUE else False if low in FALSE else text
        case "MULTI_SELECT":
            return listed(text)
        case "MEASUREMENT":
            return {"amount": text, "unit": unit} if unit else {"amount": text}
        case "MONEY":
            return {"amount": text, "currency": column.currency}
    return text


def levels_of(catalog: Catalog, family: str | None) -> Mapping[str, str] | None:
    return catalog.levels.get(family) if family else None
