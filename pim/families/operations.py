from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from kernel import codes
from kernel.db import WriteConn
from kernel.errors import InvalidInput
from pim.attributes import locking
from pim.attributes import queries as attribute_queries
from pim.channels import queries as channel_queries

from . import queries
from .model import Family, FamilyAttribute
from .tables import family, family_attribute

MOST_AXES = 3
MOST_ATTRIBUTES = 1_000
AXIS_TYPES = {"SELECT", "TEXT", "NUMBER", "BOOLEAN", "MEASUREMENT"}


async def define(
    conn: WriteConn,
    *,
    code: str,
    labels: Mapping[str, str],
    attributes: Sequence[FamilyAttribute],
    axes: Sequence[str] = (),
    label_attribute: str | None = None,
) -> Family:
    """Create the family ``code`` or change it; axes belong to the variant whatever is given. Raises InvalidInput."""
    codes.check(code, path="code")
    await locking.hold(conn)
    await _check_channels(conn, attributes)
    used = list(
        dict.fromkeys([*(a.attribute for a in attributes), *axes, *([label_attribute] if label_attribute else [])])
    )
    known = await attribute_queries.attributes_by_code(conn, used)
    for name in used:
        if name not in known:
            raise InvalidInput("attributes", f"there is no attribute {name[:100]}")
    if len(given := {a.attribute: a for a in attributes}) != len(attributes) or len(used) > MOST_ATTRIBUTES:
        raise InvalidInput("attributes", f"must be up to {MOST_ATTRIBUTES}, each given once")
    if len(set(axes)) != len(axes) or len(axes) > MOST_AXES:
        raise InvalidInput("axes", f"must be up to {MOST_AXES} different attributes")
    for axis in axes:
        if known[axis].type not in AXIS_TYPES or known[axis].localizable or known[axis].scopable:
            raise InvalidInput("axes", f"{axis} must be of type {', '.join(sorted(AXIS_TYPES))}, the same everywhere")
    row: dict[str, Any] = {"code": code, "labels": dict(labels)}
    row["label_attribute_id"] = known[label_attribute].id if label_attribute else None
    changed = {name: value for name, value in row.items() if name != "code"}
    new = insert(family).values(row).on_conflict_do_update(index_elements=["code"], set_=changed)
    family_id = (await conn.execute(new.returning(family.c.id))).scalar_one()
    await conn.execute(delete(family_attribute).where(family_attribute.c.family_id == family_id))
    rows = [
        {
            "family_id": family_id,
            "attribute_id": known[name].id,
            "level": "VARIANT" if name in axes else given[name].level if name in given else "PRODUCT",
            "required_on": list(given[name].required_on) if name in given else [],
            "axis": axes.index(name) if name in axes else None,
            "position": place,
        }
        for place, name in enumerate(used)
    ]
    if rows:
        await conn.execute(insert(family_attribute), rows)
    return (await queries.families_by_code(conn, [code]))[code]


async def _check_channels(conn: WriteConn, attributes: Sequence[FamilyAttribute]) -> None:
    named = {code: place for place, one in enumerate(attributes) for code in one.required_on}
    known = await channel_queries.channels_by_code(conn, named)
    for code, place in named.items():
        if code not in known:
            raise InvalidInput(f"attributes.{place}.requiredOn", f"there is no channel {code[:100]}")
