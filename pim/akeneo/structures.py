"""Writes what describes the catalog: categories, channels, attributes with their options, families."""

import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import IntegrityError

from kernel import codes
from kernel.db import WriteConn
from kernel.errors import InvalidInput
from kernel.importing import REFUSED, UNCHANGED, Problem, outcome_of
from pim.attributes import operations as attribute_operations
from pim.attributes import queries as attribute_queries
from pim.attributes.model import Group, Option
from pim.categories import operations as category_operations
from pim.categories import queries as category_queries
from pim.channels import locales
from pim.channels import operations as channel_operations
from pim.channels import queries as channel_queries
from pim.channels.model import Channel
from pim.families import operations as family_operations
from pim.families import queries as family_queries

from . import definitions
from .definitions import GTIN, PRICE, SKU, Definition, Kind
from .reading import Row, Sheet

COLUMNS = {  # where the operations' paths stand in the files
    "unitFamily": "metric_family",
    "defaultUnit": "default_metric_unit",
    "validation.pattern": "validation_regexp",
    "categoryTree": "tree",
    "currency": "currencies",
}


@dataclass(slots=True)
class Part:
    """What became of one file: an outcome for each row, and the problems."""

    outcomes: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


async def _each(conn: WriteConn, rows: Iterable[Row], save: Callable[[Row], Awaitable[str]], part: Part) -> Part:
    """Save one row after the other, each on its own, and note what became of it."""
    seen: set[str | None] = set()
    for row in rows:
        try:
            _refuse_unfit(row, seen)
            async with conn.begin_nested():
                outcome = await save(row)
        except InvalidInput as refused:
            outcome = REFUSED
            part.problems.append(row.problem(COLUMNS.get(refused.path, refused.path) or None, refused.problem))
        except IntegrityError as clash:
            outcome = REFUSED
            constraint = getattr(clash.orig.__cause__, "constraint_name", None) if clash.orig else None
            part.problems.append(row.problem("code", f"is too like another one ({constraint})"))
        part.outcomes.append((row.file, outcome))
    return part


def _refuse_unfit(row: Row, seen: set[str | None]) -> None:
    if row.misfit:
        raise InvalidInput("", row.misfit)
    if row.key in seen:
        raise InvalidInput("code", f"{row.key} is given twice")
    seen.add(row.key)


async def categories(conn: WriteConn, sheet: Sheet) -> Part:
    """Every category, parents before children."""
    rows, circling = definitions.parents_first(sheet.rows())
    columns, problems = definitions.tags(sheet)
    part = Part([(sheet.name, REFUSED)] * len(circling), problems + circling)
    before = await category_queries.categories_by_code(conn, [row["code"] for row in rows])
    places: defaultdict[str, int] = defaultdict(int)

    async def save(row: Row) -> str:
        places[row["parent"]] += 1
        after = await category_operations.save(
            conn,
            code=row["code"],
            parent=row["parent"] or None,
            labels=definitions.labels(row, columns),
            position=places[row["parent"]] - 1,
        )
        return outcome_of(before.get(after.code), after)

    return await _each(conn, rows, save, part)


async def channels(conn: WriteConn, sheet: Sheet) -> tuple[Part, dict[str, Channel]]:
    """Every channel. Of the currencies the first counts, unless the hub sells there in another of them already."""
    columns, problems = definitions.tags(sheet)
    known = {one.code: one for one in await channel_queries.all_channels(conn)}
    found: dict[str, Channel] = {}

    async def save(row: Row) -> str:
        code, currencies = row["code"], row.listed("currencies")
        before = known.get(code)
        if not currencies:
            raise InvalidInput("currencies", "must name at least one")
        after = await channel_operations.save(
            conn,
            code=code,
            name=locales.pick(definitions.labels(row, columns), "en") or code,
            kind=before.kind if before else definitions.KINDS.get(code, "WEB"),
            currency=before.currency if before and before.currency in currencies else currencies[0],
            locales=row.listed("locales"),
            category_tree=row["tree"] or None,
            time_zone=before.time_zone if before else None,
        )
        found[code] = after
        return outcome_of(before, after)

    return await _each(conn, sheet.rows(), save, Part(problems=problems)), found


async def groups(conn: WriteConn, sheet: Sheet) -> Part:
    """Every group of attributes."""
    columns, problems = definitions.tags(sheet)
    rows = list(sheet.rows())
    before = await attribute_queries.groups_by_code(conn, [row["code"] for row in rows])

    async def save(row: Row) -> str:
        after = Group(row["code"], definitions.labels(row, columns), _position(row))
        await attribute_operations.save_group(conn, code=after.code, labels=after.labels, position=after.position)
        return outcome_of(before.get(after.code), after)

    return await _each(conn, rows, save, Part(problems=problems))


def _position(row: Row) -> int:
    try:
        return int(row["sort_order"] or 0)
    except ValueError:
        raise InvalidInput("sort_order", f"{row['sort_order'][:40]!r} is no whole number") from None


