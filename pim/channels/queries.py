import uuid
from collections.abc import Collection

from sqlalchemy import any_, select

from kernel.db import ReadConn, fetch, texts, uuids

from .model import Channel
from .tables import channel

COLUMNS = (
    channel.c.id,
    channel.c.code,
    channel.c.name,
    channel.c.kind,
    channel.c.currency,
    channel.c.locales,
    channel.c.category_id,
    channel.c.time_zone,
    channel.c.required_completeness,
)


def _channel(*, locales: list[str], **columns: object) -> Channel:
    return Channel(locales=tuple(locales), **columns)  # type: ignore[arg-type]  # columns are named as the fields


async def channels_by_code(conn: ReadConn, codes: Collection[str]) -> dict[str, Channel]:
    found = await fetch(conn, select(*COLUMNS).where(channel.c.code == any_(texts(codes))), _channel)
    return {one.code: one for one in found}


async def channel_by_code(conn: ReadConn, code: str) -> Channel | None:
    return (await channels_by_code(conn, [code])).get(code)


async def all_channels(conn: ReadConn) -> list[Channel]:
    return await fetch(conn, select(*COLUMNS).order_by(channel.c.code), _channel)


async def channels_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Channel]:
    found = await fetch(conn, select(*COLUMNS).where(channel.c.id == any_(uuids(ids))), _channel)
    return {one.id: one for one in found}
