"""How far products are filled in, kept in the transaction that changes them.

A product must have each attribute that its family requires on a channel, for each locale of that channel. A value
serves a locale if it stands in that very locale, in its language (``de`` serves ``de-AT``), or for all locales; in the
channel's own scope or in that for all channels. The channel's default locale does not serve the others: what falls back
to it is read, but not translated. An attribute of the variants must be there on every variant, and on one at least. The
percentage is rounded down, so that 100 means that nothing is missing.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import text

from kernel.db import WriteConn


async def refresh(conn: WriteConn, product_ids: Sequence[uuid.UUID]) -> int:
    """Bring what is kept of these products in line with their values; returns how many rows had to change."""
    if not product_ids:
        return 0
    await conn.execute(_HOLD, {"products": list(product_ids)})  # or older values might be written over newer ones
    return (await conn.execute(_REFRESH, {"products": list(product_ids)})).rowcount


def _has(content: str) -> str:
    """Whether ``content``, of one attribute, has a value that serves the channel and locale."""
    return f"""EXISTS (
        SELECT FROM unnest(ARRAY[w.channel, '*']) AS scope, unnest(w.tags) AS tag
        WHERE {content} -> scope -> tag <> '[]'
    )"""


WANTED = f"""
    WITH shown AS (
        SELECT c.id AS channel_id, c.code AS channel, l.locale,
            ARRAY[l.locale, split_part(l.locale, '-', 1), '*'] AS tags
        FROM channel c CROSS JOIN LATERAL unnest(c.locales) AS l (locale)
    ), required AS (
        SELECT p.id AS product_id, p.content, s.*, a.code, fa.level
        FROM product p
        JOIN family_attribute fa ON fa.family_id = p.family_id
        JOIN shown s ON s.channel = ANY(fa.required_on)
        JOIN attribute a ON a.id = fa.attribute_id
        WHERE p.id = ANY(:products)
    ), judged AS (
        SELECT w.product_id, w.channel_id, w.locale, w.code, CASE w.level
            WHEN 'PRODUCT' THEN {_has("w.content -> w.code")}
            ELSE coalesce((
                SELECT bool_and({_has("v.content -> w.code")}) FROM variant v WHERE v.product_id = w.product_id
            ), false)
        END AS there
        FROM required w
    ), counted AS (
        SELECT product_id, channel_id, locale,
            CAST(count(*) FILTER (WHERE there) * 100 / count(*) AS smallint) AS percent,
            coalesce(array_agg(code ORDER BY code) FILTER (WHERE NOT there), '{{}}') AS missing
        FROM judged GROUP BY product_id, channel_id, locale
    ), wanted AS (
        SELECT p.id AS product_id, s.channel_id, s.locale, coalesce(k.percent, CAST(100 AS smallint)) AS percent,
            coalesce(k.missing, '{{}}') AS missing
        FROM product p CROSS JOIN shown s
        LEFT JOIN counted k ON (k.product_id, k.channel_id, k.locale) = (p.id, s.channel_id, s.locale)
        WHERE p.id = ANY(:products) AND p.family_id IS NOT NULL
    )
"""
_HOLD = text("SELECT FROM product WHERE id = ANY(:products) ORDER BY code FOR NO KEY UPDATE")
_REFRESH = text(f"""
    {WANTED}, gone AS (
        DELETE FROM completeness c WHERE c.product_id = ANY(:products) AND NOT EXISTS (
            SELECT FROM wanted w WHERE (w.product_id, w.channel_id, w.locale) = (c.product_id, c.channel_id, c.locale)
        )
    )
    INSERT INTO completeness AS c (product_id, channel_id, locale, percent, missing)
    SELECT product_id, channel_id, locale, percent, missing FROM wanted ORDER BY product_id, channel_id, locale
    ON CONFLICT (product_id, channel_id, locale) DO UPDATE SET percent = excluded.percent, missing = excluded.missing
    WHERE (c.percent, c.missing) IS DISTINCT FROM (excluded.percent, excluded.missing)
""")
