"""Definitions anew: what that would break is told first, and what can be kept is brought into the new form."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import text

from kernel.db import WriteConn
from kernel.outbox import emit
from pim.attributes import locking
from pim.attributes import operations as attribute_operations
from pim.attributes import queries as attribute_queries
from pim.attributes.model import Attribute, Option
from pim.categories import locking as category_locking
from pim.categories import operations as category_operations
from pim.categories import queries as category_queries
from pim.categories.model import Category
from pim.entities import operations as entity_operations
from pim.entities.model import RecordInput, SavedRecord, SavedRecords
from pim.families import operations as family_operations
from pim.families import queries as family_queries
from pim.families.model import Family, FamilyAttribute

from . import fitting, queries, refreshing
from .converting import narrows
from .events import AttributeChanged, FamilyChanged
from .model import Example, Tally, WouldBreak

_FOUND_BY = attrgetter("filterable", "searchable", "type", "reference_entity")


async def define_attribute(conn: WriteConn, *, code: str, actor: str, force: bool = False, **given: Any) -> Attribute:
    """Create an attribute or define it anew, as ``attributes.operations.define`` does, its type included.

    Values that do not fit any more are brought into the new form where that loses nothing. Where it does, this is
    refused, or with ``force`` the values are taken away. Raises WouldBreak and InvalidInput.
    """
    await locking.hold(conn)
    before = (await attribute_queries.attributes_by_code(conn, [code])).get(code)
    named = await _labels(conn, before)
    async with conn.begin_nested():  # a refusal leaves everything as it was, whatever the caller does next
        after = await attribute_operations.define(conn, code=code, retype=True, **given)
        narrower = before is not None and narrows(before, after)
        tally = await fitting.survey(conn, fitting.attribute(after)) if narrower else Tally()
        if tally.breaks and not force:
            raise tally.refusal()
    await emit(conn, AttributeChanged.of(after.id, code))
    if before is None:
        return after
    if narrower:
        await _keep_unique(conn, before, after)
        await fitting.fit(conn, fitting.attribute(after), tally.changing, actor=actor)
    if _found_otherwise(before, after) or named != await _labels(conn, after):
        await refreshing.refresh(conn, {"attribute": code}, actor=actor)
    return after


async def _labels(conn: WriteConn, one: Attribute | None) -> Mapping[str, Mapping[str, str]]:
    """What the options of a searchable attribute are called, by which products are found."""
    if one is None or not one.searchable:
        return {}
    options: Mapping[str, Option] = (await attribute_queries.options_by_attribute(conn, [one.code])).get(one.code, {})
    return {code: option.labels for code, option in options.items()}


def _found_otherwise(before: Attribute, after: Attribute) -> bool:
    """Whether products may be found by other terms or words though their values stay as they are."""
    return _FOUND_BY(before) != _FOUND_BY(after)


async def _keep_unique(conn: WriteConn, before: Attribute, after: Attribute) -> None:
    """Claim the values of an attribute that is unique from now on, for the first product that has each."""
    if before.is_unique and not after.is_unique:
        await conn.execute(_UNCLAIM, {"attribute": after.id})
    if after.is_unique and not before.is_unique:
        await conn.execute(_CLAIM, {"attribute": after.id, "code": after.code})


async def save_category(conn: WriteConn, *, code: str, actor: str, **given: Any) -> Category:
    """Create a category or change it, as ``categories.operations.save`` does, with what is shown of what is in it."""
    await category_locking.hold(conn)
    before = (await category_queries.categories_by_code(conn, [code])).get(code)
    after = await category_operations.save(conn, code=code, **given)
    if before is not None and (before.path, before.labels) != (after.path, after.labels):
        await refreshing.refresh(conn, {"category": code}, actor=actor)
    return after


async def save_records(
    conn: WriteConn, *, entity: str, records: Sequence[RecordInput], actor: str, bulk: bool = False
) -> SavedRecords:
    """Save records, as ``entities.operations.save_records`` does, with what is found by their labels."""
    saved = await entity_operations.save_records(conn, entity=entity, records=records, bulk=bulk)
    if any(isinstance(one, SavedRecord) and one.relabeled for one in saved.results):
        for code, one in (await attribute_queries.all_attributes(conn)).items():
            if one.reference_entity == entity and one.searchable:
                await refreshing.refresh(conn, {"attribute": code}, actor=actor)
    return saved


async def define_family(
    conn: WriteConn,
    *,
    code: str,
    labels: Mapping[str, str],
    attributes: Sequence[FamilyAttribute],
    axes: Sequence[str] = (),
    label_attribute: str | None = None,
    actor: str,
    force: bool = False,
) -> Family:
    """Create a family or define it anew, as ``families.operations.define`` does.

    Values change their level where that loses nothing. Where something would be lost this is refused, or with ``force``
    taken away; axes that do not tell the variants of a product apart are refused in any case. Raises WouldBreak and
    InvalidInput.
    """
    await locking.hold(conn)
    before = (await family_queries.families_by_code(conn, [code])).get(code)
    async with conn.begin_nested():
        after = await family_operations.define(
            conn, code=code, labels=labels, attributes=attributes, axes=axes, label_attribute=label_attribute
        )
        await emit(conn, FamilyChanged.of(after.id, code))
        if before is None:
            return after
        if before.axes != after.axes:
            await _check_axes(conn, after)
        wanted = fitting.family(after, _moved(before, after))
        tally = await fitting.survey(conn, wanted) if wanted.codes else Tally()
        if tally.breaks and not force:
            raise tally.refusal()
    await fitting.fit(conn, wanted, tally.changing, actor=actor)
    if before.axes != after.axes:
        await conn.execute(queries.REAXED, {"family": after.id, "axes": list(after.axes)})
    if before != after:
        shown = (before.axes, before.label_attribute) != (after.axes, after.label_attribute)
        await refreshing.refresh(conn, {"family": code}, actor=actor, listings=shown)
    return after


def _moved(before: Family, after: Family) -> list[str]:
    """The attributes that a family no longer has, or has on another level."""
    levels = {one.attribute: one.level for one in after.attributes}
    return [one.attribute for one in before.attributes if levels.get(one.attribute) != one.level]


async def _check_axes(conn: WriteConn, family: Family) -> None:
    products, codes = await queries.alike(conn, family.id, family.axes)
    if products:
        reason = f"has variants that {' and '.join(family.axes) or 'no axis'} would not tell apart"
        raise WouldBreak(products, 0, tuple(Example(code, "axes", reason) for code in codes), forcible=False)


_UNCLAIM = text("DELETE FROM unique_value WHERE attribute_id = :attribute")
_CLAIM = text("""
    INSERT INTO unique_value (attribute_id, value, product_id)
    SELECT DISTINCT ON (x.value) :attribute, x.value, x.id
    FROM (
        SELECT p.id, p.code, v.value
        FROM product p, jsonb_each(p.content -> CAST(:code AS text)) c, jsonb_each_text(c.value) v
        UNION ALL
        SELECT p.id, p.code, v.value
        FROM variant o JOIN product p ON p.id = o.product_id,
            jsonb_each(o.content -> CAST(:code AS text)) c, jsonb_each_text(c.value) v
    ) x
    WHERE length(x.value) <= 255
    ORDER BY x.value, x.code
    ON CONFLICT DO NOTHING
""")
