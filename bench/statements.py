"""The physical limit of the reads: each document as one hand-written statement that makes its JSON in PostgreSQL.

The statements know the demo shop (two decimals, every text there in the shop's locale) and nothing else; their
parameters are the variables of the document.
"""

from pim.attributes import units

UNITS = ("gram", "kilogram", "millimeter", "centimeter", "meter", "milliliter", "liter", "lumen", "hour", "watt")
CHANNEL = "(SELECT id FROM channel WHERE code = $1)"
VISIBLE = """l.status = 'PUBLISHED' AND coalesce(l.publish_from <= now(), true)
    AND coalesce(l.publish_until > now(), true)"""


def _id(kind: str, key: str) -> str:
    return f"translate(encode(convert_to('{kind}:' || {key}, 'UTF8'), 'base64'), E'+/=\\n', '-_')"


def _money(minor: str) -> str:
    return f"json_build_object('amount', to_char({minor} / 100.0, 'FM9999999990.00'), 'currency', p.currency)"


_CURSOR = """translate(encode(convert_to('["POSITION.False",' || page.position || ',"' || page.id || '"]', 'UTF8'),
    'base64'), E'+/=\\n', '-_')"""
_PRICE = f"""
    LEFT JOIN LATERAL (
        SELECT p.amount, p.valid, pl.currency, pl.tax_included, was.amount AS was, was.lowest
        FROM price_list_channel plc
        JOIN price_list pl ON pl.id = plc.price_list_id
        JOIN price p ON p.price_list_id = pl.id AND p.variant_id = v.id AND p.min_quantity = 1 AND p.valid @> now()
        LEFT JOIN LATERAL (
            SELECT (array_agg(h.amount ORDER BY lower(h.valid) DESC))[1] AS amount, min(h.amount) AS lowest,
                max(upper(h.valid)) AS until
            FROM price h
            WHERE upper(p.valid) IS NOT NULL AND h.variant_id = v.id AND h.price_list_id = pl.id
                AND h.min_quantity = 1 AND h.valid && tstzrange(lower(p.valid) - interval '30 days', lower(p.valid))
        ) was ON was.until = lower(p.valid) AND p.amount < was.amount
        WHERE plc.channel_id = {CHANNEL}
        ORDER BY pl.priority DESC, lower(p.valid) DESC, pl.code LIMIT 1
    ) p ON true
"""
_PRICE_JSON = f"""CASE WHEN p.amount IS NOT NULL THEN json_build_object(
    'current', {_money("p.amount")}, 'list', {_money("coalesce(p.was, p.amount)")},
    'lowest30Days', CASE WHEN p.was IS NOT NULL THEN {_money("p.lowest")} END, 'taxIncluded', p.tax_included,
    'validUntil', to_char(upper(p.valid) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    'discounts', json_build_array()) END"""
_SYNCED_PRICE_JSON = f"""CASE WHEN p.amount IS NOT NULL THEN json_build_object(
    'current', {_money("p.amount")}, 'list', {_money("coalesce(p.was, p.amount)")},
    'lowest30Days', CASE WHEN p.was IS NOT NULL THEN {_money("p.lowest")} END) END"""
