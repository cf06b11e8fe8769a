import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import any_, exists, func, select

from kernel.db import ReadConn, fetch, fetch_one, texts, uuids
from kernel.paging import Order, Page, Window, page

from .model import Expected, Media, MediaFilter
from .tables import media, product_media, upload_target

_m, _pm, _t = media.c, product_media.c, upload_target.c
_COLUMNS = (
    _m.id,
    _m.digest,
    _m.type,
    _m.kind,
    _m.name,
    _m.bytes,
    _m.width,
    _m.height,
    _m.alt.label("texts"),
    _m.created_at,
)
_SELECT = select(*_COLUMNS)
_NARROWED: Any = _SELECT  # what Select's many type parameters are no help for
_NEWEST = Order("media", [_m.id], descending=True, kinds=[uuid.UUID])
_USED = exists().where(_pm.media_id == _m.id)

InLocale = tuple[str, uuid.UUID]


async def media_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Media]:
    return {one.id: one for one in await fetch(conn, _SELECT.where(_m.id == any_(uuids(ids))), Media)}


async def media_by_digest(conn: ReadConn, digests: Collection[str]) -> dict[str, Media]:
    return {one.digest: one for one in await fetch(conn, _SELECT.where(_m.digest == any_(texts(digests))), Media)}


async def ids_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[uuid.UUID, ...]]:
    """The files of each product, in their order."""
    wanted = select(_pm.product_id, _pm.media_id).where(_pm.product_id == any_(uuids(ids)))
    found: dict[uuid.UUID, tuple[uuid.UUID, ...]] = {}
    for product_id, media_id in await conn.execute(wanted.order_by(_pm.product_id, _pm.position, _pm.media_id)):
        found[product_id] = (*found.get(product_id, ()), media_id)
    return found


async def media_by_product(conn: ReadConn, keys: Collection[InLocale]) -> dict[InLocale, list[Media]]:
    """The pictures and files of each (locale, product), those of its variants included, in their order."""
    found = await _media_of(conn, {(locale, product_id, None) for locale, product_id in keys})
    return {key: found[(*key, None)] for key in keys}


async def media_by_variant(
    conn: ReadConn, keys: Collection[tuple[str, uuid.UUID, uuid.UUID | None]]
) -> dict[tuple[str, uuid.UUID, uuid.UUID | None], list[Media]]:
    """What each (locale, product, variant) shows: the variant's own pictures and files, else all of its product's."""
    return await _media_of(conn, keys)


async def _media_of(
    conn: ReadConn, keys: Collection[tuple[str, uuid.UUID, uuid.UUID | None]]
) -> dict[tuple[str, uuid.UUID, uuid.UUID | None], list[Media]]:
    wanted = (
        _SELECT.add_columns(_pm.product_id, _pm.variant_id)
        .join(product_media, _pm.media_id == _m.id)
        .where(_pm.product_id == any_(uuids({product_id for _, product_id, _ in keys})))
        .order_by(_pm.product_id, _pm.position, _m.id)
    )
    shown: dict[uuid.UUID, list[tuple[uuid.UUID | None, Media]]] = {}
    for *row, product_id, variant_id in await conn.execute(wanted):
        shown.setdefault(product_id, []).append((variant_id, Media(*row)))
    found = {}
    for locale, product_id, variant_id in keys:
        every = shown.get(product_id, [])
        own = [one for of, one in every if of == variant_id] if variant_id else []
        found[locale, product_id, variant_id] = [
            replace(one, locale=locale) for one in own or [one for _, one in every]
        ]
    return found


async def page_of_media(conn: ReadConn, wanted: MediaFilter, window: Window) -> Page[Media]:
    """Newest first."""
    statement = _NARROWED
    if wanted.search:
        statement = statement.where(_m.search.contains(wanted.search.lower(), autoescape=True))
    if wanted.kind:
        statement = statement.where(_m.kind == wanted.kind)
    if wanted.unused is not None:
        statement = statement.where(~_USED if wanted.unused else _USED)
    if wanted.product is not None:
        product = media.metadata.tables["product"]
        of = select(_pm.media_id).join(product, product.c.id == _pm.product_id).where(product.c.code == wanted.product)
        statement = statement.where(_m.id.in_(of))
    return await page(conn, statement, _NEWEST, window, Media)


async def uses_by_media(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many products show each file."""
    wanted = (
        select(_pm.media_id, func.count().label("uses")).where(_pm.media_id == any_(uuids(ids))).group_by(_pm.media_id)
    )
    return dict.fromkeys(ids, 0) | {row.media_id: row.uses for row in await conn.execute(wanted)}


async def expected(conn: ReadConn, id: uuid.UUID) -> Expected | None:
    """What was said of the file that is to be sent to an upload target; open until it expires or was taken in."""
    is_open = (_t.expires_at > func.now()) & _t.taken_at.is_(None)
    wanted = select(_t.id, _t.ticket, _t.principal_id, _t.name, _t.bytes, _t.type, is_open.label("is_open"))
    return await fetch_one(conn, wanted.where(_t.id == id), Expected)


async def known_digests(conn: ReadConn, digests: Collection[str]) -> set[str]:
    """Those of ``digests`` of which there is media."""
    found = await conn.execute(select(_m.digest).where(_m.digest == any_(texts(digests))))
    return set(found.scalars())
