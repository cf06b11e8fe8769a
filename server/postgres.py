"""Which PostgreSQL serves: reachable, and new enough."""

import asyncpg
from sqlalchemy import make_url

from server.errors import OperatorError

OLDEST = 18
CONNECT_SECONDS = 10


def refuse_older(version_num: int) -> None:
    """Refuse a server below PostgreSQL 18, by its ``server_version_num``: 150004 is 15.4."""
    if version_num < OLDEST * 10_000:
        raise OperatorError(
            f"Entrepot needs PostgreSQL {OLDEST} or newer; the server at DATABASE_URL runs {named(version_num)}"
        )


def named(version_num: int) -> str:
    """Such as ``18.6``."""
    major, minor = divmod(version_num, 10_000)
    return f"{major}.{minor}"


async def version_num(dsn: str) -> int:
    """The ``server_version_num`` of the server behind ``dsn``, or one line that says why it cannot be reached."""
    try:
        conn = await asyncpg.connect(_plain(dsn), timeout=CONNECT_SECONDS)
    except TimeoutError:
        raise OperatorError(f"PostgreSQL at DATABASE_URL does not answer within {CONNECT_SECONDS} s") from None
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise OperatorError(f"PostgreSQL at DATABASE_URL cannot be reached: {_reason(error)}") from None
    try:
        return int(await conn.fetchval("SELECT current_setting('server_version_num')"))
    finally:
        await conn.close()


def _plain(dsn: str) -> str:
    """The same address as asyncpg itself reads it."""
    url = make_url(dsn).set(drivername="postgresql")
    if "ssl" in url.query:
        url = url.difference_update_query(["ssl"]).update_query_dict({"sslmode": url.query["ssl"]})
    return url.render_as_string(hide_password=False)


def _reason(error: Exception) -> str:
    """The first line of an error, kept free of the address, which may hold a password."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ValueError):
        return "its address is not understood"
    return str(error).partition("\n")[0]
