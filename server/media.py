"""Files of the catalog over HTTP: found by what they are, so they can be kept for good."""

import asyncio
import re
from pathlib import Path

from starlette.responses import FileResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send

from pim.media.store import Store

WHOLE = re.compile(r"/([0-9a-f]{64})\.(png|jpg|webp)")
FITTED = re.compile(r"/([0-9a-f]{64})/(\d{1,4})\.webp")
HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
}


class MediaFiles:
    """Serves ``/<digest>.<suffix>`` and ``/<digest>/<size>.webp``; nothing else is there."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        found = await asyncio.to_thread(self._find, path) if scope["type"] == "http" else None
        known = FileResponse(found, headers=HEADERS) if found else PlainTextResponse("not found", 404)
        await known(scope, receive, send)

    def _find(self, path: str) -> Path | None:
        if match := WHOLE.fullmatch(path):
            whole = self.store.path(*match.groups())
            return whole if whole.exists() else None
        if match := FITTED.fullmatch(path):
            return self.store.thumbnail(match.group(1), int(match.group(2)))
        return None
