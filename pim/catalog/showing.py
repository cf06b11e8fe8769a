import uuid

from sqlalchemy import text

from kernel.db import WriteConn
from kernel.errors import InvalidInput, NotFound
from pim.media import operations as media_operations
from pim.media import queries as media_queries
from pim.media.model import MediaDeleted, MediaInUse
from pim.products import queries as product_queries
from pim.products.model import ProductInput, Refused

from . import locking, operations


async def show_media(
    conn: WriteConn, media_id: uuid.UUID, *, product: str | None, variant: str | None, actor: str
) -> None:
    """Show a file on a product behind what it shows, or on one variant of it alone. Raises NotFound and InvalidInput.

    The variant says which product where none is named. What is shown already keeps its place.
    """
    await locking.share(conn)
    one = (await product_queries.variants_by_sku(conn, [variant])).get(variant) if variant is not None else None
    if variant is not None and one is None:
        raise NotFound("variant", variant[:100])
    of = await conn.execute(_LOCK, {"code": product, "id": one.product_id if one else None})
    if (row := of.first()) is None:
        raise NotFound("product", (product or "")[:100])
    if one is not None and one.product_id != row.id:
        raise InvalidInput("variant", f"is no variant of {row.code}")
    if not await media_operations.hold(conn, [media_id]):
        raise NotFound("media", str(media_id))
    shown = (await media_queries.ids_by_product(conn, [row.id])).get(row.id, ())
    if media_id not in shown:
        given = ProductInput(row.code, media=(*shown, media_id))
        [saved] = (await operations.save_products(conn, [given], actor=actor)).results
        if isinstance(saved, Refused):
            raise InvalidInput("product", "; ".join(problem.message for problem in saved.problems))
    await media_operations.show_on(conn, media_id, product_id=row.id, variant_id=one.id if one else None)


_LOCK = text("""
    SELECT id, code FROM product WHERE code = CAST(:code AS text) OR CAST(:code AS text) IS NULL AND id = :id
    FOR UPDATE
""")


async def delete_media(conn: WriteConn, media_id: uuid.UUID) -> MediaDeleted:
    """Forget a file that no product shows and no value is. Raises NotFound and MediaInUse.

    Values are looked through one by one, where there are attributes that hold files at all: removing is rare.
    """
    if uses := (await conn.execute(_VALUES, {"value": f'%"{media_id}"%'})).scalar_one():
        raise MediaInUse(uses)
    return await media_operations.delete_unused(conn, media_id)


_VALUES = text("""
    SELECT count(*) FROM (
        SELECT id FROM product WHERE content::text LIKE :value
        UNION SELECT product_id FROM variant WHERE content::text LIKE :value
        UNION ALL SELECT id FROM reference_record WHERE content::text LIKE :value
    ) AS holding
    WHERE EXISTS (SELECT FROM attribute WHERE type = 'MEDIA')
""")