_STOCK = f"""
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(greatest(0, s.available - cl.buffer)), 0)::int AS quantity
        FROM stock_level s
        JOIN channel_location cl ON cl.location_id = s.location_id AND cl.channel_id = {CHANNEL}
        WHERE s.variant_id = v.id
    ) a
"""
_STATUS = """CASE WHEN a.quantity <= 0 THEN 'OUT_OF_STOCK' WHEN a.quantity <= 5 THEN 'LOW_STOCK' ELSE 'IN_STOCK' END"""
_AVAILABILITY_JSON = f"json_build_object('status', {_STATUS}, 'quantity', a.quantity)"
_AXES = """
    LEFT JOIN LATERAL (
        SELECT string_agg(', ' || coalesce(o.labels ->> $2, v.axes ->> at.code), '' ORDER BY fa.axis) AS labels,
            json_agg(json_build_object('code', at.code, 'value', v.axes ->> at.code,
                'label', coalesce(o.labels ->> $2, v.axes ->> at.code)) ORDER BY fa.axis) AS axes
        FROM product pr
        JOIN family_attribute fa ON fa.family_id = pr.family_id AND fa.axis IS NOT NULL
        JOIN attribute at ON at.id = fa.attribute_id AND v.axes ? at.code
        LEFT JOIN attribute_option o ON o.attribute_id = at.id AND o.code = v.axes ->> at.code
        WHERE pr.id = v.product_id
    ) x ON true
"""
_TILE_OFFERS = f"""
    SELECT coalesce(json_agg(json_build_object('sku', v.sku, 'name', page.name || coalesce(x.labels, ''),
        'price', {_PRICE_JSON}, 'availability', {_AVAILABILITY_JSON}) ORDER BY v.position, v.sku), '[]') AS offers
    FROM variant v {_PRICE} {_STOCK} {_AXES}
    WHERE v.product_id = page.product_id
"""
_CATEGORY_TERM = f"""(SELECT id FROM listing_term WHERE channel_id = {CHANNEL} AND attribute = '*category'
    AND value = (SELECT id::text FROM category WHERE slug = $6))"""
_IN_CATEGORY = f"""listing_by_term lt
    JOIN listing l ON l.id = lt.listing_id AND {VISIBLE}
    JOIN listing_text t ON t.listing_id = l.id AND t.locale = $2
    WHERE lt.term_id = {_CATEGORY_TERM} AND (lt.position, lt.listing_id) > ($4, $5)
    ORDER BY lt.position, lt.listing_id"""
_EVERYWHERE = f"""listing l JOIN listing_text t ON t.listing_id = l.id AND t.locale = $2
    WHERE l.channel_id = {CHANNEL} AND {VISIBLE} AND (l.position, l.id) > ($4, $5) AND $6::text IS NULL
    ORDER BY l.position, l.id"""
_KEPT = f"""
    SELECT attribute, value, count FROM listing_term WHERE channel_id = {CHANNEL} AND count > 0
"""
_COUNTED = f"""
    SELECT n.attribute, n.value, c.count FROM (
        SELECT term, count(*) FROM listing_by_term lt
        JOIN listing l ON l.id = lt.listing_id AND {VISIBLE}
        CROSS JOIN unnest(l.facets) AS term
        WHERE lt.term_id = {_CATEGORY_TERM}
        GROUP BY 1
    ) c JOIN listing_term n ON n.id = c.term
"""
_LISTED = "at.type IN ('SELECT', 'MULTI_SELECT', 'BOOLEAN')"


def _facets(counted: str) -> str:
    return f"""
        SELECT coalesce(json_agg(facet ORDER BY position, code), '[]') FROM (
            SELECT at.position, at.code, json_build_object('code', at.code, 'label', at.labels ->> $2,
                'values', coalesce(json_agg(json_build_object('value', c.value, 'label', CASE
                    WHEN at.type <> 'BOOLEAN' THEN coalesce(o.labels ->> $2, c.value)
                    WHEN c.value = 'true' THEN '✓' ELSE '✗' END,
                    'count', c.count) ORDER BY c.count DESC, o.position, c.value) FILTER (WHERE {_LISTED}), '[]')
                ) AS facet
            FROM ({counted}) c
            JOIN attribute at ON at.code = c.attribute
                AND at.filterable AND ({_LISTED} OR at.type IN ('NUMBER', 'MEASUREMENT', 'DATE', 'MONEY'))
            LEFT JOIN attribute_option o ON o.attribute_id = at.id AND o.code = c.value
            GROUP BY at.id
        ) found
    """


