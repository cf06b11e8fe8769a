import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import any_, delete, func
from sqlalchemy.dialects.postgresql import insert

from kernel.db import WriteConn, uuids

from .model import Media
from .queries import media_by_id
from .tables import media, product_media


async def add(
    conn: WriteConn, *, digest: str, type: str, bytes: int, width: int, height: int, alt: Mapping[str, str]
) -> Media:
    """Make a stored picture known; the same content again is the same media, its alt texts merged."""
    row = {
        "digest": digest,
        "type": type,
        "kind": "IMAGE",
        "bytes": bytes,
        "width": width,
        "height": height,
        "alt": dict(alt),
    }
    new = insert(media).values(row)
    saved = new.on_conflict_do_update(
        index_elements=["digest"], set_={"alt": func.jsonb_concat(media.c.alt, new.excluded.alt)}
    )
    media_id = (await conn.execute(saved.returning(media.c.id))).scalar_one()
    return (await media_by_id(conn, [media_id]))[media_id]


async def attach(conn: WriteConn, pictures: Mapping[uuid.UUID, Sequence[uuid.UUID]]) -> None:
    """Give each product these media, in this order, in place of those it had."""
    await conn.execute(delete(product_media).where(product_media.c.product_id == any_(uuids(list(pictures)))))
    rows = [
        {"product_id": product_id, "media_id": media_id, "position": place}
        for product_id, found in pictures.items()
        for place, media_id in enumerate(dict.fromkeys(found))
    ]
    if rows:
        await conn.execute(insert(product_media), rows)
