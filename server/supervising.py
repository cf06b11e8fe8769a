"""Parts of a node that run for as long as it does."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()

PAUSE = 0.5  # seconds before a part that failed is begun again


async def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run ``work`` again whenever it ends or fails, until cancelled: nothing that fails stops a part for good."""
    while True:
        try:
            await work()
        except Exception as error:
            log.error("part.failed", part=name, exc_info=error)  # noqa: TRY400 -- the exception is given
        await asyncio.sleep(PAUSE)
