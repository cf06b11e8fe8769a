from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from kernel import codes
from kernel.db import WriteConn
from kernel.errors import InvalidInput

from . import locking, queries, rules
from .model import Attribute, Group, Option
from .tables import attribute, attribute_group, attribute_option


async def save_group(conn: WriteConn, *, code: str, labels: Mapping[str, str], position: int | None = None) -> Group:
    """Create the group ``code`` or change it; without a position it stays where it is or comes last."""
    last = select(func.coalesce(func.max(attribute_group.c.position) + 1, 0)).scalar_subquery()
    row = {"code": codes.check(code, path="code"), "labels": dict(labels)}
    new = insert(attribute_group).values(row | {"position": last if position is None else position})
    changed = {"labels": row["labels"]} | ({} if position is None else {"position": position})
    await conn.execute(new.on_conflict_do_update(index_elements=["code"], set_=changed))
    return (await queries.groups_by_code(conn, [code]))[code]


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
    reference_entity: str | None = None,
    validation: Mapping[str, Any] | None = None,
    position: int | None = None,
    retype: bool = False,
) -> Attribute:
    """Create the attribute ``code`` or define it anew; its type stays unless ``retype``. Raises InvalidInput.

    Without a position it stays where it is or comes last. Options that are not named stay.
    """
    codes.check(code, path="code")
    kept = rules.document(validation)
    rules.check(
        type,
        unique=unique,
        options=options,
        unit_family=unit_family,
        default_unit=default_unit,
        reference_entity=reference_entity,
        validation=kept,
    )
    await locking.hold(conn)
    known = (await queries.attributes_by_code(conn, [code])).get(code)
    if known and known.type != type and not retype:
        raise InvalidInput("type", f"{code} is of type {known.type}; its values would be lost")
    if reference_entity is not None and not await queries.is_entity(conn, reference_entity):
        raise InvalidInput("referenceEntity", f"there is no reference entity {reference_entity[:100]}")
    if group is not None and not await queries.groups_by_code(conn, [group]):
        await save_group(conn, code=group, labels={})
    last = select(func.coalesce(func.max(attribute.c.position) + 1, 0)).scalar_subquery()
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
        "reference_entity": reference_entity,
        "validation": kept,
    }
    changed: dict[str, Any] = {name: value for name, value in row.items() if name != "code"}
    new = insert(attribute).values(row | {"position": last if position is None else position})
    changed |= {} if position is None else {"position": position}
    await conn.execute(new.on_conflict_do_update(index_elements=["code"], set_=changed))
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
