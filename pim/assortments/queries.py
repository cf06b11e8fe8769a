import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, and_, any_, exists, func, not_, or_, select

from kernel.db import ReadConn, uuids
from kernel.errors import InvalidInput, NotFound
from pim.channels import queries as channel_queries
from pim.channels.model import Channel
from pim.completeness import queries as completeness_queries
from pim.listings.tables import listing, listing_exclusion
from pim.products import queries as product_queries
from pim.products.tables import product, variant

from . import matching, model
from .model import Assortment, Preview
from .tables import assortment, assortment_exclusion

SAMPLE = 20
MOST_EXCLUDED = 1_000

_p, _l, _a, _e = product.c, listing.c, assortment.c, assortment_exclusion.c


async def assortments_by_channel(
    conn: ReadConn, channel_ids: Collection[uuid.UUID] | None
) -> dict[uuid.UUID, Assortment]:
    """The rules of these channels, or where None is said of all, as far as they have any."""
    wanted = select(_a.channel_id, _a.rules, _a.task_id)
    if channel_ids is not None:
        wanted = wanted.where(_a.channel_id == any_(uuids(channel_ids)))
    return {
        row.channel_id: Assortment(row.channel_id, model.parse(row.rules), row.task_id)
        for row in await conn.execute(wanted)
    }


async def excluded_products(conn: ReadConn, channel_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """The codes of the products that each channel's rules leave out."""
    wanted = select(_e.channel_id, _p.code).join(product, _p.id == _e.product_id)
    found: dict[uuid.UUID, list[str]] = {}
    for channel_id, code in await conn.execute(
        wanted.where(_e.channel_id == any_(uuids(channel_ids))).order_by(_p.code)
    ):
        found.setdefault(channel_id, []).append(code)
    return found


async def excluded_skus(conn: ReadConn, channel_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """The skus that each channel does not offer."""
    x = listing_exclusion.c
    wanted = select(x.channel_id, variant.c.sku).join(variant, variant.c.id == x.variant_id)
    found: dict[uuid.UUID, list[str]] = {}
    for channel_id, sku in await conn.execute(
        wanted.where(x.channel_id == any_(uuids(channel_ids))).order_by(variant.c.sku)
    ):
        found.setdefault(channel_id, []).append(sku)
    return found


async def channel_of(conn: ReadConn, code: str) -> Channel:
    found = await channel_queries.channel_by_code(conn, code)
    if found is None:
        raise NotFound("channel", code[:100])
    return found


async def named_products(conn: ReadConn, codes: Sequence[str], path: str) -> list[uuid.UUID]:
    """The ids of the products with these codes. Raises InvalidInput where one is unknown or there are too many."""
    check_number(codes, path)
    known = await product_queries.ids_by_code(conn, set(codes))
    for place, code in enumerate(codes):
        if code not in known:
            raise InvalidInput(f"{path}.{place}", f"there is no product {code[:100]}")
    return list(known.values())


def check_number(given: Collection[str], path: str) -> None:
    """Raises InvalidInput where more are given than may be excluded at once."""
    if len(given) > MOST_EXCLUDED:
        raise InvalidInput(path, f"must be at most {MOST_EXCLUDED}")


def differing(
    channel: Channel, wanted: ColumnElement[bool], excluded: Sequence[uuid.UUID] | None = None
) -> Select[uuid.UUID, str, bool]:
    """Products that a channel is to list or withdraw so that its listings are as ``wanted``: id, code and which.

    Those less complete than the channel requires are not listed. ``excluded`` stands in for what is kept as excluded.
    """
    if excluded is None:
        out: ColumnElement[bool] = exists().where(_e.product_id == _p.id, _e.channel_id == channel.id)
    else:
        out = _p.id == any_(uuids(excluded))
    wanted = and_(wanted, not_(out))
    lists = and_(wanted, or_(_l.id.is_(None), and_(_l.by_rule, _l.status == "WITHDRAWN")), *_complete(channel))
    withdraws = and_(_l.by_rule, _l.status == "PUBLISHED", not_(wanted))
    joined = product.outerjoin(listing, and_(_l.product_id == _p.id, _l.channel_id == channel.id))
    return select(_p.id, _p.code, lists.label("lists")).select_from(joined).where(or_(lists, withdraws))


def _complete(channel: Channel) -> list[ColumnElement[bool]]:
    if channel.required_completeness is None:
        return []
    short = completeness_queries.below(_p.id, channel.id, None, channel.required_completeness)
    return [_p.family_id.is_not(None), not_(short)]


async def preview(
    conn: ReadConn, *, channel: str, rules: object, exclude_products: Sequence[str] | None = None
) -> Preview:
    """What saving these rules would list and withdraw. Raises NotFound and InvalidInput."""
    target = await channel_of(conn, channel)
    parsed = model.parse(rules)
    wanted = await matching.wanted(conn, parsed, strict=True)
    excluded = None if exclude_products is None else await named_products(conn, exclude_products, "excludeProducts")
    found = differing(target, wanted, excluded).cte("differing").prefix_with("MATERIALIZED")
    lists = found.c.lists
    some = [
        select(func.array(select(found.c.code).where(one).order_by(found.c.code).limit(SAMPLE).scalar_subquery()))
        for one in (lists, not_(lists))
    ]
    counts = select(
        func.count().filter(lists), func.count().filter(not_(lists)), *(one.scalar_subquery() for one in some)
    ).select_from(found)
    listed, withdrawn, some_listed, some_withdrawn = (await conn.execute(counts)).one()
    return Preview(listed, withdrawn, tuple(some_listed), tuple(some_withdrawn))
