"""Hubs to send requests to: a real one in its own process for the whole run, and one inside the test to look into."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from sqlalchemy import event

from kernel import changes
from kernel.db import Database
from kernel.files import Files
from pim.media.store import Store
from server import app
from server.access import Doors
from server.demo import loading, people
from server.sequencer import Sequencer
from server.settings import Settings
from tests.conftest import _create, _drop, _named, _number
from tests.server.hubs import Client, Hub, a_hub, free_port, soon

Clients = Callable[..., Client]


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The demo shop, served."""
    with a_hub(tmp_path_factory.mktemp("hub")) as one:
        yield one


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(timeout=30, trust_env=False, limits=limits) as client:
        yield client


@pytest.fixture(scope="session")
def client(hub: Hub, http: httpx.AsyncClient) -> Clients:
    """Clients of the hub by their role; head office where none is named."""
    tokens = hub.tokens
    return lambda role="head_office": Client(hub.base, tokens[role], http)


@dataclass
class Inside:
    """A hub in this very process, behind the same server, with a fresh copy of the demo shop."""

    base: str
    doors: Doors
    tokens: dict[str, str]
    http: httpx.AsyncClient

    @property
    def db(self) -> Database:
        return self.doors.db

    def client(self, role: str | None = "head_office") -> Client:
        return Client(self.base, self.tokens[role] if role else None, self.http)

    def subscribers(self) -> int:
        there = self.doors.feed.subscribers
        return len(there.others.union(*there.by_sku.values()))

    @contextlib.contextmanager
    def statements(self) -> Iterator[list[str]]:
        """What is executed meanwhile, in order."""
        heard: list[str] = []

        def hear(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
            heard.append(statement)

        engines = [self.db.reader.sync_engine, self.db.writer.sync_engine]
        for engine in engines:
            event.listen(engine, "before_cursor_execute", hear)
        try:
            yield heard
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", hear)


@pytest.fixture(scope="session")
async def shop(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, dict[str, str]]:
    """A database with the demo shop that nobody is connected to, its data folder and its tokens."""
    folder = tmp_path_factory.mktemp("shop")
    await _create(server_url, "shop", template)
    db = Database(_named(server_url, "shop"))
    try:
        await loading.load_when_empty(db, Store(Files.in_folder(folder / "media")))
        tokens = await people.tokens(db, folder)
        numbering = asyncio.create_task(Sequencer(db, retention=timedelta(days=7)).run())
        await soon(lambda: _all_is_numbered(db))
        numbering.cancel()
        await asyncio.gather(numbering, return_exceptions=True)
    finally:
        await db.close()
    return "shop", folder, tokens


async def _all_is_numbered(db: Database) -> bool:
    async with db.read() as conn:
        return await changes.waiting(conn) == 0


@pytest.fixture
async def shop_url(server_url: str, shop: tuple[str, Path, dict[str, str]]) -> AsyncIterator[str]:
    """A fresh database with the demo shop."""
    name = f"shop_{next(_number)}"
    await _create(server_url, name, shop[0])
    yield _named(server_url, name)
    await _drop(server_url, name)


Insides = Callable[..., contextlib.AbstractAsyncContextManager[Inside]]


@pytest.fixture
def inside(shop_url: str, shop: tuple[str, Path, dict[str, str]], http: httpx.AsyncClient) -> Insides:
    """Start a hub inside the test, with the settings given."""
    _, folder, tokens = shop

    @contextlib.asynccontextmanager
    async def start(**given: Any) -> AsyncIterator[Inside]:
        free: dict[str, Any] = {"rate_limit_per_second": 1e5, "rate_limit_burst": 10**5}
        settings = Settings(data_dir=folder, port=free_port(), **(free | given))
        made = app.create(settings, shop_url)
        server = Server(
            made,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGI,
            log_level=LogLevels.error,
        )
        serving = asyncio.create_task(server.serve())
        base = f"http://{settings.host}:{settings.port}"
        try:
            await soon(lambda: _well(http, base, serving))
            yield Inside(base, made.state.doors, tokens, http)
        finally:
            made.state.doors.closing.set()
            server.stop()  # type: ignore[no-untyped-call]
            await serving

    return start


async def _well(http: httpx.AsyncClient, base: str, serving: "asyncio.Task[None]") -> bool:
    if serving.done():
        serving.result()
    with contextlib.suppress(httpx.TransportError):
        return (await http.get(f"{base}/health")).status_code == 200
    return False
