"""Who asks: app tokens, what they may do, and for which channels and locations."""

import hashlib
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    LargeBinary,
    Named,
    Table,
    Text,
    TypedColumns,
    Uuid,
    func,
    insert,
    select,
    update,
)

from kernel.db import ReadConn, WriteConn, fetch, fetch_one, metadata
from kernel.errors import NotFound

PREFIX = "ent_"


class _AppToken(TypedColumns):
    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    name: Named[str] = Column(Text)
    hash: Named[bytes] = Column(LargeBinary, unique=True)
    permissions: Named[list[str]] = Column(ARRAY(Text))
    channels: Named[list[str] | None] = Column(ARRAY(Text), nullable=True)
    locations: Named[list[str] | None] = Column(ARRAY(Text), nullable=True)
    created_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())
    expires_at: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)
    revoked_at: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)


app_token = Table("app_token", metadata, _AppToken)


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody with a valid token. ``channels`` and ``locations`` are codes; None means all of them."""

    id: uuid.UUID
    name: str
    permissions: frozenset[str]
    channels: frozenset[str] | None = None
    locations: frozenset[str] | None = None
    expires_at: datetime | None = None

    def expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def sells_on(self, channel: str) -> bool:
        return self.channels is None or channel in self.channels

    def works_at(self, location: str) -> bool:
        return self.locations is None or location in self.locations


def fingerprint(secret: str) -> bytes:
    """What is stored of a token: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


async def issue(
    conn: WriteConn,
    *,
    name: str,
    permissions: Collection[str],
    channels: Collection[str] | None = None,
    locations: Collection[str] | None = None,
    expires_at: datetime | None = None,
) -> str:
    """A new token's secret, shown this once and stored only as its hash."""
    secret = PREFIX + secrets.token_urlsafe(32)
    row = {
        "name": name,
        "hash": fingerprint(secret),
        "permissions": sorted(permissions),
        "channels": None if channels is None else sorted(channels),
        "locations": None if locations is None else sorted(locations),
        "expires_at": expires_at,
    }
    await conn.execute(insert(app_token).values(row))
    return secret


async def revoke(conn: WriteConn, *, id: uuid.UUID) -> None:
    """End a token at once. Raises NotFound."""
    c = app_token.c
    ended = await conn.execute(
        update(app_token).where(c.id == id, c.revoked_at.is_(None)).values(revoked_at=func.now())
    )
    if not ended.rowcount:
        raise NotFound("token", str(id))


_t = app_token.c
_IN_FORCE = select(_t.id, _t.name, _t.permissions, _t.channels, _t.locations, _t.expires_at).where(
    _t.revoked_at.is_(None), _t.expires_at.is_(None) | (_t.expires_at > func.now())
)


async def principal_by_secret(conn: ReadConn, secret: str) -> Principal | None:
    """Whose token this is, or None where it is unknown, expired or revoked."""
    return await fetch_one(conn, _IN_FORCE.where(_t.hash == fingerprint(secret)), _principal)


async def all_tokens(conn: ReadConn) -> list[Principal]:
    """Every token in force, oldest first, without secrets."""
    return await fetch(conn, _IN_FORCE.order_by(_t.id), _principal)


def _principal(
    *,
    id: uuid.UUID,
    name: str,
    permissions: list[str],
    channels: list[str] | None,
    locations: list[str] | None,
    expires_at: datetime | None,
) -> Principal:
    return Principal(
        id,
        name,
        frozenset(permissions),
        None if channels is None else frozenset(channels),
        None if locations is None else frozenset(locations),
        expires_at,
    )
