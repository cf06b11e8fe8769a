import uuid
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, any_, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from kernel.db import ReadConn, fetch, mentions, texts, uuids
from kernel.paging import Order, Page, Window, page, pages
from pim.attributes.tables import attribute

from .model import Entity, Record
from .tables import reference_attribute, reference_entity, reference_record

_e, _a, _r = reference_entity.c, reference_attribute.c, reference_record.c
Wanted = tuple[uuid.UUID, Window, str | None]
_ATTRIBUTES = (
    select(func.array_agg(aggregate_order_by(attribute.c.code, _a.position)))
    .join(reference_attribute, _a.attribute_id == attribute.c.id)
    .where(_a.entity_id == _e.id)
    .scalar_subquery()
)
_ENTITY_COLUMNS: tuple[Any, ...] = (_e.id, _e.code, _e.labels, _ATTRIBUTES.label("attributes"))
_ENTITIES: Select[Any] = select(*_ENTITY_COLUMNS)
_RECORD_COLUMNS: tuple[Any, ...] = (_r.id, _e.code.label("entity"), _r.code, _r.labels, _r.content, _r.updated_at)
_RECORDS: Select[Any] = select(*_RECORD_COLUMNS).join(reference_entity, _e.id == _r.entity_id)
_BY_CODE = Order("reference_record.code", [_r.code], kinds=[str])


def _entity(*, attributes: list[str] | None, **columns: Any) -> Entity:
    return Entity(attributes=tuple(attributes or ()), **columns)


async def entities_by_code(conn: ReadConn, codes: Collection[str]) -> dict[str, Entity]:
    return {one.code: one for one in await fetch(conn, _ENTITIES.where(_e.code == any_(texts(codes))), _entity)}


async def entities_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Entity]:
    return {one.id: one for one in await fetch(conn, _ENTITIES.where(_e.id == any_(uuids(ids))), _entity)}


async def page_of_entities(conn: ReadConn, window: Window) -> Page[Entity]:
    """By code."""
    return await page(conn, _ENTITIES, Order("reference_entity.code", [_e.code], kinds=[str]), window, _entity)


async def records_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Record]:
    return {one.id: one for one in await fetch(conn, _RECORDS.where(_r.id == any_(uuids(ids))), Record)}


async def records_by_code(conn: ReadConn, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Record]:
    """The records with these pairs of entity and code."""
    if not keys:
        return {}
    wanted = _RECORDS.where(_e.code == any_(texts({entity for entity, _ in keys})))
    wanted = wanted.where(_r.code == any_(texts({code for _, code in keys})))
    found = {(one.entity, one.code): one for one in await fetch(conn, wanted, Record)}
    return {key: found[key] for key in keys if key in found}


async def pages_of_records(conn: ReadConn, keys: Collection[Wanted]) -> dict[Wanted, Page[Record]]:
    """A page of each entity's records, by code; those of which the code or a label has the word, where there is one."""
    alike: dict[tuple[Window, str | None], list[uuid.UUID]] = defaultdict(list)
    for entity_id, window, word in keys:
        alike[window, word].append(entity_id)
    found: dict[Wanted, Page[Record]] = {}
    for (window, word), parents in alike.items():
        wanted = _RECORDS
        if word is not None:
            wanted = wanted.where(mentions(word, _r.code, _r.labels))
        below = await pages(conn, wanted, _r.entity_id, parents, _BY_CODE, window, Record)
        found |= {(parent, window, word): some for parent, some in below.items()}
    return found
