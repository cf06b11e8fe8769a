"""Saves what describes the catalog, one transaction a file, and says what products may refer to."""

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.db import WriteConn
from kernel.importing import Problem
from pim.channels.model import Channel
from pim.prices import operations as price_operations
from pim.prices import queries as price_queries

from . import columns as column_names
from . import definitions, structures
from .assembling import World
from .columns import Column
from .definitions import Definition, Kind
from .running import Run


@dataclass(frozen=True, slots=True)
class Described:
    """``families`` are by family variant, ``lists`` the price lists by currency."""

    world: World
    families: Mapping[str, str]
    lists: Mapping[str, str]


async def describe(run: Run) -> Described:
    sheets = run.sheets
    run.settle(await run.db.transact(lambda conn: structures.categories(conn, sheets["categories"])))
    part, channels = await run.db.transact(lambda conn: structures.channels(conn, sheets["channels"]))
    run.settle(part)
    run.settle(await run.db.transact(lambda conn: structures.groups(conn, sheets["attribute_groups"])))
    run.tell("categories", "channels", "attribute_groups")
    attributes = await _attributes(run)
    kinds = await _families(run, attributes, channels)
    columns = _columns(run, attributes, channels)
    currencies = {column.currency for found in columns.values() for column in found if column.currency}
    lists = await run.db.transact(lambda conn: _price_lists(conn, currencies, channels))
    families = {row["code"]: row["family"] for row in sheets["family_variants"].rows() if row["family"] in kinds}
    return Described(World(columns, kinds, _shown_on(run, channels)), families, lists)


async def _attributes(run: Run) -> dict[str, Definition]:
    names = {row["attribute_as_label"] for row in run.sheets["families"].rows()} | {"name"}
    part, found = await run.db.transact(
        lambda conn: structures.attributes(conn, run.sheets["attributes"], run.sheets["attribute_options"], names)
    )
    run.settle(part)
    run.tell("attributes", "attribute_options")
    return found


async def _families(run: Run, attributes: Mapping[str, Definition], channels: Mapping[str, Channel]) -> dict[str, Kind]:
    part, found = await run.db.transact(
        lambda conn: structures.families(
            conn, run.sheets["families"], run.sheets["family_variants"], attributes, sorted(channels)
        )
    )
    run.settle(part)
    run.tell("families", "family_variants")
    return found


def _columns(
    run: Run, attributes: Mapping[str, Definition], channels: Mapping[str, Channel]
) -> dict[str, list[Column]]:
    """What the columns of products and product models mean; those that mean nothing are noted."""
    found = {}
    for sheet in (run.sheets["products"], run.sheets["product_models"]):
        found[sheet.name], problems = column_names.parse(sheet.columns, attributes, channels)
        run.report.problems += [
            Problem(sheet.name, 1, column, None, f"{text}; left out", refused=False)
            for column, text in problems.items()
        ]
    return found


async def _price_lists(conn: WriteConn, currencies: set[str], channels: Mapping[str, Channel]) -> dict[str, str]:
    lists = {currency: f"akeneo-{currency.lower()}" for currency in sorted(currencies)}
    known = await price_queries.price_lists_by_code(conn, lists.values())
    for currency, code in lists.items():
        if code not in known:
            mine = [one.code for one in channels.values() if one.currency == currency]
            await price_operations.save_list(conn, code=code, currency=currency, channels=mine)
    return lists


def _shown_on(run: Run, channels: Mapping[str, Channel]) -> dict[str, frozenset[str]]:
    """The channels in whose tree each category is."""
    rows = list(run.sheets["categories"].rows())
    parents = {row["code"]: row["parent"] for row in rows}
    trees = {row["code"]: row["tree"] for row in run.sheets["channels"].rows() if row["code"] in channels}
    return {
        row["code"]: frozenset(code for code, tree in trees.items() if tree in definitions.home(row, parents))
        for row in rows
    }