def _page(rows: str, extras: str) -> str:
    return f"""
        WITH page AS MATERIALIZED (
            SELECT l.id, l.product_id, l.category_id, l.position, t.slug, t.name FROM {rows} LIMIT $3::int + 1
        ), shown AS (
            SELECT * FROM page ORDER BY position, id LIMIT $3
        ), edges AS (
            SELECT page.position, page.id, {_CURSOR} AS cursor, json_build_object('id', {_id("Listing", "page.id")},
                'slug', page.slug, 'name', page.name,
                'category', json_build_object('slug', c.slug, 'name', c.labels ->> $2),
                'thumbnail', m.image, 'offers', o.offers) AS node
            FROM shown page
            JOIN category c ON c.id = page.category_id
            LEFT JOIN LATERAL (
                SELECT json_build_object('url', '/media/' || m.digest || '/256.webp', 'alt', m.alt ->> $2) AS image
                FROM product_media pm JOIN media m ON m.id = pm.media_id
                WHERE pm.product_id = page.product_id ORDER BY pm.position, m.id LIMIT 1
            ) m ON true
            CROSS JOIN LATERAL ({_TILE_OFFERS}) o
        )
        SELECT json_build_object('data', json_build_object('shop', json_build_object('listings', json_build_object(
            'edges', json_agg(json_build_object('cursor', cursor, 'node', node) ORDER BY position, id),
            'pageInfo', json_build_object('hasNextPage', (SELECT count(*) FROM page) > $3,
                'hasPreviousPage', $4::int >= 0, 'startCursor', (array_agg(cursor ORDER BY position, id))[1],
                'endCursor', (array_agg(cursor ORDER BY position DESC, id DESC))[1]) {extras}))))::text
        FROM edges
    """


_TOTAL = f"""coalesce((SELECT count FROM listing_term WHERE channel_id = {CHANNEL} AND"""
LISTING_PAGE = _page(
    _EVERYWHERE, f", 'totalCount', {_TOTAL} attribute = '*' AND value = ''), 0), 'facets', ({_facets(_KEPT)})"
)
LISTING_PAGE_ALONE = _page(_EVERYWHERE, "")
_OF_CATEGORY = "(SELECT id::text FROM category WHERE slug = $6)"
CATEGORY_PAGE = _page(
    _IN_CATEGORY,
    f", 'totalCount', {_TOTAL} attribute = '*category' AND value = {_OF_CATEGORY}), 0),"
    f" 'facets', ({_facets(_COUNTED)})",
)
CATEGORY_PAGE_ALONE = _page(_IN_CATEGORY, "")

_SOLD = f"""
    v.product_id IN (SELECT l.product_id FROM listing l
        WHERE l.channel_id = {CHANNEL} AND l.product_id = v.product_id AND {VISIBLE})
"""
OFFERS_BY_SKU = f"""
    SELECT json_build_object('data', json_build_object('shop', json_build_object('offers',
        coalesce(json_agg(json_build_object('sku', v.sku, 'price', {_PRICE_JSON},
            'availability', {_AVAILABILITY_JSON}) ORDER BY wanted.place), '[]'))))::text
    FROM unnest($2::text[]) WITH ORDINALITY AS wanted (sku, place)
    JOIN variant v ON v.sku = wanted.sku {_PRICE} {_STOCK}
    WHERE {_SOLD}
"""

_SHORT = " ".join(f"WHEN '{one}' THEN '{units.short(one)}'" for one in UNITS)
_DISPLAY = f"""CASE at.type
    WHEN 'SELECT' THEN (SELECT o.labels ->> $2 FROM attribute_option o
        WHERE o.attribute_id = at.id AND o.code = s.stored #>> '{{}}')
    WHEN 'MULTI_SELECT' THEN (SELECT string_agg(o.labels ->> $2, ', ' ORDER BY e.place)
        FROM jsonb_array_elements_text(s.stored) WITH ORDINALITY AS e (code, place)
        JOIN attribute_option o ON o.attribute_id = at.id AND o.code = e.code)
    WHEN 'MEASUREMENT' THEN (s.stored ->> 'amount') || ' ' || CASE s.stored ->> 'unit' {_SHORT} END
    WHEN 'MONEY' THEN (s.stored ->> 'amount') || ' ' || (s.stored ->> 'currency')
    WHEN 'BOOLEAN' THEN CASE WHEN s.stored = 'true' THEN '✓' ELSE '✗' END
    ELSE s.stored #>> '{{}}' END"""
