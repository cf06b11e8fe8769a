import uuid
from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import text

from kernel.db import ReadConn

from .model import Availability, PickupStock

ON_CHANNEL = tuple[uuid.UUID, uuid.UUID]  # (channel, variant)


async def availability_by_offer(conn: ReadConn, keys: Collection[ON_CHANNEL]) -> dict[ON_CHANNEL, Availability]:
    """What each channel can sell of each variant: Σ over its locations of what is available above its buffer."""
    given = {"channels": [channel for channel, _ in keys], "variants": [variant for _, variant in keys]}
    rows = await conn.execute(_AVAILABLE, given)
    return {(row.channel_id, row.variant_id): Availability(*row) for row in rows}


async def pickup_by_offer(conn: ReadConn, keys: Collection[ON_CHANNEL]) -> dict[ON_CHANNEL, list[PickupStock]]:
    """Where each variant can be collected on a channel, the place with the most of it first."""
    given = {"channels": [channel for channel, _ in keys], "variants": [variant for _, variant in keys]}
    found: dict[ON_CHANNEL, list[PickupStock]] = defaultdict(list)
    for row in await conn.execute(_PICKUP, given):
        found[row.channel_id, row.variant_id].append(PickupStock(row.location_id, row.quantity))
    return found


async def makings(conn: ReadConn) -> dict[str, str]:
    """Of each channel, by code, all that its listings are derived from beside the products: equal while it stays so."""
    return {row.code: row.made_of for row in await conn.execute(_MAKINGS)}


_MAKINGS = text("""
    SELECT c.code, concat_ws('|', c.locales, c.category_id, c.currency, c.required_completeness,
        (SELECT string_agg(cl.location_id || ':' || cl.buffer, ',' ORDER BY cl.location_id)
            FROM channel_location cl WHERE cl.channel_id = c.id),
        (SELECT string_agg(pl.id || ':' || pl.priority, ',' ORDER BY pl.id)
            FROM price_list_channel plc JOIN price_list pl ON pl.id = plc.price_list_id WHERE plc.channel_id = c.id)
    ) AS made_of
    FROM channel c ORDER BY c.code
""")
_KEYS = "unnest(CAST(:channels AS uuid[]), CAST(:variants AS uuid[])) AS k (channel_id, variant_id)"
_AVAILABLE = text(f"""
    SELECT k.channel_id, k.variant_id, CAST(coalesce(sum(greatest(0, s.available - cl.buffer)), 0) AS int) AS quantity
    FROM {_KEYS}
    LEFT JOIN stock_level s ON s.variant_id = k.variant_id
    LEFT JOIN channel_location cl ON cl.channel_id = k.channel_id AND cl.location_id = s.location_id
    GROUP BY 1, 2
""")
_PICKUP = text(f"""
    SELECT k.channel_id, k.variant_id, s.location_id, s.available - cl.buffer AS quantity
    FROM {_KEYS}
    JOIN stock_level s ON s.variant_id = k.variant_id
    JOIN channel_location cl ON cl.channel_id = k.channel_id AND cl.location_id = s.location_id
    JOIN location l ON l.id = s.location_id AND l.capabilities @> ARRAY['PICKUP']
    WHERE s.available > cl.buffer
    ORDER BY 1, 2, 4 DESC, l.code
""")
