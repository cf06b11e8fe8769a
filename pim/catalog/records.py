"""Deleting records of reference entities, which nothing may refer to any more."""

from collections.abc import Sequence

from sqlalchemy import text

from kernel.db import WriteConn
from kernel.errors import InvalidInput, NotFound
from kernel.outbox import emit
from pim.attributes import locking
from pim.entities import queries
from pim.entities.events import ReferenceRecordChanged
from pim.entities.model import DeletedRecords, RecordInUse

MOST = 500


async def delete(conn: WriteConn, *, entity: str, codes: Sequence[str]) -> DeletedRecords:
    """Delete up to 500 records of an entity, all of them or none. Raises NotFound, RecordInUse and InvalidInput."""
    if len(codes) > MOST:
        raise InvalidInput("codes", f"must be at most {MOST} at once")
    await locking.hold(conn)
    known = await queries.records_by_code(conn, {(entity, code) for code in codes})
    for code in codes:
        if (entity, code) not in known:
            raise NotFound(f"{entity[:100]} record", code[:100])
    for row in await conn.execute(_USES, {"entity": entity, "codes": list(codes)}):
        raise RecordInUse(row.code, row.products, row.variants, row.records)
    mine = {one.id: one for one in known.values()}
    await conn.execute(_DELETE, {"ids": list(mine)})
    await emit(conn, *(ReferenceRecordChanged.of(key, one.code, entity) for key, one in mine.items()))
    return DeletedRecords(len(mine))


_USES = text("""
    WITH pointing AS (SELECT code FROM attribute WHERE reference_entity = :entity),
    holder AS (
        SELECT 'product' AS kind, id, content FROM product
        UNION ALL SELECT 'variant', id, content FROM variant
        UNION ALL SELECT 'record', id, content FROM reference_record
    )
    SELECT v.value AS code, count(DISTINCT h.id) FILTER (WHERE kind = 'product') AS products,
        count(DISTINCT h.id) FILTER (WHERE kind = 'variant') AS variants,
        count(DISTINCT h.id) FILTER (WHERE kind = 'record') AS records
    FROM holder h JOIN pointing a ON h.content ? a.code, jsonb_each(h.content -> a.code) c, jsonb_each_text(c.value) v
    WHERE v.value = ANY(:codes)
    GROUP BY v.value
    ORDER BY v.value
    LIMIT 1
""")
_DELETE = text("DELETE FROM reference_record WHERE id = ANY(:ids)")
