"""Answers that many subscribers get alike are worked out once, and their bytes shared."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable

KEPT = 2_000
YOUNG = 1.0  # seconds for which an answer serves others: what it says beside the change itself may move on


class Shared:
    """Answers by what they depend on: the operation, what its caller may see, and the event."""

    def __init__(self) -> None:
        self._recent: OrderedDict[Hashable, tuple[float, asyncio.Future[bytes]]] = OrderedDict()

    async def once(self, key: Hashable, work: Callable[[], Awaitable[bytes]]) -> bytes:
        """What ``work`` makes of ``key``, or made of it a moment ago; who began it need not stay until it is done."""
        now = time.monotonic()
        since, answer = self._recent.get(key, (now, None))
        if answer is None or now - since >= YOUNG:
            answer = asyncio.ensure_future(work())
            self._recent[key] = (now, answer)
            self._recent.move_to_end(key)
            if len(self._recent) > KEPT:
                self._recent.popitem(last=False)
        return await asyncio.shield(answer)
