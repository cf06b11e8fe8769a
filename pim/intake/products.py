"""Brings in products from a table in the native layout, or in one that a mapping leads there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kernel.db import ReadConn, WriteConn
from kernel.errors import InvalidInput
from kernel.imports import staging
from kernel.imports.mapping import Document, Format
from kernel.imports.model import Asked, Importer, Keyed, Outcome, Plan, Problem, Row
from kernel.tasks import Task
from pim.attributes import queries as attribute_queries
from pim.attributes.values import Unfit
from pim.catalog import locking
from pim.catalog import operations as catalog_operations
from pim.channels import queries as channel_queries
from pim.products import catalogs, gtins
from pim.products import queries as product_queries
from pim.products.catalogs import Catalog
from pim.products.model import BUNDLE, ProductInput, Refused, Upserted

from . import building, columns, documents
from .building import Built, Link
from .columns import Table

PRODUCTS = "PRODUCTS"


@dataclass(slots=True)
class TablePlan:
    """Rows of variants, grouped by product; links follow once all products are there."""

    table: Table
    marks: Sequence[str] = ("sku", "gtin")

    @property
    def problems(self) -> Sequence[Problem]:
        return self.table.problems

    @property
    def passes(self) -> int:
        return 2 if self.table.links else 1

    def key(self, cells: list[str]) -> Keyed:
        fields = self.table.fields
        sku = fields["sku"](cells)
        if not sku:
            raise InvalidInput("sku", "is empty")
        gtin = fields["gtin"](cells) if "gtin" in fields else ""
        code = fields["code"](cells) if "code" in fields else ""
        return Keyed(code or sku, (sku, _number(gtin)))

    async def merge(self, conn: WriteConn, groups: Mapping[str, Sequence[Row]], *, task: Task, turn: int) -> Outcome:
        if turn == 1:
            return await _link(conn, groups, self.table, task)
        await locking.share(conn)
        named = set(_named(groups, self.table))
        catalog = await catalogs.read(conn, categories=named)
        families = await _families(conn, groups, self.table, catalog)
        made = [
            building.build(code, rows, self.table, building.levels_of(catalog, families[code]))
            for code, rows in groups.items()
        ]
        outcome = Outcome()
        for one in made:
            outcome.counts["refused"] += len(one.problems)
            outcome.problems += one.problems
        await save(conn, made, catalog, task, outcome)
        return outcome


def _number(gtin: str) -> str:
    """What two ways to write one GTIN have in common; of what is none, itself."""
    try:
        return gtins.padded(gtins.clean(gtin)) if gtin else ""
    except Unfit:
        return gtin


def _named(groups: Mapping[str, Sequence[Row]], table: Table) -> Iterable[str]:
    cell = table.fields.get("categories")
    if cell is not None:
        for text in {cell(row.cells) for rows in groups.values() for row in rows}:
            yield from building.listed(text)


async def _families(
    conn: ReadConn, groups: Mapping[str, Sequence[Row]], table: Table, catalog: Catalog
) -> dict[str, str | None]:
    """The family of each product: what a row of it says, or what it has."""
    cell = table.fields.get("family")
    said = {
        code: next((text for row in rows if (text := cell(row.cells))), None) if cell else None
        for code, rows in groups.items()
    }
    silent = [code for code, family in said.items() if family is None]
    known = await product_queries.products_by_code(conn, silent) if silent else {}
    codes = {one.id: code for code, one in catalog.families.items()}
    return said | {code: codes.get(one.family_id) if one.family_id else None for code, one in known.items()}


async def save(conn: WriteConn, made: Sequence[Built], catalog: Catalog, task: Task, outcome: Outcome) -> None:
    """Save what was built; a product is saved without those of its variants that have a problem of their own."""
    while made:
        saved = await catalog_operations.save_products(
            conn, [one.input for one in made], actor=task.actor, bulk=True, catalog=catalog
        )
        again: list[Built] = []
        for one, result in zip(made, saved.results, strict=True):
            if isinstance(result, Upserted):
                outcome.counts["created" if result.created else "updated" if result.changed else "unchanged"] += len(
                    one.rows
                )
            elif isinstance(result, Refused):
                again += _without_refused(one, result, outcome)
        made = again


def _without_refused(one: Built, result: Refused, outcome: Outcome) -> list[Built]:
    """Tell why; what is left is a product without the variants that were to blame, or nothing."""
    found = [one.problem(problem) for problem in result.problems]
    outcome.problems += [problem for _, problem in found]
    bad = {number for number, _ in found}
    left = [number for number in range(len(one.rows)) if number not in bad]
    if None in bad or not left:
        outcome.counts["refused"] += len(one.rows)
        return []
    outcome.counts["refused"] += len(one.rows) - len(left)
    variants = tuple(one.input.variants[number] for number in left)
    return [
        replace(
            one,
            input=replace(one.input, variants=variants),
            rows=[one.rows[number] for number in left],
            variants=[one.variants[number] for number in left],
        )
    ]


async def _link(conn: WriteConn, groups: Mapping[str, Sequence[Row]], table: Table, task: Task) -> Outcome:
    """Link the products that went in to others. A link to nowhere is told; the others are made."""
    outcome = Outcome()
    named = {code: found for code, rows in groups.items() if (found := list(building.links(rows, table)))}
    there = await _there(conn, named, task)
    made = []
    for code, found in named.items():
        if code in there:
            kept, problems = building.found_of(found, there)
            outcome.problems += problems
            if kept:
                made.append(Built(building.linked(code, kept), [replace(groups[code][0], line=found[0].line)]))
    if made:
        saved = await catalog_operations.save_products(conn, [one.input for one in made], actor=task.actor, bulk=True)
        for one, result in zip(made, saved.results, strict=True):
            if isinstance(result, Refused):
                outcome.problems += [one.problem(problem)[1] for problem in result.problems]
    return outcome


async def _there(conn: ReadConn, named: Mapping[str, Sequence[Link]], task: Task) -> set[str]:
    """Which of these products and what they name there is; in a dry run, or is about to be."""
    skus = {target for links in named.values() for one in links if one.kind == BUNDLE for target in one.targets}
    codes = {target for links in named.values() for one in links if one.kind != BUNDLE for target in one.targets}
    found = set(await product_queries.products_by_code(conn, codes | named.keys()))
    found |= {f"{BUNDLE}:{sku}" for sku in await product_queries.variants_by_sku(conn, skus)}
    if task.given["dry_run"]:
        found |= set(await staging.first_by_key(conn, task.id, codes))
    return found


@dataclass(slots=True)
class DocumentPlan:
    """One product a line, in the shape of GraphQL's ProductInput."""

    problems: Sequence[Problem] = ()
    marks: Sequence[str] = ("code",)
    passes: int = 2

    def key(self, cells: list[str]) -> Keyed:
        code = documents.code(cells[0])
        return Keyed(code, (code,))

    async def merge(self, conn: WriteConn, groups: Mapping[str, Sequence[Row]], *, task: Task, turn: int) -> Outcome:
        outcome = Outcome()
        made: list[Built] = []
        for rows in groups.values():
            try:
                found = documents.parse(rows[0].cells[0])
            except InvalidInput as refused:
                if turn == 0:
                    outcome.counts["refused"] += len(rows)
                    outcome.problems.append(Problem(rows[0].line, refused.path or None, "INVALID", refused.problem))
                continue
            links = ProductInput(found.code, associations=found.associations, components=found.components)
            if turn == 0:
                made.append(documents.Document(replace(found, associations=None, components=None), list(rows)))
            elif links.associations is not None or links.components is not None:
                made.append(documents.Document(links, list(rows)))
        named = {code for one in made for code in one.input.categories or ()}
        await locking.share(conn)
        catalog = await catalogs.read(conn, categories=named)
        if turn == 1:
            known = await product_queries.products_by_code(conn, [one.input.code for one in made])
            made = [one for one in made if one.input.code in known]
        await save(conn, made, catalog, task, outcome if turn == 0 else (linked := Outcome()))
        if turn == 1:
            outcome.problems += linked.problems
        return outcome


async def plan(conn: ReadConn, asked: Asked) -> Plan:
    """Raises InvalidInput where the columns do not make a table of products."""
    if asked.columns is None:
        return DocumentPlan()
    attributes = await attribute_queries.all_attributes(conn)
    channels = {one.code for one in await channel_queries.all_channels(conn)}
    return TablePlan(columns.read(asked.columns, asked.document, attributes, channels))


IMPORTER = Importer(
    PRODUCTS,
    plan,
    {"native": Document(), "akeneo": Document(layout="akeneo", format=Format(delimiter=";"))},
    "native",
)
