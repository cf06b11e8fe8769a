import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, any_, exists, func, select

from kernel.db import ReadConn, uuids
from pim.channels.tables import channel
from pim.products.tables import product

from .model import Completeness
from .tables import completeness

ASKED = tuple[uuid.UUID, str | None, str | None]  # (product, channel code, locale); None for all of them

_c = completeness.c
_SELECT = (
    select(_c.product_id, channel.c.code.label("channel"), _c.locale, _c.percent, _c.missing)
    .join(channel, channel.c.id == _c.channel_id)
    .order_by(_c.product_id, channel.c.code, func.array_position(channel.c.locales, _c.locale))
)


async def completeness_by_product(conn: ReadConn, keys: Collection[ASKED]) -> dict[ASKED, list[Completeness]]:
    """How far each product is filled in, for one channel and locale or for all, by channel and its order of locales."""
    found: dict[ASKED, list[Completeness]] = {key: [] for key in keys}
    for code, locale in {(code, locale) for _, code, locale in keys}:
        wanted = _SELECT.where(
            _c.product_id == any_(uuids([one for one, *scope in keys if scope == [code, locale]])),
            *([channel.c.code == code] if code is not None else []),
            *([_c.locale == locale] if locale is not None else []),
        )
        for row in await conn.execute(wanted):
            one = Completeness(row.product_id, row.channel, row.locale, row.percent, tuple(row.missing))
            found[row.product_id, code, locale].append(one)
    return found


def below(
    product_id: ColumnElement[uuid.UUID], channel_id: uuid.UUID, locale: str | None, percent: int
) -> ColumnElement[bool]:
    """Whether a product is filled in for less than ``percent`` of what the channel and locale, or any of its, need."""
    short = exists().where(_c.product_id == product_id, _c.channel_id == channel_id, _c.percent < percent)
    return short if locale is None else short.where(_c.locale == locale)


async def count_below(conn: ReadConn, channel_id: uuid.UUID, locale: str, percent: int) -> int:
    """How many products are filled in for less than ``percent`` of what the channel and locale need."""
    return int((await conn.execute(_below(func.count(), channel_id, locale, percent))).scalar_one())


async def some_below(conn: ReadConn, channel_id: uuid.UUID, locale: str, percent: int, *, most: int) -> list[uuid.UUID]:
    """Up to ``most`` of these products."""
    wanted = _below(_c.product_id, channel_id, locale, percent)
    return list((await conn.execute(wanted.limit(most))).scalars())


def _below(column: ColumnElement[Any], channel_id: uuid.UUID, locale: str, percent: int) -> Select[Any]:
    return select(column).where(_c.channel_id == channel_id, _c.locale == locale, _c.percent < percent)


async def lacking(
    conn: ReadConn, channel_id: uuid.UUID, product_ids: Collection[uuid.UUID], percent: int
) -> dict[uuid.UUID, list[Completeness]]:
    """The locales in which each product is filled in for less than ``percent``; the products that are not are left out.

    A product without a family is there with no locale: nobody can say what it needs.
    """
    known = select(product.c.id).where(product.c.id == any_(uuids(product_ids)), product.c.family_id.is_(None))
    found: dict[uuid.UUID, list[Completeness]] = {one: [] for one in (await conn.execute(known)).scalars()}
    wanted = _SELECT.where(_c.product_id == any_(uuids(product_ids)), _c.channel_id == channel_id)
    for row in await conn.execute(wanted.where(_c.percent < percent)):
        one = Completeness(row.product_id, row.channel, row.locale, row.percent, tuple(row.missing))
        found.setdefault(one.product_id, []).append(one)
    return found
