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
    """Bring what is kept of these products in line with their values; returns how many rows had to change.

    Whoever calls holds the products, or older values might be written over newer ones.
    """
    if not product_ids:
        return 0
    return (await conn.execute(_REFRESH, {"products": list(product_ids)})).rowcount


# Documents are taken apart once: to look each value up in them would read them anew for each channel and locale.
_VALUES = """
    CROSS JOIN LATERAL jsonb_each({}.content) AS a (code, by_channel)
    CROSS JOIN LATERAL jsonb_each(a.by_channel) AS b (scope, by_locale)
    CROSS JOIN LATERAL jsonb_each(b.by_locale) AS d (tag, said)
"""
_SERVES = "h.scope IN (n.channel, '*') AND h.tag = ANY(n.tags)"
_WANTED = f"""
    WITH asked AS MATERIALIZED (
        SELECT p.id AS product_id, p.family_id,
            (SELECT count(*) FROM variant v WHERE v.product_id = p.id) AS variants
        FROM product p WHERE p.id = ANY(:products) AND p.family_id IS NOT NULL
    ), shown AS MATERIALIZED (
        SELECT c.id AS channel_id, c.code AS channel, l.locale,
            ARRAY[l.locale, split_part(l.locale, '-', 1), '*'] AS tags
        FROM channel c CROSS JOIN LATERAL unnest(c.locales) AS l (locale)
    ), needed AS MATERIALIZED (
        SELECT fa.family_id, a.code, fa.level, s.*
        FROM family_attribute fa
        JOIN attribute a ON a.id = fa.attribute_id
        JOIN shown s ON s.channel = ANY(fa.required_on)
        WHERE fa.family_id IN (SELECT family_id FROM asked)
    ), on_product AS MATERIALIZED (
        SELECT p.id AS product_id, p.family_id, a.code, b.scope, d.tag
        FROM product p {_VALUES.format("p")}
        WHERE p.id IN (SELECT product_id FROM asked) AND d.said <> '[]'
    ), on_variant AS MATERIALIZED (
        SELECT o.product_id, o.variants, o.family_id, v.id AS variant_id, a.code, b.scope, d.tag
        FROM asked o JOIN variant v USING (product_id) {_VALUES.format("v")}
        WHERE d.said <> '[]'
    ), there AS (
        SELECT DISTINCT h.product_id, n.channel_id, n.locale, n.code
        FROM on_product h JOIN needed n ON (n.family_id, n.code, n.level) = (h.family_id, h.code, 'PRODUCT')
        WHERE {_SERVES}
        UNION ALL
        SELECT h.product_id, n.channel_id, n.locale, n.code
        FROM on_variant h JOIN needed n ON (n.family_id, n.code, n.level) = (h.family_id, h.code, 'VARIANT')
        WHERE {_SERVES}
        GROUP BY h.product_id, n.channel_id, n.locale, n.code, h.variants
        HAVING count(DISTINCT h.variant_id) = h.variants
    ), counted AS (
        SELECT o.product_id, n.channel_id, n.locale,
            CAST(count(t.code) * 100 / count(*) AS smallint) AS percent,
            coalesce(array_agg(n.code ORDER BY n.code) FILTER (WHERE t.code IS NULL), '{{}}') AS missing
        FROM asked o JOIN needed n USING (family_id)
        LEFT JOIN there t USING (product_id, channel_id, locale, code)
        GROUP BY o.product_id, n.channel_id, n.locale
    ), wanted AS MATERIALIZED (
        SELECT o.product_id, s.channel_id, s.locale, coalesce(k.percent, CAST(100 AS smallint)) AS percent,
            coalesce(k.missing, '{{}}') AS missing
        FROM asked o CROSS JOIN shown s LEFT JOIN counted k USING (product_id, channel_id, locale)
    )
"""
_REFRESH = text(f"""
    {_WANTED}, gone AS (
        DELETE FROM completeness c WHERE c.product_id = ANY(:products) AND NOT EXISTS (
            SELECT FROM wanted w WHERE (w.product_id, w.channel_id, w.locale) = (c.product_id, c.channel_id, c.locale)
        )
    )
    INSERT INTO completeness AS c (product_id, channel_id, locale, percent, missing)
    SELECT product_id, channel_id, locale, percent, missing FROM wanted ORDER BY product_id, channel_id, locale
    ON CONFLICT (product_id, channel_id, locale) DO UPDATE SET percent = excluded.percent, missing = excluded.missing
    WHERE (c.percent, c.missing) IS DISTINCT FROM (excluded.percent, excluded.missing)
""")
