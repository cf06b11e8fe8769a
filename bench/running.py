"""What runs during a bench: PostgreSQL, a grown shop for each size, the hub, and what it is measured against.

The shops are kept in the system's folder for temporary files and used again while the schema and the demo are the
same; each run works on copies.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import psutil
from sqlalchemy import make_url, text

from bench.load import Load, Measured
from kernel.db import Database
from pim.media.store import Store
from server import embedded, migrating, stores
from server.demo import loading, people, scaling
from server.embedded import postmaster
from server.sequencer import Sequencer
from server.settings import Settings

FOLDER = Path(tempfile.gettempdir()) / "entrepot-bench"
ROOT = Path(__file__).parents[1]
MADE_OF = ("migrations/versions/*.py", "server/demo/*.py", "server/demo/data/*.json")
START_SECONDS = 60


@dataclass(frozen=True)
class Shop:
    """A demo shop of so many variants: a database of its own, and tokens for it."""

    variants: int
    url: str
    tokens: dict[str, str]

    @property
    def dsn(self) -> str:
        return self.url.replace("postgresql+asyncpg", "postgresql")

    @property
    def name(self) -> str:
        return f"{self.variants // 1000}k" if self.variants >= 1000 else str(self.variants)


@dataclass(frozen=True)
class Server:
    """A server process that is measured."""

    port: int
    process: psutil.Process

    def cpu(self) -> "Cpu":
        """What it and all sessions of PostgreSQL have used so far."""
        return Cpu(_seconds([self.process]), _seconds(_sessions()))


@dataclass(frozen=True)
class Cpu:
    """Seconds of processor time: it says what a request costs even where others use the machine too."""

    server: float
    postgres: float

    def since(self, before: "Cpu") -> "Cpu":
        return Cpu(self.server - before.server, self.postgres - before.postgres)

    @property
    def both(self) -> float:
        return self.server + self.postgres


def _sessions() -> list[psutil.Process]:
    running_now = postmaster.recorded((FOLDER / "postgres").resolve())
    return running_now.process.children() if running_now else []


def _seconds(processes: list[psutil.Process]) -> float:
    used = 0.0
    for one in processes:
        with contextlib.suppress(psutil.Error):
            times = one.cpu_times()
            used += times.user + times.system
    return used


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    FOLDER.mkdir(exist_ok=True)
    with embedded.running(FOLDER) as url:
        yield url


def shop(server_url: str, variants: int) -> Shop:
    """A fresh copy of the shop with ``variants`` variants, which is made when it is not kept from before."""
    folder = FOLDER / f"shop-{variants}"
    folder.mkdir(exist_ok=True)
    kept, copied = f"shop_{variants}", f"run_{variants}"
    mark = _mark()
    if asyncio.run(_comment(server_url, kept)) != mark:
        asyncio.run(_recreate(server_url, kept))
        asyncio.run(_fill(_named(server_url, kept), variants, folder))
        asyncio.run(_execute(server_url, f"COMMENT ON DATABASE {kept} IS '{mark}'"))
    asyncio.run(_recreate(server_url, copied, kept))
    tokens = json.loads((folder / people.FILE).read_text())
    return Shop(variants, _named(server_url, copied), tokens)


def _mark() -> str:
    told = hashlib.sha256()
    for pattern in MADE_OF:
        for path in sorted(ROOT.glob(pattern)):
            told.update(path.read_bytes())
    return told.hexdigest()


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


async def _execute(url: str, *statements: str) -> None:
    conn = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        for statement in statements:
            await conn.execute(statement, timeout=600)
    finally:
        await conn.close()


async def _comment(url: str, database: str) -> str | None:
    conn = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        found = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1"
        return str(await conn.fetchval(found, database))
    finally:
        await conn.close()


async def _recreate(url: str, database: str, template: str | None = None) -> None:
    copied = f" TEMPLATE {template} STRATEGY FILE_COPY" if template else ""
    await _execute(
        url, f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", f"CREATE DATABASE {database}{copied}", "CHECKPOINT"
    )


async def _fill(url: str, variants: int, folder: Path) -> None:
    """The shop as it is after a quiet night: changes numbered, tables vacuumed."""
    await migrating.migrate(url)
    db = Database(url, write_seconds=600)
    try:
        await loading.load_when_empty(db, Store(stores.files(Settings(data_dir=folder))))
        await scaling.grow(db, variants)
        (folder / people.FILE).unlink(missing_ok=True)
        await people.tokens(db, folder)
        await _number_all(db)
    finally:
        await db.close()
    await _execute(url, "VACUUM ANALYZE")


async def _number_all(db: Database) -> None:
    sequencing = asyncio.create_task(Sequencer(db, retention=timedelta(days=7)).run())
    while await _waiting(db):  # noqa: ASYNC110 -- the outbox tells nobody that it is empty
        await asyncio.sleep(0.2)
    sequencing.cancel()
    await asyncio.gather(sequencing, return_exceptions=True)


async def _waiting(db: Database) -> bool:
    async with db.read() as conn:
        return bool((await conn.execute(text("SELECT EXISTS (SELECT FROM outbox)"))).scalar_one())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def hub(of: Shop) -> Iterator[Server]:
    """The real hub on ``of``, in its own process."""
    port = free_port()
    given = {
        "DATABASE_URL": of.dsn,
        "DATA_DIR": str(FOLDER / f"shop-{of.variants}"),
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "RATE_LIMIT_PER_SECOND": "1000000",
        "RATE_LIMIT_BURST": "1000000",
    }
    with _process([sys.executable, "-m", "server.cli", "serve"], port, given) as server:
        yield server


@contextlib.contextmanager
def bare(of: Shop) -> Iterator[Server]:
    """What reads are measured against, in its own process."""
    port = free_port()
    with _process([sys.executable, "-m", "bench.bare", of.dsn, str(port)], port, {}) as server:
        yield server


@contextlib.contextmanager
def _process(command: list[str], port: int, given: dict[str, str]) -> Iterator[Server]:
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | given) as process:
        try:
            _await_answer(process, port)
            yield Server(port, psutil.Process(process.pid))
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _await_answer(process: "subprocess.Popen[bytes]", port: int) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"{process.args!r} does not answer")


def load(given: Load, server: Server) -> tuple[Measured, Cpu]:
    """Run a load in its own process; with it, what a request cost in milliseconds.

    Raises RuntimeError where an answer was not what was expected.
    """
    before = server.cpu()
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=orjson.dumps(asdict(given)),
        capture_output=True,
        cwd=ROOT,
        check=False,
        timeout=given.seconds + given.warm_seconds + 120,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-2000:])
    measured = Measured(**orjson.loads(done.stdout))
    if measured.failed or not measured.requests:
        raise RuntimeError(f"{given.path}: {measured.failed} failed: {measured.failure[:1500]}")
    used, answered = server.cpu().since(before), measured.requests + measured.warm
    return measured, Cpu(used.server / answered * 1000, used.postgres / answered * 1000)


def ask(port: int, body: str, *, path: str = "/graphql", token: str = "") -> Any:
    """One answer."""
    headers = {"content-type": "application/json", "accept": "application/json", "authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body.encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return orjson.loads(answer.read())


async def rows(of: Shop, statement: str, *given: Any) -> list[Any]:
    conn = await asyncpg.connect(of.dsn)
    try:
        return list(await conn.fetch(statement, *given))
    finally:
        await conn.close()
