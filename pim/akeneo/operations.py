"""Loads the export of an Akeneo PIM: a folder of CSV files, separated by semicolons, in UTF-8.

Families. Akeneo says for each *family variant* which attributes stand on a variant; here a family says it once. So the
family variants of a family are laid over each other: what any of them puts on a variant, and every axis of any of
them, belongs to the variant in all products of the family. A product without a parent is a product with one variant,
which gets those values. What a product model says of them goes to each of its variants, unless a row further down has
its own. What belongs to the product is taken from its own row; rows below it that say something else are noted.

Products. A product model without a parent and a row of products without one each become a product; models below
another are folded into their variants. Parents are found whatever the case of their letters, as in Akeneo.

What is wrong. A row that breaks a rule is refused with line, column and reason, the rest of its product goes in
without it; only with the product's own row is all of it refused. A GTIN or a price that is none is left out and noted:
no product is lost for its barcode. A file, column or encoding that cannot be read stops the import before anything is
written.

What is there already. An empty cell says nothing and clears nothing. Everything is found again by its code, so that a
second run changes nothing. ``enabled`` decides whether a product is published or a draft on the channels in whose tree
one of its categories is. Prices go to one list for each currency, ``akeneo-eur``; a list is put on the channels of its
currency when it is made and is the hub's to arrange from then on. The files that media attributes
name are not part of the export, and a value needs its file: they are left out.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from kernel.db import Database
from kernel.importing import REFUSED, Problem, Progress, Report, silent
from pim.catalog import operations as catalog_operations
from pim.products.model import Refused

from . import grouping, reading, saving
from .describing import Described, describe
from .grouping import Group
from .linking import Links
from .running import Run

BATCH = 200  # variants, or products without any, in one transaction
REQUIRED = {
    "categories": ("code", "parent"),
    "channels": ("code", "locales", "currencies", "tree"),
    "attribute_groups": ("code",),
    "attributes": ("code", "type", "group", "localizable", "scopable"),
    "attribute_options": ("code", "attribute"),
    "families": ("code", "attributes", "attribute_as_label"),
    "products": ("sku", "categories", "family"),
}
OPTIONAL = {  # a shop without variants has none
    "family_variants": ("code", "family", "variant-axes_1", "variant-attributes_1"),
    "product_models": ("code", "family_variant", "parent", "categories"),
}


async def load(db: Database, folder: Path, *, now: datetime, progress: Progress = silent) -> Report:
    """Bring the export in ``folder`` into the hub; ``now`` is when its prices begin. Raises InvalidInput."""
    sheets = {name: reading.look(folder / f"{name}.csv", required) for name, required in REQUIRED.items()}
    for name, required in OPTIONAL.items():
        sheets[name] = reading.look(folder / f"{name}.csv", required, optional=True)
    run = Run(db, sheets, progress)
    run.tell(*sheets)
    described = await describe(run)
    links = Links()
    await _products(run, described, links, now)
    await _link(run, links)
    return run.report


async def _products(run: Run, described: Described, links: Links, now: datetime) -> None:
    """Save the rows that are products by themselves as they come, then the product models with their variants."""
    sheet, models_sheet = run.sheets["products"], run.sheets["product_models"]
    models, problems = grouping.models(models_sheet, described.families)
    run.report.add([(models_sheet.name, REFUSED)] * len(problems), problems)
    taking = grouping.Grouping(models)
    batch: list[Group] = []
    for row in sheet.rows():
        found = taking.take(row)
        if isinstance(found, Problem):
            run.report.add([(sheet.name, REFUSED)], [found])
        elif found:
            batch.append(found)
        if len(batch) == BATCH:
            await _save(run, batch, described, links, now)
            batch = []
    for group in taking.models_with_their_variants():
        batch.append(group)
        if sum(len(one.rows) for one in batch) >= BATCH:
            await _save(run, batch, described, links, now)
            batch = []
    await _save(run, batch, described, links, now)


async def _save(run: Run, batch: Sequence[Group], described: Described, links: Links, now: datetime) -> None:
    world, lists = described.world, described.lists
    saved = await run.db.transact(lambda conn: saving.save(conn, batch, world, lists, now=now))
    run.report.add(saved.outcomes, saved.problems)
    run.report.problems += links.note(saved.accepted, {one.name: one.columns for one in run.sheets.values()})
    run.tell("products", "product_models")


async def _link(run: Run, links: Links) -> None:
    inputs, problems = links.inputs()
    run.report.problems += problems
    for some in saving.chunks(inputs, BATCH):
        saved = await run.db.transact(
            lambda conn, some=some: catalog_operations.save_products(conn, some, actor=saving.ACTOR, bulk=True)  # type: ignore[misc]
        )
        for one in saved.results:
            if isinstance(one, Refused):
                run.report.problems += [
                    Problem(run.sheets["products"].name, 1, None, one.code, problem.message, refused=False)
                    for problem in one.problems
                ]
