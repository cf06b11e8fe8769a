"""The load generator, a process of its own: keep-alive HTTP/1.1 connections that each send, wait, and send again.

Run as ``python -m bench.load``: a ``Load`` as JSON on standard input, its ``Measured`` as JSON on standard output. It
reads of an answer only its length, its status and whether it holds what was expected, so that measuring costs little.
"""

import asyncio
import itertools
import random
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import cast

import orjson
import uvloop

KEY = b"{KEY}"  # in a body: replaced by what no other request has


@dataclass(frozen=True, kw_only=True)
class Load:
    """What to send to ``port`` and for how long; ``expect`` must stand in every answer."""

    port: int
    path: str
    bodies: list[str]
    expect: str
    token: str = ""
    connections: int = 8
    seconds: float = 8
    warm_seconds: float = 1.5


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Requests answered as expected, the seconds that took, and how long each one took, in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    most: float
    bytes: int
    warm: int = 0  # answered before counting began
    failed: int = 0
    failure: str = ""

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


@dataclass
class _Tally:
    """``begun`` is when counting begins."""

    begun: float
    ends: float
    taken: list[float] = field(default_factory=list)
    bytes: int = 0
    warm: int = 0
    failed: int = 0
    failure: str = ""


class _Client(asyncio.Protocol):
    def __init__(self, load: Load, bodies: "itertools.cycle[bytes]", tally: _Tally, done: asyncio.Future[None]) -> None:
        self.bodies, self.tally, self.done = bodies, tally, done
        self.expect = load.expect.encode()
        self.head = (
            f"POST {load.path} HTTP/1.1\r\nhost: 127.0.0.1:{load.port}\r\ncontent-type: application/json\r\n"
            f"accept: application/json\r\nauthorization: Bearer {load.token}\r\ncontent-length: "
        ).encode()
        self.answer = bytearray()
        self.wanted = -1
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        body = next(self.bodies)
        if KEY in body:
            body = body.replace(KEY, b"%x" % random.getrandbits(96))
        self.sent = time.perf_counter()
        self.transport.write(self.head + b"%d\r\n\r\n" % len(body) + body)

    def data_received(self, data: bytes) -> None:
        self.answer += data
        if self.wanted < 0:
            end = self.answer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.answer[:end]).lower()
            self.wanted = end + 4 + int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(self.answer) >= self.wanted:
            self._answered()

    def _answered(self) -> None:
        now, tally = time.perf_counter(), self.tally
        well = (
            self.answer.startswith(b"HTTP/1.1 200") and self.expect in self.answer and b'"errors":' not in self.answer
        )
        if not well:
            tally.failed += 1
            tally.failure = bytes(self.answer[:2000]).decode(errors="replace")
        elif now >= tally.begun:
            tally.taken.append(now - self.sent)
            tally.bytes += self.wanted
        else:
            tally.warm += 1
        self.answer, self.wanted = bytearray(), -1
        if now < tally.ends and tally.failed < 100:
            self._send()
        else:
            self.transport.close()


async def run(load: Load) -> Measured:
    bodies = [body.encode() for body in load.bodies]
    random.shuffle(bodies)
    endless = itertools.cycle(bodies)
    begun = time.perf_counter() + load.warm_seconds
    tally = _Tally(begun, begun + load.seconds)
    loop = asyncio.get_running_loop()
    ends = []
    for _ in range(load.connections):
        done: asyncio.Future[None] = loop.create_future()
        await loop.create_connection(lambda d=done: _Client(load, endless, tally, d), "127.0.0.1", load.port)  # type: ignore[misc]
        ends.append(done)
    await asyncio.wait_for(asyncio.gather(*ends), load.seconds + load.warm_seconds + 60)
    return Measured(
        requests=len(tally.taken),
        seconds=max(time.perf_counter() - begun, 1e-9),
        bytes=tally.bytes,
        warm=tally.warm,
        failed=tally.failed,
        failure=tally.failure,
        **in_milliseconds(tally.taken),
    )


def in_milliseconds(taken: list[float]) -> dict[str, float]:
    """The median, the 99th percentile and the longest of some seconds."""
    ordered = sorted(taken) or [0.0]
    at = {"p50": 0.5, "p99": 0.99, "most": 1.0}
    return {name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 for name, share in at.items()}


def main() -> None:
    load = Load(**orjson.loads(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(orjson.dumps(asdict(uvloop.run(run(load)))))


if __name__ == "__main__":
    main()
