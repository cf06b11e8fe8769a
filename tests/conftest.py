"""Real PostgreSQL only: one server a run, one migrated database, cloned for a test that commits."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy import make_url

from kernel.db import Database, ReadConn, WriteConn
from server import embedded, migrating

DATA = Path(__file__).parents[2] / "shared" / "data"
_number = itertools.count(1)


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with embedded.running(tmp_path_factory.mktemp("pg")) as url:
        yield url


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """A migrated database that nobody is connected to."""
    asyncio.run(_create(server_url, "migrated", None))
    asyncio.run(migrating.migrate(_named(server_url, "migrated")))
    return "migrated"


def _named(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def _create(server_url: str, name: str, template: str | None) -> None:
    dsn = server_url.replace("postgresql+asyncpg", "postgresql")
    conn = await asyncpg.connect(dsn)
    try:
        copied = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
        await conn.execute(f'CREATE DATABASE "{name}"{copied}')
    finally:
        await conn.close()


async def _drop(server_url: str, name: str) -> None:
    conn = await asyncpg.connect(server_url.replace("postgresql+asyncpg", "postgresql"))
    try:
        await conn.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await conn.close()


@pytest.fixture
async def url(server_url: str, template: str) -> AsyncIterator[str]:
    """A fresh database for a test that commits."""
    name = f"test_{next(_number)}"
    await _create(server_url, name, template)
    yield _named(server_url, name)
    await _drop(server_url, name)


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    database = Database(url, readers=6, writers=6)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def shared(server_url: str, template: str) -> AsyncIterator[Database]:
    """One database for all tests that roll back."""
    await _create(server_url, "rolled_back", template)
    database = Database(_named(server_url, "rolled_back"), readers=2, writers=4)
    yield database
    await database.close()


@pytest.fixture
async def conn(shared: Database) -> AsyncIterator[WriteConn]:
    """One connection whose transaction is rolled back at the end."""
    async with shared.writer.connect() as connection:
        yield WriteConn(ReadConn(connection))
        await connection.rollback()


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """The address of something that speaks S3 and has one bucket, ``shop``."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 -- slow to load, and few tests need it

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    httpx.put(f"http://{host}:{port}/shop", trust_env=False).raise_for_status()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real retail data; tests that need it are skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip("the real data is not here")  # its rows are not ours to ship
    return DATA
