"""A copy of a channel kept elsewhere: first everything it sells, then what changed, under one cursor.

The walk goes by sku from the position at which it began; whatever changes during it is told again by the tail, which
starts from that position. So a copy that follows the cursor ends up with what the hub says.
"""

from dataclasses import dataclass

from sqlalchemy import text

from kernel import changes, paging
from kernel.db import ReadConn
from kernel.errors import CursorExpired, InvalidInput
from pim.listings import exclusions
from pim.listings import offers as offering
from pim.listings.model import Offer, Shop

MOST = 500
TOPICS = ("PRODUCT", "LISTING", "PRICE", "STOCK")


@dataclass(frozen=True, slots=True)
class Item:
    sku: str
    offer: Offer | None


@dataclass(frozen=True, slots=True)
class SyncPage:
    items: tuple[Item, ...]
    cursor: str
    caught_up: bool


async def read(conn: ReadConn, shop: Shop, *, first: int, after: str | None) -> SyncPage:
    """The next ``first`` offers behind the cursor. Raises InvalidInput and CursorExpired."""
    if not 1 <= first <= MOST:
        raise InvalidInput("first", f"must be between 1 and {MOST}")
    if after is None:
        return await _walk(conn, shop, first, await changes.head(conn), "")
    match paging.decode(after, "after"):
        case ["walk", str(channel), int(position), str(sku)] if channel == shop.channel.code and position >= 0:
            return await _walk(conn, shop, first, position, sku)
        case ["tail", str(channel), int(position), str(sku)] if channel == shop.channel.code and position >= 0:
            return await _tail(conn, shop, first, position, sku)
    raise InvalidInput("after", "is no cursor of this channel's sync")


async def _walk(conn: ReadConn, shop: Shop, first: int, position: int, sku: str) -> SyncPage:
    given = {"channel": shop.channel.id, "sku": sku, "most": first}
    skus = list((await conn.execute(_WALK, given)).scalars())
    offers = await offering.offers_by_sku(conn, [(shop, one) for one in skus])
    items = tuple(Item(one, offers[shop, one]) for one in skus if (shop, one) in offers)
    if len(skus) < first:
        return SyncPage(items, _cursor("tail", shop, position, ""), await changes.head(conn) == position)
    return SyncPage(items, _cursor("walk", shop, position, skus[-1]), caught_up=False)


async def _tail(conn: ReadConn, shop: Shop, first: int, position: int, sku: str) -> SyncPage:
    """What moved behind (position, sku), each sku once: a change of many skus is paged inside."""
    end, floor = (await conn.execute(_BOUNDS)).one()
    if position + (not sku) <= floor and position < floor:
        raise CursorExpired(_cursor("tail", shop, floor, ""))
    if position > end:
        raise InvalidInput("after", "is ahead of every change of this hub")
    until = min(end, position + changes.SPAN)
    given = {"position": position, "sku": sku, "until": until, "most": first, "channel": shop.channel.code}
    rows = (await conn.execute(_TAIL, given | {"topics": list(TOPICS)})).all()
    skus = list(dict.fromkeys(row.sku for row in rows))
    offers = await offering.offers_by_sku(conn, [(shop, one) for one in skus])
    items = tuple(Item(one, offers.get((shop, one))) for one in skus)
    if len(rows) == first:
        return SyncPage(items, _cursor("tail", shop, rows[-1].position, rows[-1].sku), caught_up=False)
    return SyncPage(items, _cursor("tail", shop, until, ""), until == end)


def _cursor(phase: str, shop: Shop, position: int, sku: str) -> str:
    return paging.encode([phase, shop.channel.code, position, sku])


_BOUNDS = text("SELECT position, floor FROM feed")
_WALK = text(f"""
    SELECT v.sku FROM variant v JOIN listing l ON l.product_id = v.product_id AND l.channel_id = :channel
    WHERE v.sku > :sku AND l.status = 'PUBLISHED' AND {exclusions.offered("l.channel_id", "v.id")}
    ORDER BY v.sku LIMIT :most
""")
_TAIL = text("""
    SELECT c.position, s.sku
    FROM change c CROSS JOIN LATERAL jsonb_array_elements_text(c.payload -> 'skus') AS s (sku)
    WHERE (c.position > :position OR (c.position = :position AND :sku <> '' AND s.sku > :sku))
        AND c.position >= :position AND c.position <= :until
        AND c.topic = ANY(:topics) AND (c.channel IS NULL OR c.channel = :channel)
    ORDER BY c.position, s.sku
    LIMIT :most
""")
