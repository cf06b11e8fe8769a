"""Subscribers to ``stockChanged``, in a process of their own, and the writer they hear of.

Run as ``python -m bench.watch``: a ``Watch`` as JSON on standard input, delays in milliseconds as JSON on standard
output. A delay runs from the moment the fact was written, inside its transaction, until the message is at the
subscriber: committing is part of it.
"""

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
import uvloop
from websockets.asyncio.client import ClientConnection, connect

from bench.load import in_milliseconds
from tests import contract


@dataclass(frozen=True, kw_only=True)
class Watch:
    """``rate`` adjustments a second over ``seconds``, of ``levels`` (sku, location)."""

    port: int
    token: str
    levels: list[list[str]]
    subscribers: int
    rate: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Watched:
    messages: int
    expected: int
    p50: float
    p99: float
    most: float


async def run(given: Watch) -> Watched:
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(_connected(given)) for _ in range(given.subscribers + 1)]
        *readers, writer = sockets
        for one in readers:
            await one.send(_operation("1", "WatchStock", {}))
        await asyncio.sleep(1)
        heard: list[tuple[float, str | bytes]] = []
        tasks = [asyncio.create_task(_hear(one, heard)) for one in readers]
        sent = await _write(writer, given)
        ends = time.monotonic() + 10
        while len(heard) < sent * len(readers) and time.monotonic() < ends:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
    delays = [at - _written(message) for at, message in heard]
    return Watched(messages=len(heard), expected=sent * given.subscribers, **in_milliseconds(delays))


@contextlib.asynccontextmanager
async def _connected(given: Watch):  # type: ignore[no-untyped-def] # noqa: ANN202
    address = f"ws://127.0.0.1:{given.port}/graphql"
    async with connect(address, subprotocols=["graphql-transport-ws"], compression=None) as socket:  # type: ignore[list-item]
        await socket.send(_message(type="connection_init", payload={"authorization": f"Bearer {given.token}"}))
        assert b"connection_ack" in await socket.recv(decode=False)
        yield socket


async def _hear(socket: ClientConnection, heard: list[tuple[float, str | bytes]]) -> None:
    async for message in socket:
        heard.append((time.time(), message))  # noqa: PERF401 -- heard by many at once


async def _write(socket: ClientConnection, given: Watch) -> int:
    begun, sent = time.monotonic(), 0
    while (now := time.monotonic()) < begun + given.seconds:
        await asyncio.sleep(max(0, begun + sent / given.rate - now))
        sku, location = random.choice(given.levels)
        line = {"sku": sku, "location": location, "delta": 1, "state": "ON_HAND"}
        key = f"{random.getrandbits(96):x}"
        asked = {"input": {"idempotencyKey": key, "reason": "RECEIVED", "adjustments": [line]}}
        await socket.send(_operation(str(sent), "AdjustStock", asked))
        answer = orjson.loads(await socket.recv())
        assert answer["payload"]["data"]["adjustStock"]["__typename"] == "StockAdjustment", answer
        assert orjson.loads(await socket.recv())["type"] == "complete"
        sent += 1
    return sent


def _operation(id: str, name: str, variables: Mapping[str, object]) -> str:
    payload = {"query": contract.text(name), "operationName": name, "variables": variables}
    return _message(id=id, type="subscribe", payload=payload)


def _message(**message: object) -> str:
    return orjson.dumps(message).decode()


def _written(message: str | bytes) -> float:
    told = orjson.loads(message)["payload"]["data"]["stockChanged"]
    return datetime.fromisoformat(told["at"]).timestamp()


if __name__ == "__main__":
    watched = uvloop.run(run(Watch(**orjson.loads(sys.stdin.buffer.read()))))
    sys.stdout.buffer.write(orjson.dumps(asdict(watched)))
