import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from kernel import codes
from kernel.db import WriteConn
from kernel.errors import InvalidInput

from . import queries, units, values
from .model import TYPES, Attribute, Option
from .tables import attribute, attribute_group, attribute_option

WHOLE = {"minLength", "maxLength", "decimals", "maxBytes"}
RULES = WHOLE | {"pattern", "min", "max", "extensions"}
UNIQUE = {"TEXT", "NUMBER", "DATE", "REFERENCE"}


async def save_group(conn: WriteConn, *, code: str, labels: Mapping[str, str], position: int = 0) -> None:
    row = {"code": codes.check(code, path="code"), "labels": dict(labels), "position": position}
    changed = {"labels": row["labels"], "position": position}
    await conn.execute(insert(attribute_group).values(row).on_conflict_do_update(index_elements=["code"], set_=changed))


async def define(
    conn: WriteConn,
    *,
    code: str,
    type: str,
    labels: Mapping[str, str],
    group: str | None = None,
    localizable: bool = False,
    scopable: bool = False,
    unique: bool = False,
    filterable: bool = False,
    searchable: bool = False,
    options: Sequence[Option] | None = None,
    unit_family: str | None = None,
    default_unit: str | None = None,
    validation: Mapping[str, Any] | None = None,
    position: int = 0,
) -> Attribute:
    """Create the attribute ``code`` or change it; its type stays what it was. Raises InvalidInput."""
    codes.check(code, path="code")
    _check(type, options, unit_family, default_unit)
    _check_rules(validation or {})
    if unique and type not in UNIQUE:
        raise InvalidInput("unique", f"an attribute of type {type} cannot be; there are {', '.join(sorted(UNIQUE))}")
    known = (await queries.attributes_by_code(conn, [code])).get(code)
    if known and known.type != type:
        raise InvalidInput("type", f"{code} is of type {known.type}; its values would be lost")
    if group is not None and not await queries.groups_by_code(conn, [group]):
        await save_group(conn, code=group, labels={})
    row = {
        "code": code,
        "type": type,
        "labels": dict(labels),
        "group_code": group,
        "localizable": localizable,
        "scopable": scopable,
        "is_unique": unique,
        "filterable": filterable,
        "searchable": searchable,
        "unit_family": unit_family,
        "default_unit": default_unit,
        "validation": dict(validation or {}),
        "position": position,
    }
    changed = {name: value for name, value in row.items() if name != "code"}
    await conn.execute(insert(attribute).values(row).on_conflict_do_update(index_elements=["code"], set_=changed))
    defined = (await queries.attributes_by_code(conn, [code]))[code]
    if options is not None:
        await _save_options(conn, defined, options)
    return defined


async def _save_options(conn: WriteConn, defined: Attribute, options: Sequence[Option]) -> None:
    """Add or relabel ``options``; those not named stay, for products may have them."""
    rows = [
        {"attribute_id": defined.id, "code": option.code, "labels": option.labels, "position": option.position or place}
        for place, option in enumerate(options)
    ]
    if rows:
        new = insert(attribute_option)
        changed = {"labels": new.excluded.labels, "position": new.excluded.position}
        await conn.execute(new.on_conflict_do_update(index_elements=["attribute_id", "code"], set_=changed), rows)


def _check(
    type: str,
    options: Sequence[Option] | None,
    unit_family: str | None,
    default_unit: str | None,
) -> None:
    if type not in TYPES:
        raise InvalidInput("type", f"must be one of {', '.join(TYPES)}")
    if options and type not in ("SELECT", "MULTI_SELECT"):
        raise InvalidInput("options", f"an attribute of type {type} has none")
    for option in options or ():
        codes.check(option.code, path="options.code")
    if type == "MEASUREMENT":
        units.check(unit_family, default_unit)


def _check_rules(validation: Mapping[str, Any]) -> None:
    for rule, value in validation.items():
        if rule not in RULES:
            raise InvalidInput(f"validation.{rule}", f"is no rule; there are {', '.join(sorted(RULES))}")
        if value is not None and rule in WHOLE and (type(value) is not int or value < 0):
            raise InvalidInput(f"validation.{rule}", "must be a whole number")
        if value is not None and rule in ("min", "max"):
            try:
                values.decimal(value)
            except values.Unfit as unfit:
                raise InvalidInput(f"validation.{rule}", str(unfit)) from None
    try:
        re.compile(str(validation.get("pattern") or ""))
    except re.error as error:
        raise InvalidInput("validation.pattern", f"is no regular expression: {error}") from None
