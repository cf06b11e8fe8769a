"""The database: two pools, one metadata, and how rows become dataclasses."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, NewType, TypeVar, cast

import asyncpg
import orjson
from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Executable,
    MetaData,
    NullPool,
    Text,
    Uuid,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ReadConn = NewType("ReadConn", AsyncConnection)
WriteConn = NewType("WriteConn", ReadConn)  # a writer may read; a reader may not write

T = TypeVar("T")

# serialization_failure, deadlock_detected; and the two that can be such a failure in disguise, where a check came just
# before another transaction's commit (PostgreSQL 13.5): unique_violation, exclusion_violation
RETRIED = {"40001", "40P01", "23505", "23P01"}
TRIES = 6


def to_json(value: object) -> str:
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: object) -> str:
    if isinstance(value, uuid.UUID):  # the driver's own subclass, which orjson does not know
        return str(value)
    raise TypeError


class Database:
    """Hands out connections: ``read`` for queries, ``write`` for one transaction.

    Readers come from a pool of sessions that PostgreSQL itself keeps from writing. ``wrote`` is set after each
    commit of this process, so that whoever numbers the changes need not wait for its next look.
    """

    def __init__(
        self,
        url: str,
        *,
        readers: int = 12,
        writers: int = 8,
        read_seconds: float = 10,
        write_seconds: float = 30,
        wait_seconds: float = 30,
        **options: Any,
    ) -> None:
        self.url = url
        self.wrote = asyncio.Event()
        self.reader = _engine(
            url, readers, wait_seconds, read_seconds, options | {"isolation_level": "AUTOCOMMIT"}, read_only="on"
        )
        self.writer = _engine(url, writers, wait_seconds, write_seconds, options, read_only="off")
        apart = {"poolclass": NullPool, "isolation_level": "AUTOCOMMIT"}
        self.apart = _engine(url, 1, wait_seconds, write_seconds, options | apart, read_only="off")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadConn]:
        async with self.reader.connect() as conn:
            yield ReadConn(conn)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteConn]:
        async with self.writer.begin() as conn:
            yield WriteConn(ReadConn(conn))
        self.wrote.set()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[ReadConn]:
        """A session that sees the database as it was at its first statement, for a read of many pages."""
        async with self.apart.connect() as conn:
            await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield ReadConn(conn)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[WriteConn]:
        """A session outside the pools that ends with the block: for a LISTEN, or a lock that a session holds."""
        async with self.apart.connect() as conn:
            yield WriteConn(ReadConn(conn))

    async def transact(self, work: Callable[[WriteConn], Awaitable[T]]) -> T:
        """What ``work`` returns from one transaction, begun again when PostgreSQL asks for that.

        Deadlocks, serialization failures and lost races for a key are retried with growing, jittered pauses; ``work``
        must therefore have no effect outside its transaction.
        """
        for attempt in range(1, TRIES + 1):
            try:
                async with self.write() as conn:
                    return await work(conn)
            except DBAPIError as error:
                if sqlstate(error) not in RETRIED or attempt == TRIES:
                    raise
                await asyncio.sleep(0.005 * 2**attempt * random.random())  # noqa: S311 -- jitter is no secret
        raise AssertionError

    async def close(self) -> None:
        await self.reader.dispose()
        await self.writer.dispose()
        await self.apart.dispose()


def _engine(
    url: str, size: int, wait_seconds: float, seconds: float, options: dict[str, Any], *, read_only: str
) -> AsyncEngine:
    settings = {
        "application_name": "entrepot",
        "default_transaction_read_only": read_only,
        "statement_timeout": f"{int(seconds * 1000)}ms",
        "lock_timeout": f"{int(seconds * 500)}ms",
        "idle_in_transaction_session_timeout": f"{int(seconds * 2000)}ms",
        "timezone": "UTC",
        "jit": "off",
    }
    pool = {} if "poolclass" in options else {"pool_size": size, "max_overflow": 0, "pool_timeout": wait_seconds}
    return create_async_engine(
        url,
        connect_args={"server_settings": settings},
        json_serializer=to_json,
        json_deserializer=orjson.loads,
        **pool,
        **options,
    )


def sqlstate(error: DBAPIError) -> str | None:
    """The five-character SQLSTATE of PostgreSQL behind ``error``."""
    return cast("str | None", getattr(error.orig, "sqlstate", None))


async def driver(conn: ReadConn) -> "asyncpg.Connection[asyncpg.Record]":
    """The asyncpg connection under ``conn``, in its transaction: for COPY, LISTEN and libraries that speak asyncpg."""
    await conn.execute(select(1))  # SQLAlchemy begins the transaction with the first statement it sends itself
    raw = await conn.get_raw_connection()
    return cast("asyncpg.Connection[asyncpg.Record]", raw.driver_connection)


async def fetch(conn: ReadConn, statement: Executable, into: Callable[..., T], **given: Any) -> list[T]:
    """Run ``statement`` and build one ``into`` per row, by column name."""
    rows = await conn.execute(statement, given)
    names = list(rows.keys())
    return [into(**dict(zip(names, row, strict=True))) for row in rows]


async def fetch_one(conn: ReadConn, statement: Executable, into: Callable[..., T], **given: Any) -> T | None:
    """The single row of ``statement`` as ``into``, or None where there is none."""
    found = await fetch(conn, statement, into, **given)
    return found[0] if found else None


def texts(values: Collection[str]) -> "BindParameter[Any]":
    """``values`` bound as one text[], so that a statement is the same however many there are.

    What holds a NUL is left out: PostgreSQL cannot store it, so nothing equals it.
    """
    return literal([value for value in values if "\0" not in value], ARRAY(Text))


def uuids(values: Collection[uuid.UUID]) -> "BindParameter[Any]":
    """``values`` bound as one uuid[]."""
    return literal(list(values), ARRAY(Uuid))


def mentions(word: str, code: ColumnElement[str], labels: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether ``word`` is a part of a code or of one of its ``labels``, which are by locale; case does not count."""
    label = func.jsonb_each_text(labels).table_valued("key", "value").c.value
    coded, labeled = (func.lower(said).contains(word.lower(), autoescape=True) for said in (code, label))
    return or_(coded, exists().where(labeled))


async def copy(conn: WriteConn, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Load ``rows`` into ``table`` by COPY, in this transaction."""
    raw = await driver(conn)
    await raw.copy_records_to_table(table, records=rows, columns=list(columns))
