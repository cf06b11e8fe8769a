import uuid
from collections.abc import Collection

from sqlalchemy import any_, select

from kernel.db import ReadConn, fetch, uuids

from .model import Media
from .tables import media, product_media

_m, _pm = media.c, product_media.c
_SELECT = select(_m.id, _m.digest, _m.type, _m.kind, _m.width, _m.height, _m.alt.label("texts"))


async def media_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Media]:
    return {one.id: one for one in await fetch(conn, _SELECT.where(_m.id == any_(uuids(ids))), Media)}


async def ids_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[uuid.UUID, ...]]:
    """The files of each product, in their order."""
    wanted = select(_pm.product_id, _pm.media_id).where(_pm.product_id == any_(uuids(ids)))
    found: dict[uuid.UUID, tuple[uuid.UUID, ...]] = {}
    for product_id, media_id in await conn.execute(wanted.order_by(_pm.product_id, _pm.position, _pm.media_id)):
        found[product_id] = (*found.get(product_id, ()), media_id)
    return found


async def media_by_product(
    conn: ReadConn, keys: Collection[tuple[str, uuid.UUID]]
) -> dict[tuple[str, uuid.UUID], list[Media]]:
    """The pictures and files of each (locale, product), in their order."""
    wanted = (
        _SELECT.add_columns(_pm.product_id)
        .join(product_media, _pm.media_id == _m.id)
        .where(_pm.product_id == any_(uuids({product_id for _, product_id in keys})))
        .order_by(_pm.product_id, _pm.position, _m.id)
    )
    rows = (await conn.execute(wanted)).all()
    found: dict[tuple[str, uuid.UUID], list[Media]] = {key: [] for key in keys}
    for locale in {locale for locale, _ in keys}:
        for row in rows:
            if (locale, row.product_id) in found:
                one = Media(row.id, row.digest, row.type, row.kind, row.width, row.height, row.texts, locale)
                found[locale, row.product_id].append(one)
    return found
