"""Which products a change of the model touches, page after page, with what they hold of it."""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from sqlalchemy import text

from kernel.db import ReadConn

from .model import Held

PAGE = 1_000
NOTHING = uuid.UUID(int=0)


async def held(
    conn: ReadConn,
    codes: Sequence[str],
    *,
    family: uuid.UUID | None = None,
    after: uuid.UUID = NOTHING,
    most: int = PAGE,
) -> list[Held]:
    """A page of the products that hold some of these attributes, themselves or on their variants, by id."""
    given = {"codes": list(codes), "family": family, "after": after, "most": most}
    return [
        Held(row.id, row.code, row.content or {}, {one["sku"]: one["content"] or {} for one in row.variants or ()})
        for row in await conn.execute(_HELD, given)
    ]


async def every_held(
    conn: ReadConn, codes: Sequence[str], *, family: uuid.UUID | None = None
) -> AsyncIterator[list[Held]]:
    """All of them, page after page."""
    after = NOTHING
    while page := await held(conn, codes, family=family, after=after):
        yield page
        after = page[-1].id


async def alike(conn: ReadConn, family: uuid.UUID, axes: Sequence[str]) -> tuple[int, list[str]]:
    """How many products of a family have variants that these axes do not tell apart, and the codes of some."""
    row = (await conn.execute(_ALIKE, {"family": family, "axes": list(axes)})).one()
    return row.products, list(row.codes or ())


async def touched(
    conn: ReadConn, where: Mapping[str, Any], *, after: uuid.UUID = NOTHING, most: int
) -> list[uuid.UUID]:
    """A page of the products that a change ``where`` (an attribute, family or category) touches, by id."""
    [(kind, key)] = where.items()
    return list((await conn.execute(_TOUCHED[kind], {"key": key, "after": after, "most": most})).scalars())


_SLICE = "(SELECT jsonb_object_agg(key, value) FROM jsonb_each({}.content) WHERE key = ANY(:codes))"
_HELD = text(f"""
    SELECT p.id, p.code, {_SLICE.format("p")} AS content, (
            SELECT jsonb_agg(
                jsonb_build_object('sku', v.sku, 'content', {_SLICE.format("v")}) ORDER BY v.position, v.sku
            ) FROM variant v WHERE v.product_id = p.id
        ) AS variants
    FROM product p
    WHERE p.id > :after AND (CAST(:family AS uuid) IS NULL OR p.family_id = :family) AND (
        p.content ?| CAST(:codes AS text[])
        OR EXISTS (SELECT FROM variant v WHERE v.product_id = p.id AND v.content ?| CAST(:codes AS text[]))
    )
    ORDER BY p.id LIMIT :most
""")
_AXES = """
    SELECT v.id, v.product_id, coalesce(jsonb_object_agg(a.code, to_jsonb(
            CASE jsonb_typeof(x.said) WHEN 'object' THEN (x.said ->> 'amount') || ' ' || (x.said ->> 'unit')
                ELSE x.said #>> '{}' END
        )) FILTER (WHERE x.said IS NOT NULL), '{}') AS axes
    FROM product p JOIN variant v ON v.product_id = p.id
    LEFT JOIN unnest(CAST(:axes AS text[])) AS a (code) ON true
    LEFT JOIN LATERAL (
        SELECT coalesce(v.content -> a.code -> '*' -> '*', p.content -> a.code -> '*' -> '*') AS said
    ) x ON true
    WHERE p.family_id = :family
    GROUP BY v.id
"""
_ALIKE = text(f"""
    WITH axes AS ({_AXES}), same AS (
        SELECT product_id FROM axes GROUP BY product_id, axes HAVING count(*) > 1
    )
    SELECT count(DISTINCT product_id) AS products, (
            SELECT array_agg(code) FROM (
                SELECT p.code FROM product p WHERE p.id IN (SELECT product_id FROM same) ORDER BY p.code LIMIT 5
            ) few
        ) AS codes
    FROM same
""")
REAXED = text(f"""
    UPDATE variant v SET axes = n.axes FROM ({_AXES}) n WHERE v.id = n.id AND v.axes <> n.axes
""")
_TOUCHED = {
    "attribute": text("""
        SELECT p.id FROM product p
        WHERE p.id > :after AND (p.content ? CAST(:key AS text)
            OR EXISTS (SELECT FROM variant v WHERE v.product_id = p.id AND v.content ? CAST(:key AS text)))
        ORDER BY p.id LIMIT :most
    """),
    "family": text("""
        SELECT p.id FROM product p JOIN family f ON f.id = p.family_id
        WHERE p.id > :after AND f.code = :key ORDER BY p.id LIMIT :most
    """),
    "category": text("""
        SELECT p.id FROM product p
        WHERE p.id > :after AND EXISTS (
            SELECT FROM product_category pc JOIN category c ON c.id = pc.category_id
            JOIN category root ON root.code = :key AND c.path <@ root.path
            WHERE pc.product_id = p.id
        )
        ORDER BY p.id LIMIT :most
    """),
}
