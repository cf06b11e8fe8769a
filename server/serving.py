"""Serving the hub: one process, one event loop, granian in front."""

import asyncio
import gc
import signal

import uvloop
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from server import app, logs
from server.settings import Settings

MOST_CONNECTIONS = 8192


def serve(settings: Settings, url: str) -> None:
    """Serve until SIGINT or SIGTERM."""
    logs.configure(settings.log_level)
    gc.set_threshold(50_000, 20, 100)  # requests make many short-lived objects and no cycles
    uvloop.run(_serve(settings, url))


async def _serve(settings: Settings, url: str) -> None:
    hub = app.create(settings, url)
    server = Server(
        hub,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        backlog=MOST_CONNECTIONS,
        backpressure=MOST_CONNECTIONS,
        log_level=LogLevels.error,
    )

    def stop() -> None:
        hub.state.doors.closing.set()
        server.stop()  # type: ignore[no-untyped-call]  # granian's

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    gc.collect()
    gc.freeze()  # the schema and the code stay for good: not to be looked through again
    await server.serve()
