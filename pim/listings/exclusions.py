"""Variants that a channel does not offer, though it lists their product."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import any_, select, text

from kernel.db import ReadConn, WriteConn, uuids

from .tables import listing_exclusion

_x = listing_exclusion.c


def offered(channel: str, variant: str) -> str:
    """SQL: whether the channel offers the variant, both told by the columns that hold their ids."""
    return f"NOT EXISTS (SELECT FROM listing_exclusion x WHERE x.variant_id = {variant} AND x.channel_id = {channel})"


async def by_channel(conn: ReadConn, variant_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """Which of these variants each channel does not offer."""
    found: dict[uuid.UUID, set[uuid.UUID]] = {}
    wanted = select(_x.channel_id, _x.variant_id).where(_x.variant_id == any_(uuids(variant_ids)))
    for channel_id, variant_id in await conn.execute(wanted):
        found.setdefault(channel_id, set()).add(variant_id)
    return found


async def replace(conn: WriteConn, channel_id: uuid.UUID, variant_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Let the channel offer all variants but these; returns the products that this changes."""
    given = {"channel": channel_id, "variants": list(variant_ids)}
    changed = {*(await conn.execute(_OFFER, given)).scalars(), *(await conn.execute(_EXCLUDE, given)).scalars()}
    return sorted(changed)


_OFFER = text("""
    DELETE FROM listing_exclusion x USING variant v
    WHERE x.channel_id = :channel AND x.variant_id <> ALL(:variants) AND v.id = x.variant_id
    RETURNING v.product_id
""")
_EXCLUDE = text("""
    WITH made AS (
        INSERT INTO listing_exclusion (channel_id, variant_id)
        SELECT :channel, v.id FROM variant v WHERE v.id = ANY(:variants) ORDER BY v.id
        ON CONFLICT DO NOTHING
        RETURNING variant_id
    )
    SELECT v.product_id FROM made JOIN variant v ON v.id = made.variant_id
""")
