"""The rows of one product → what to make true of it, and where each part of that stands in the files. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from kernel import money
from kernel.errors import InvalidInput
from kernel.importing import Problem
from pim.prices.model import PriceInput
from pim.products import gtins
from pim.products.model import ProductInput, Refused, ValueInput, VariantInput

from .columns import Column
from .definitions import GTIN, PRICE, Kind, unit_of
from .grouping import Group, Member
from .reading import Row

BOOLEANS = {"1": True, "0": False, "true": True, "false": False}
DISABLED = ("0", "false")

Origin = tuple[Row, str | None]


@dataclass(frozen=True, slots=True)
class Cell:
    value: ValueInput
    type: str
    row: Row
    column: str

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        return self.value.attribute, self.value.channel, self.value.locale


@dataclass(frozen=True, slots=True)
class World:
    """What the rows of products refer to: the columns of each file, families, and channels by category."""

    columns: Mapping[str, Sequence[Column]]
    kinds: Mapping[str, Kind]
    shown_on: Mapping[str, frozenset[str]]


@dataclass(slots=True)
class Draft:
    """A product to save. ``prices`` are by currency, each with the cell it comes from."""

    group: Group
    product: ProductInput
    enabled: bool
    origins: dict[str, Origin] = field(default_factory=dict)
    prices: list[tuple[str, PriceInput, Row, str]] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def origin(self, path: str) -> Origin:
        """Where the part of the product at ``path`` stands; its own row where that cannot be told."""
        while path and path not in self.origins:
            path = path.rpartition(".")[0]
        return self.origins.get(path, (self.group.row, None))


def assemble(group: Group, world: World) -> Draft:
    kind = world.kinds.get(group.family)
    said = {row: list(_cells(row, world.columns[row.file])) for row in group.rows}
    draft = Draft(group, ProductInput(group.code, group.family or None), _enabled(group), notes=list(group.notes))
    draft.origins = {"code": (group.row, "sku" if group.row["sku"] else "code"), "family": (group.row, "family")}
    values = _product_values(said, kind, draft)
    variants = [_variant(place, one, said, kind, draft, world) for place, one in enumerate(group.members)]
    draft.product = replace(
        draft.product, categories=_categories(group, draft), values=tuple(values), variants=tuple(variants)
    )
    _note_what_is_odd(kind, values, draft)
    return draft


def _cells(row: Row, columns: Iterable[Column]) -> Iterator[Cell]:
    for column in columns:
        if row[column.name] and column.attribute.type not in (GTIN, PRICE, "MEDIA"):
            value = ValueInput(column.attribute.code, _value(column, row), column.channel, column.locale)
            yield Cell(value, column.attribute.type, row, column.name)


def _value(column: Column, row: Row) -> Any:
    raw = row[column.name]
    match column.attribute.type:
        case "TEXT" | "LONG_TEXT":
            return raw.replace("\\n", "\n").strip()
        case "BOOLEAN":
            return BOOLEANS.get(raw.lower(), raw)
        case "MULTI_SELECT":
            return row.listed(column.name)
        case "MEASUREMENT":
            unit = row[column.unit] if column.unit else ""
            return {"amount": raw, "unit": unit_of(unit)} if unit else {"amount": raw}
    return raw


def _level(kind: Kind | None, cell: Cell) -> str:
    return kind.level(cell.value.attribute) if kind else "PRODUCT"


def _product_values(said: Mapping[Row, Iterable[Cell]], kind: Kind | None, draft: Draft) -> list[ValueInput]:
    """What the rows say of the product: its own row first, what that leaves open by the others."""
    kept: dict[Any, Cell] = {}
    for cells in said.values():
        for cell in cells:
            if _level(kind, cell) == "PRODUCT" and not _same(kept.setdefault(cell.key, cell), cell):
                text = f"differs from that of {draft.group.code}, to which it belongs and whose value counts"
                draft.notes.append(cell.row.problem(cell.column, text, refused=False))
    return _placed("values", kept.values(), draft)


def _same(one: Cell, other: Cell) -> bool:
    return bool(one.value.value == other.value.value)


def _placed(path: str, cells: Iterable[Cell], draft: Draft) -> list[ValueInput]:
    found = []
    for place, cell in enumerate(cells):
        draft.origins[f"{path}.{place}"] = cell.row, cell.column
        draft.origins.setdefault(cell.value.attribute, (cell.row, cell.column))
        found.append(cell.value)
    return found


def _variant(
    place: int, one: Member, said: Mapping[Row, Iterable[Cell]], kind: Kind | None, draft: Draft, world: World
) -> VariantInput:
    """The variant of a row, on which the values of the models above it are laid unless it has its own."""
    path, sku = f"variants.{place}", one.row["sku"]
    draft.origins[path] = one.row, "sku"
    lineage = list(dict.fromkeys([draft.group.row, *reversed(one.above), one.row]))
    kept: dict[Any, Cell] = {}
    for row in lineage:
        kept |= {cell.key: cell for cell in said[row] if _level(kind, cell) == "VARIANT"}
    gtin = _gtin(path, one.row, draft, world)
    _price(sku, lineage, draft, world)
    return VariantInput(sku, gtin, tuple(_placed(f"{path}.values", kept.values(), draft)))


def _gtin(path: str, row: Row, draft: Draft, world: World) -> str | None:
    """The row's GTIN; one that is none, or another's, is left out and noted: no product is lost for its barcode."""
    for column in world.columns[row.file]:
        if column.attribute.type == GTIN and (gtin := row[column.name]):
            draft.origins[f"{path}.gtin"] = row, column.name
            if problem := draft.group.barred.get(row["sku"]) or gtins.problem(gtin):
                draft.notes.append(row.problem(column.name, f"{problem}; left out", refused=False))
            else:
                return gtin
    return None


def _price(sku: str, lineage: Iterable[Row], draft: Draft, world: World) -> None:
    """Note the variant's price in each currency: its own row's, else that of the nearest model above."""
    kept: dict[str, tuple[str, PriceInput, Row, str]] = {}
    for row in lineage:
        for column in world.columns[row.file]:
            if column.currency and row[column.name]:
                try:
                    amount = _amount(row[column.name], column)
                except InvalidInput as refused:
                    draft.notes.append(row.problem(column.name, f"{refused.problem}; left out", refused=False))
                else:
                    kept[column.currency] = column.currency, PriceInput(sku, amount), row, column.name
    draft.prices += kept.values()


def _amount(raw: str, column: Column) -> Decimal:
    found = money.parse(raw, column.currency or "", path=column.name).amount
    if found < 0:
        raise InvalidInput(column.name, "must not be negative")
    return found


def _categories(group: Group, draft: Draft) -> tuple[str, ...]:
    found: dict[str, Origin] = {}
    for row in group.rows:
        for code in row.listed("categories"):
            found.setdefault(code, (row, "categories"))
    draft.origins |= {f"categories.{place}": origin for place, origin in enumerate(found.values())}
    return tuple(found)


def _enabled(group: Group) -> bool:
    return any(one.row["enabled"].lower() not in DISABLED for one in group.members)


def _note_what_is_odd(kind: Kind | None, values: Iterable[ValueInput], draft: Draft) -> None:
    group = draft.group

    def note(row: Row, column: str, text: str) -> None:
        draft.notes.append(row.problem(column, text, refused=False))

    if not group.family:
        note(group.row, "family", "is empty; the product is not checked against a family")
    label = (kind.label if kind else None) or "name"
    if not any(one.attribute == label for one in values):
        note(group.row, label, "is empty; the product is shown by its code")
    if not group.members:
        note(group.row, "code", "has no variants; what belongs to them is left out and nothing is published")
    for one in group.members:
        if draft.enabled and one.row["enabled"].lower() in DISABLED:
            note(one.row, "enabled", "is not set, but other variants of the product are shown, and this one with them")
        if one.row["groups"]:
            note(one.row, "groups", "are not imported")


def reduce(draft: Draft, refused: Refused) -> tuple[Group | None, list[Problem]]:
    """What is left of a refused product without the rows to blame, and why those are refused.

    None where the product's own row is among them: the others have nothing to belong to then.
    """
    group, problems, bad = draft.group, dict[Problem, None](), set[Row]()
    barred = dict(group.barred)
    for problem in refused.problems:
        row, column = draft.origin(problem.path)
        if problem.path.endswith(".gtin") and row["sku"] not in group.barred:
            barred[row["sku"]] = problem.message
        else:
            bad.add(row)
            problems[row.problem(column, problem.message)] = None
    left = None if group.row in bad else replace(group.without(bad), barred=barred)
    remaining = set(left.rows) if left else set[Row]()
    for row in group.rows:
        if row not in remaining and row not in bad:
            text = f"builds on a row of {group.code} that was refused"
            problems[row.problem(None, text)] = None
    return left, list(problems)
