"""Idempotency: the same key and input answer the stored result, in the transaction of the effect."""

import hashlib
import uuid
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    DateTime,
    Index,
    LargeBinary,
    Named,
    Table,
    Text,
    TypedColumns,
    Uuid,
    delete,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from kernel.db import ReadConn, WriteConn, metadata
from kernel.errors import IdempotencyConflict, InvalidInput

LONGEST = 255


class _Idempotency(TypedColumns):
    principal_id: Named[uuid.UUID] = Column(Uuid, primary_key=True)
    mutation: Named[str] = Column(Text, primary_key=True)
    key: Named[str] = Column(Text, primary_key=True)
    fingerprint: Named[bytes] = Column(LargeBinary)
    result: Named[Any | None] = Column(JSONB, nullable=True)
    at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())


idempotency = Table("idempotency", metadata, _Idempotency, Index("ix_idempotency_at", "at"))


def fingerprint(input: object) -> bytes:
    """What tells one input from another: the hash of its canonical JSON."""
    return hashlib.sha256(orjson.dumps(input, option=orjson.OPT_SORT_KEYS, default=str)).digest()


async def claim(conn: WriteConn, *, principal_id: uuid.UUID, mutation: str, key: str, input: object) -> Any | None:
    """None where the key is new and now ours; else what it answered before.

    A second call with the same key waits for the first one's transaction and then replays it, or takes its place if it
    was refused. Raises InvalidInput and IdempotencyConflict.
    """
    if not 0 < len(key) <= LONGEST or not key.isprintable():
        raise InvalidInput("idempotencyKey", f"must be 1 to {LONGEST} printable characters")
    mark = fingerprint(input)
    row = {"principal_id": principal_id, "mutation": mutation, "key": key, "fingerprint": mark}
    mine = await conn.execute(insert(idempotency).values(row).on_conflict_do_nothing().returning(idempotency.c.key))
    if mine.first():
        return None
    c = idempotency.c
    stored = select(c.fingerprint, c.result).where(c.principal_id == principal_id, c.mutation == mutation, c.key == key)
    before = (await conn.execute(stored)).one()
    if before.fingerprint != mark:
        raise IdempotencyConflict(key)
    return before.result


async def is_answered(conn: ReadConn, *, principal_id: uuid.UUID, mutation: str, key: str) -> bool:
    """Whether ``claim`` will find the key answered, or used with another input."""
    c = idempotency.c
    mine = select(c.key).where(c.principal_id == principal_id, c.mutation == mutation, c.key == key)
    return "\0" not in key and (await conn.execute(mine)).first() is not None


async def remember(conn: WriteConn, *, principal_id: uuid.UUID, mutation: str, key: str, result: Any) -> None:
    """Store what the claimed key answered, in JSON."""
    c = idempotency.c
    mine = (c.principal_id == principal_id) & (c.mutation == mutation) & (c.key == key)
    await conn.execute(update(idempotency).where(mine).values(result=result))


async def forget(conn: WriteConn, *, before: datetime, most: int = 10_000) -> int:
    """Drop up to ``most`` keys older than ``before``; returns how many there were."""
    c = idempotency.c
    old = select(c.principal_id, c.mutation, c.key).where(c.at < before).limit(most)
    gone = delete(idempotency).where(tuple_(c.principal_id, c.mutation, c.key).in_(old))
    return (await conn.execute(gone)).rowcount