_VALUE = """CASE at.type
    WHEN 'NUMBER' THEN json_build_object('__typename', 'NumberValue', 'number', s.stored #>> '{}')
    WHEN 'MEASUREMENT' THEN json_build_object('__typename', 'MeasureValue', 'amount', s.stored ->> 'amount',
        'unit', s.stored ->> 'unit')
    WHEN 'BOOLEAN' THEN json_build_object('__typename', 'BooleanValue', 'boolean', s.stored)
    WHEN 'DATE' THEN json_build_object('__typename', 'DateValue', 'date', s.stored)
    WHEN 'MONEY' THEN json_build_object('__typename', 'MoneyValue')
    WHEN 'SELECT' THEN json_build_object('__typename', 'SelectValue', 'options', (
        SELECT json_agg(json_build_object('code', o.code, 'label', o.labels ->> $2)) FROM attribute_option o
        WHERE o.attribute_id = at.id AND o.code = s.stored #>> '{}'))
    WHEN 'MULTI_SELECT' THEN json_build_object('__typename', 'SelectValue', 'options', (
        SELECT json_agg(json_build_object('code', o.code, 'label', o.labels ->> $2) ORDER BY e.place)
        FROM jsonb_array_elements_text(s.stored) WITH ORDINALITY AS e (code, place)
        JOIN attribute_option o ON o.attribute_id = at.id AND o.code = e.code))
    ELSE json_build_object('__typename', 'TextValue', 'text', s.stored) END"""