async def attributes(
    conn: WriteConn, sheet: Sheet, options_sheet: Sheet, names: set[str]
) -> tuple[Part, dict[str, Definition]]:
    """Every attribute with its options; those in ``names`` are searchable, for they say what a product is called."""
    columns, problems = definitions.tags(sheet)
    part = Part(problems=problems)
    options = _options(options_sheet, _readable(sheet), part)
    before = await attribute_queries.all_attributes(conn)
    options_before = await attribute_queries.options_by_attribute(conn, list(before))
    found: dict[str, Definition] = {}

    async def save(row: Row) -> str:
        one = definitions.definition(row)
        outcome = UNCHANGED
        if one.type not in (SKU, GTIN, PRICE):
            mine = [option for _, option in options.get(one.code, ())]
            after = await attribute_operations.define(conn, **_arguments(row, one, columns, names), options=mine)
            outcome = outcome_of(before.get(one.code), after)
        found[one.code] = one
        return outcome

    await _each(conn, sheet.rows(), save, part)
    for code, rows in options.items():
        for row, option in rows:
            if code in found:
                part.outcomes.append((row.file, outcome_of(options_before.get(code, {}).get(option.code), option)))
            else:
                part.outcomes.append((row.file, REFUSED))
                part.problems.append(row.problem("attribute", f"{code} was refused"))
    return part, found


def _readable(sheet: Sheet) -> dict[str, Definition]:
    found: dict[str, Definition] = {}
    for row in sheet.rows():
        with contextlib.suppress(InvalidInput):
            found[row["code"]] = definitions.definition(row)
    return found


def _arguments(row: Row, one: Definition, columns: Mapping[str, str], names: set[str]) -> dict[str, Any]:
    return {
        "code": one.code,
        "type": one.type,
        "labels": definitions.labels(row, columns),
        "group": row["group"] or None,
        "localizable": one.localizable,
        "scopable": one.scopable,
        "unique": definitions.flag(row["unique"]),
        "filterable": definitions.flag(row["useable_as_grid_filter"]) and one.type not in definitions.NOT_FILTERED,
        "searchable": one.code in names,
        "unit_family": definitions.METRICS.get(row["metric_family"]) if one.type == "MEASUREMENT" else None,
        "default_unit": one.default_unit,
        "validation": one.rules,
        "position": _position(row),
    }


def _options(sheet: Sheet, attributes: Mapping[str, Definition], part: Part) -> dict[str, list[tuple[Row, Option]]]:
    """The options of each attribute that may have some; what is wrong with the others goes to ``part``."""
    columns, problems = definitions.tags(sheet)
    part.problems += problems
    found: dict[str, dict[str, tuple[Row, Option]]] = defaultdict(dict)
    for row in sheet.rows():
        try:
            option = _option(row, columns, attributes, found[row["attribute"]])
            found[row["attribute"]][option.code] = row, option
        except InvalidInput as refused:
            part.problems.append(row.problem(refused.path or None, refused.problem))
            part.outcomes.append((row.file, REFUSED))
    return {code: list(rows.values()) for code, rows in found.items() if rows}


def _option(
    row: Row, columns: Mapping[str, str], attributes: Mapping[str, Definition], siblings: Mapping[str, object]
) -> Option:
    """Raises InvalidInput."""
    if row.misfit:
        raise InvalidInput("", row.misfit)
    if row["attribute"] not in attributes or attributes[row["attribute"]].type not in ("SELECT", "MULTI_SELECT"):
        raise InvalidInput("attribute", f"{row['attribute'][:60]!r} is no attribute with options")
    code = codes.check(row["code"], path="code")
    if code in siblings:
        raise InvalidInput("code", f"{code} is given twice")
    return Option(code, definitions.labels(row, columns), _position(row) or len(siblings))


async def families(
    conn: WriteConn, sheet: Sheet, variants: Sheet, attributes: Mapping[str, Definition], channels: Iterable[str]
) -> tuple[Part, dict[str, Kind]]:
    """Every family with its family variants laid over each other."""
    columns, problems = definitions.tags(sheet)
    before = {one.code: one for one in await family_queries.all_families(conn)}
    by_family: defaultdict[str, list[Row]] = defaultdict(list)
    for one in variants.rows():
        by_family[one["family"]].append(one)
    found: dict[str, Kind] = {}
    outcomes: dict[str, str] = {}
    part = Part(problems=problems)

    async def save(row: Row) -> str:
        kind = definitions.kind(row, by_family[row["code"]], attributes, channels)
        part.problems += [
            row.problem("attributes", f"there is no attribute {code}", refused=False)
            for code in row.listed("attributes")
            if code not in attributes
        ]
        after = await family_operations.define(
            conn,
            code=kind.code,
            labels=definitions.labels(row, columns),
            attributes=kind.attributes,
            axes=kind.axes,
            label_attribute=kind.label,
        )
        found[kind.code] = kind
        outcomes[kind.code] = outcome_of(before.get(kind.code), after)
        return outcomes[kind.code]

    await _each(conn, sheet.rows(), save, part)
    for one in (one for rows in by_family.values() for one in rows):
        part.outcomes.append((one.file, outcomes.get(one["family"], REFUSED)))
        if one["family"] not in found:
            part.problems.append(one.problem("family", f"there is no family {one['family'][:60]}"))
    return part, found
