"""Which rows make one product. Pure.

A row of products without a parent is a product with one variant. A product model without a parent is a product; the
models below it are folded into their variants, the rows of products that name one of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from kernel.importing import Problem

from .reading import Row, Sheet


@dataclass(frozen=True, slots=True)
class Member:
    """A variant's row and the product models between it and the product, the lowest first."""

    row: Row
    above: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one product, its own first. ``barred`` says why a sku goes in without its GTIN."""

    row: Row
    code: str
    family: str
    models: tuple[Row, ...] = ()
    members: tuple[Member, ...] = ()
    notes: tuple[Problem, ...] = ()
    barred: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> list[Row]:
        return list(dict.fromkeys([self.row, *self.models, *(one.row for one in self.members)]))

    def without(self, bad: Iterable[Row]) -> "Group":
        """The group without these rows and those that build on them."""
        gone = set(bad)
        members = tuple(one for one in self.members if not gone & {one.row, *one.above})
        return replace(self, models=tuple(row for row in self.models if row not in gone), members=members)


@dataclass(frozen=True, slots=True)
class Model:
    """A product model, and the models above it, the product's last."""

    row: Row
    family: str
    above: tuple[Row, ...] = ()

    @property
    def root(self) -> Row:
        return self.above[-1] if self.above else self.row


def models(sheet: Sheet, families: Mapping[str, str]) -> tuple[dict[str, Model], list[Problem]]:
    """The product models by their code in lower case; ``families`` names the family of each family variant."""
    rows: dict[str, Row] = {}
    problems: list[Problem] = []
    for row in sheet.rows():
        if reason := _unfit(row, rows, families):
            problems.append(row.problem(*reason))
        else:
            rows[row["code"].lower()] = row
    found: dict[str, Model] = {}
    for code, row in rows.items():
        above = _above(row, rows)
        if isinstance(above, str):
            problems.append(row.problem("parent", above))
        else:
            root = above[-1] if above else row
            found[code] = Model(row, families[root["family_variant"]], above)
    return found, problems


def _unfit(row: Row, known: Mapping[str, Row], families: Mapping[str, str]) -> tuple[str | None, str] | None:
    if row.misfit:
        return None, row.misfit
    if not row["code"]:
        return "code", "is empty"
    if row["code"].lower() in known:
        return "code", f"{row['code']} is given twice"
    if row["family_variant"] not in families:
        return "family_variant", f"there is no family variant {row['family_variant'][:60]!r}"
    return None


def _above(row: Row, rows: Mapping[str, Row]) -> tuple[Row, ...] | str:
    """The models above ``row`` from the lowest up, or what is wrong with them."""
    found: list[Row] = []
    while parent := (found[-1] if found else row)["parent"]:
        above = rows.get(parent.lower())
        if above is None:
            return f"there is no product model {parent[:60]}, or it was refused"
        if above is row or above in found:
            return "is below the product model itself"
        found.append(above)
    return tuple(found)


@dataclass(slots=True)
class Grouping:
    """Takes the rows of products one at a time; those with a parent wait until all of them are known."""

    models: Mapping[str, Model]
    seen: dict[str, int] = field(default_factory=dict)
    waiting: dict[Row, list[Member]] = field(default_factory=dict)
    notes: dict[Row, list[Problem]] = field(default_factory=dict)

    def take(self, row: Row) -> Group | Problem | None:
        """The product that ``row`` makes by itself, why it is refused, or None while it waits for its siblings."""
        sku = row["sku"]
        if row.misfit:
            return row.problem(None, row.misfit)
        if not sku:
            return row.problem("sku", "is empty")
        if sku in self.seen:
            return row.problem("sku", f"{sku} is given in line {self.seen[sku]} already")
        self.seen[sku] = row.line
        if row["parent"]:
            return self._wait(row)
        if (model := self.models.get(sku.lower())) and not model.above:
            return row.problem("sku", f"{sku} is the code of a product model too")
        return Group(row, sku, row["family"], members=(Member(row),))

    def _wait(self, row: Row) -> Problem | None:
        model = self.models.get(row["parent"].lower())
        if model is None:
            return row.problem("parent", f"there is no product model {row['parent'][:60]}, or it was refused")
        notes = self.notes.setdefault(model.root, [])
        code = model.row["code"]
        if row["parent"] != code:
            notes.append(row.problem("parent", f"is written {code} in {model.row.file}", refused=False))
        if row["family"] and row["family"] != model.family:
            text = f"is not that of {code}, whose {model.family} counts"
            notes.append(row.problem("family", text, refused=False))
        above = () if model.row is model.root else (model.row, *model.above[:-1])
        self.waiting.setdefault(model.root, []).append(Member(row, above))
        return None

    def models_with_their_variants(self) -> Iterator[Group]:
        """Once every row of products was taken: the product of each product model that has no parent."""
        below: dict[Row, list[Row]] = {}
        for one in self.models.values():
            if one.above:
                below.setdefault(one.root, []).append(one.row)
        for one in self.models.values():
            if not one.above:
                yield Group(
                    one.row,
                    one.row["code"],
                    one.family,
                    tuple(below.get(one.row, ())),
                    tuple(self.waiting.get(one.row, ())),
                    tuple(self.notes.get(one.row, ())),
                )