_STORED = """
    CROSS JOIN LATERAL jsonb_each(pr.content) AS each (code, scoped)
    JOIN attribute at ON at.code = each.code
    LEFT JOIN attribute_group g ON g.code = at.group_code
    CROSS JOIN LATERAL (
        SELECT coalesce(scoped #> ARRAY[$1, $2], scoped #> ARRAY['*', $2], scoped #> '{*,*}') AS stored
    ) s
"""
LISTING_DETAIL = f"""
    SELECT json_build_object('data', json_build_object('shop', json_build_object('listing', json_build_object(
        'id', {_id("Listing", "page.id")}, 'slug', page.slug, 'name', page.name,
        'description', coalesce(pr.content #>> ARRAY['description', $1, $2],
            pr.content #>> ARRAY['description', '*', $2]),
        'breadcrumbs', (SELECT json_agg(json_build_object('slug', b.slug, 'name', b.labels ->> $2)
                ORDER BY nlevel(b.path))
            FROM category c JOIN category b ON b.path @> c.path AND nlevel(b.path) > 1 WHERE c.id = page.category_id),
        'media', (SELECT json_agg(json_build_object('url', '/media/' || m.digest || '.webp', 'alt', m.alt ->> $2,
                'kind', m.kind, 'width', m.width, 'height', m.height) ORDER BY pm.position, m.id)
            FROM product_media pm JOIN media m ON m.id = pm.media_id WHERE pm.product_id = pr.id),
        'attributes', (SELECT json_agg(json_build_object('code', at.code, 'label', at.labels ->> $2,
                'group', json_build_object('label', g.labels ->> $2), 'display', {_DISPLAY}, 'value', {_VALUE})
                ORDER BY at.position) FROM (SELECT) none {_STORED} WHERE s.stored IS NOT NULL),
        'axes', (SELECT coalesce(json_agg(json_build_object('code', a.code, 'label', a.label, 'values', a.found)
                ORDER BY a.axis), '[]') FROM (
            SELECT at.code, at.labels ->> $2 AS label, fa.axis, json_agg(json_build_object('value', o.code,
                'label', o.labels ->> $2) ORDER BY u.first) AS found
            FROM family_attribute fa JOIN attribute at ON at.id = fa.attribute_id
            CROSS JOIN LATERAL (SELECT v.axes ->> at.code AS code, min(v.position) AS first FROM variant v
                WHERE v.product_id = pr.id AND v.axes ? at.code GROUP BY 1) u
            JOIN attribute_option o ON o.attribute_id = at.id AND o.code = u.code
            WHERE fa.family_id = pr.family_id AND fa.axis IS NOT NULL
            GROUP BY at.id, fa.axis) a),
        'related', (SELECT coalesce(json_agg(json_build_object('slug', rt.slug, 'name', rt.name,
                'thumbnail', json_build_object('url', (SELECT '/media/' || m.digest || '/256.webp'
                    FROM product_media pm JOIN media m ON m.id = pm.media_id
                    WHERE pm.product_id = pa.target_id ORDER BY pm.position, m.id LIMIT 1)))
                ORDER BY pa.position), '[]')
            FROM product_association pa
            JOIN listing l ON l.product_id = pa.target_id AND l.channel_id = {CHANNEL} AND {VISIBLE}
            JOIN listing_text rt ON rt.listing_id = l.id AND rt.locale = $2
            WHERE pa.product_id = pr.id AND pa.kind = 'CROSS_SELL'),
        'offers', (SELECT json_agg(json_build_object('sku', v.sku, 'gtin', v.gtin,
                'name', page.name || coalesce(x.labels, ''), 'axisValues', coalesce(x.axes, '[]'),
                'price', {_PRICE_JSON},
                'tiers', (SELECT coalesce(json_agg(json_build_object('minQuantity', t.min_quantity,
                    'price', json_build_object('amount', to_char(t.amount / 100.0, 'FM9999999990.00'),
                    'currency', p.currency)) ORDER BY t.min_quantity), '[]')
                    FROM price t JOIN price_list_channel plc ON plc.price_list_id = t.price_list_id
                    WHERE plc.channel_id = {CHANNEL} AND t.variant_id = v.id AND t.min_quantity > 1
                        AND t.valid @> now()),
                'availability', json_build_object('status', {_STATUS}, 'quantity', a.quantity, 'restockAt', NULL,
                    'pickup', (SELECT coalesce(json_agg(pickup), '[]') FROM (
                        SELECT json_build_object('location', json_build_object('code', lo.code, 'name', lo.name),
                            'quantity', s.available - cl.buffer) AS pickup
                        FROM stock_level s
                        JOIN channel_location cl ON cl.location_id = s.location_id AND cl.channel_id = {CHANNEL}
                        JOIN location lo ON lo.id = s.location_id AND lo.capabilities @> ARRAY['PICKUP']
                        WHERE s.variant_id = v.id AND s.available > cl.buffer
                        ORDER BY s.available - cl.buffer DESC, lo.code LIMIT 3) found)))
                ORDER BY v.position, v.sku)
            FROM variant v {_PRICE} {_STOCK} {_AXES} WHERE v.product_id = pr.id)))))::text
    FROM listing_text at_slug
    JOIN listing l ON l.id = at_slug.listing_id AND {VISIBLE}
    JOIN product pr ON pr.id = l.product_id
    CROSS JOIN LATERAL (
        SELECT l.id, l.category_id, t.slug, t.name FROM listing_text t WHERE t.listing_id = l.id AND t.locale = $2
    ) page
    WHERE at_slug.channel_id = {CHANNEL} AND at_slug.slug = $3 LIMIT 1
"""
SYNC = f"""
    SELECT json_build_object('items', json_agg(json_build_object('sku', v.sku, 'offer', json_build_object(
        'sku', v.sku, 'gtin', v.gtin, 'listing', json_build_object('slug', page.slug, 'name', page.name,
            'description', pr.content #>> ARRAY['description', '*', $2],
            'category', json_build_object('slug', c.slug, 'path', c.path),
            'media', (SELECT json_agg(json_build_object('url', '/media/' || m.digest || '.webp'))
                FROM product_media pm JOIN media m ON m.id = pm.media_id WHERE pm.product_id = pr.id),
            'attributes', (SELECT json_agg(json_build_object('code', at.code, 'display', {_DISPLAY})
                ORDER BY at.position) FROM (SELECT) none {_STORED} WHERE s.stored IS NOT NULL)),
        'price', {_SYNCED_PRICE_JSON}, 'availability', {_AVAILABILITY_JSON})) ORDER BY v.sku),
        'cursor', max(v.sku))::text
    FROM (
        SELECT v.*, l.id AS listing_id, l.category_id FROM variant v
        JOIN listing l ON l.product_id = v.product_id AND l.channel_id = {CHANNEL}
        WHERE v.sku > $3 AND {VISIBLE} ORDER BY v.sku LIMIT $4
    ) v
    JOIN product pr ON pr.id = v.product_id
    JOIN listing_text page ON page.listing_id = v.listing_id AND page.locale = $2
    LEFT JOIN category c ON c.id = v.category_id {_PRICE} {_STOCK}
"""
