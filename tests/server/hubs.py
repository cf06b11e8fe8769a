"""A running hub as its clients see it: documents of the contract over HTTP, WebSocket and server-sent events."""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import websockets
from httpx_sse import aconnect_sse

from server.graphql.socket import PROTOCOL
from tests import contract

SECONDS = 20.0  # until something that must happen has happened
ROOT = Path(__file__).parents[2]
_number = itertools.count(1)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def document(operation: str) -> str:
    """The contract's document of that name, or ``operation`` itself where it is one."""
    return operation if "{" in operation else contract.text(operation)


def key() -> str:
    """An idempotency key that no other test uses."""
    return f"test-{os.getpid()}-{next(_number)}"


async def soon(look: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """What ``look`` finds once it is true; fails where that takes too long."""
    until = time.monotonic() + seconds
    while True:
        found = look()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        assert time.monotonic() < until, "it did not happen"
        await asyncio.sleep(0.02)


class Ended(Exception):
    """The hub ended an operation with ``errors`` before it began."""

    def __init__(self, errors: list[Any]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass
class Socket:
    """One WebSocket that has been let in; its operations run one after the other or side by side."""

    raw: websockets.ClientConnection
    waiting: dict[str, asyncio.Queue[Any]] = field(default_factory=dict)

    async def send(self, **message: Any) -> None:
        await self.raw.send(orjson.dumps(message).decode())

    async def receive(self) -> Any:
        async with asyncio.timeout(SECONDS):
            return orjson.loads(await self.raw.recv())

    async def begin(self, operation: str, **variables: Any) -> str:
        begun = str(next(_number))
        self.waiting[begun] = asyncio.Queue()
        await self.send(id=begun, type="subscribe", payload={"query": document(operation), "variables": variables})
        return begun

    async def next(self, id: str) -> Any:
        """The next answer of an operation; None when it is complete. Raises Ended."""
        while self.waiting[id].empty():
            message = await self.receive()
            self.waiting[message["id"]].put_nowait(message)
        message = self.waiting[id].get_nowait()
        if message["type"] == "error":
            raise Ended(message["payload"])
        return message["payload"] if message["type"] == "next" else None

    async def subscribe(self, operation: str, **variables: Any) -> AsyncIterator[Any]:
        """The data of each event, under the name of the one field asked; ends with the operation."""
        begun = await self.begin(operation, **variables)
        while (found := await self.next(begun)) is not None:
            assert "errors" not in found, found["errors"]
            [event] = found["data"].values()
            yield event


@dataclass
class Client:
    """Somebody with a token, or with none."""

    base: str
    token: str | None
    http: httpx.AsyncClient

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    async def post(self, body: Any, **headers: str) -> httpx.Response:
        return await self.http.post(f"{self.base}/graphql", json=body, headers=self.headers | headers)

    async def ask(self, operation: str, **variables: Any) -> dict[str, Any]:
        """The whole answer."""
        response = await self.post({"query": document(operation), "variables": variables})
        assert response.headers["content-type"] == "application/graphql-response+json"
        return dict(response.json())

    async def send(self, operation: str, **variables: Any) -> Any:
        """What the one field asked says; there must be no errors."""
        answer = await self.ask(operation, **variables)
        assert "errors" not in answer, answer["errors"]
        [found] = answer["data"].values()
        return found

    async def code(self, operation: str, **variables: Any) -> str:
        """The code of the one error that this is answered with."""
        [error] = (await self.ask(operation, **variables))["errors"]
        return str(error["extensions"]["code"])

    @contextlib.asynccontextmanager
    async def socket(self, **options: Any) -> AsyncIterator[Socket]:
        async with self.raw_socket(**options) as raw:
            one = Socket(raw)
            await one.send(type="connection_init", payload=self.headers)
            assert await one.receive() == {"type": "connection_ack"}
            yield one

    def raw_socket(self, **options: Any) -> websockets.connect:
        given: dict[str, Any] = {"subprotocols": [PROTOCOL], "open_timeout": SECONDS, "max_queue": None, "proxy": None}

        return websockets.connect(self.base.replace("http", "ws", 1) + "/graphql", **(given | options))

    async def events(self, operation: str, **variables: Any) -> AsyncGenerator[Any]:
        """The answers of an operation as server-sent events, until it is complete."""
        body = {"query": document(operation), "variables": variables}
        async with aconnect_sse(
            self.http, "POST", f"{self.base}/graphql", json=body, headers=self.headers, timeout=SECONDS
        ) as source:
            async for event in source.aiter_sse():
                if event.event == "complete":
                    return
                yield orjson.loads(event.data)


@dataclass
class Hub:
    """A hub in a process of its own."""

    base: str
    data_dir: Path
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def tokens(self) -> dict[str, str]:
        return dict(orjson.loads((self.data_dir / "demo-tokens.json").read_bytes()))


@contextlib.contextmanager
def a_hub(folder: Path, command: str = "demo", **settings: str) -> Iterator[Hub]:
    """Start a hub with its data in ``folder``, wait until it is well, and end it by SIGTERM."""
    port, data_dir = free_port(), folder / "var"
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
        "DATA_DIR": str(data_dir),
        "PORT": str(port),
        "RATE_LIMIT_PER_SECOND": "100000",
        "RATE_LIMIT_BURST": "100000",
    }
    log = folder / f"hub-{port}.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "server.cli", command],
            env=environment | settings,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        hub = Hub(f"http://127.0.0.1:{port}", data_dir, log, process)
        try:
            until = time.monotonic() + 180  # other tests may be using the machine
            while not _is_well(hub):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.05)
            yield hub
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(30)


def _is_well(hub: Hub) -> bool:
    """Whether it answers and, where it shows the demo shop, has numbered everything it was loaded with."""
    with contextlib.suppress(httpx.TransportError):
        if httpx.get(f"{hub.base}/health", trust_env=False).status_code == 200:
            if not (hub.data_dir / "demo-tokens.json").exists():
                return True
            asked = {"query": "{ hub { lag { sequencer } } }"}
            headers = {"authorization": f"Bearer {hub.tokens['head_office']}"}
            answer = httpx.post(f"{hub.base}/graphql", json=asked, headers=headers, trust_env=False).json()
            return bool(answer["data"]["hub"]["lag"]["sequencer"] == 0)
    return False
