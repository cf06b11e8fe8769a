"""Files of the catalog over HTTP: found by what they are, so they can be kept for good."""

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from kernel.db import Database
from kernel.files import Reading
from pim.media import addresses, queries
from pim.media.store import Store

WHOLE = re.compile(r"/([0-9a-f]{64})\.([a-z0-9]{3,4})")
FITTED = re.compile(r"/([0-9a-f]{64})/([1-9][0-9]{1,3})\.webp")
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
}
DOCUMENTS = frozenset({"pdf"})


class MediaFiles:
    """Serves ``/<digest>.<suffix>`` and ``/<digest>/<size>.webp``; nothing else is there."""

    def __init__(self, store: Store, db: Database) -> None:
        self.store = store
        self.db = db

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._answer(Request(scope)) if scope["type"] == "http" else _nothing()
        await answer(scope, receive, send)

    async def _answer(self, asked: Request) -> Response:
        path = asked.scope["path"].removeprefix(asked.scope.get("root_path", ""))
        if asked.method not in ("GET", "HEAD"):
            return PlainTextResponse("only GET and HEAD", 405, {"allow": "GET, HEAD"})
        if match := FITTED.fullmatch(path):
            return await self._fitted(asked, match[1], int(match[2]))
        if (match := WHOLE.fullmatch(path)) and match[2] in addresses.TYPES:
            return await self._whole(asked, match[1], match[2])
        return _nothing()

    async def _fitted(self, asked: Request, digest: str, size: int) -> Response:
        tag = f'"{digest}-{size}"'
        if size in addresses.SIZES and _is_known(asked, tag):
            return Response(status_code=304, headers=HEADERS | {"etag": tag})
        found = await self.store.thumbnail(digest, size)
        if found is None:
            return _nothing()
        headers = HEADERS | {"etag": tag, "content-length": str(len(found))}
        return Response(b"" if asked.method == "HEAD" else found, headers=headers, media_type="image/webp")

    async def _whole(self, asked: Request, digest: str, suffix: str) -> Response:
        tag = f'"{digest}"'
        headers = HEADERS | {"etag": tag, "accept-ranges": "bytes", "content-type": addresses.TYPES[suffix]}
        if _is_known(asked, tag):
            return Response(status_code=304, headers=headers)
        if suffix in DOCUMENTS:
            headers["content-disposition"] = await self._disposition(digest, suffix)
        ranged = asked.headers.get("range") if asked.headers.get("if-range", tag) == tag else None
        if asked.method == "HEAD" or ranged:
            return await self._measured(asked.method, digest, suffix, ranged or "", headers)
        return _streamed(await self.store.whole(digest, suffix), headers)

    async def _measured(self, method: str, digest: str, suffix: str, ranged: str, headers: dict[str, str]) -> Response:
        """What needs the size of the file first: its head, or a part of it."""
        size = await self.store.size(digest, suffix)
        if size is None:
            return _nothing()
        if method == "HEAD":
            return Response(headers=headers | {"content-length": str(size)})
        part = _part(ranged, size)
        if part is None:
            return _streamed(await self.store.whole(digest, suffix), headers)
        if not part:
            return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
        start, end = part
        told = {"content-range": f"bytes {start}-{end - 1}/{size}", "content-length": str(end - start)}
        return _streamed(await self.store.whole(digest, suffix, start, end), headers | told, 206)

    async def _disposition(self, digest: str, suffix: str) -> str:
        """A document is saved under the name it came with, and never shown as a page of this site."""
        async with self.db.read() as conn:
            known = (await queries.media_by_digest(conn, [digest])).get(digest)
        name = known.name if known and known.name else f"{digest[:12]}.{suffix}"
        if not name.lower().endswith(f".{suffix}"):
            name = f"{name}.{suffix}"
        return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def _streamed(found: Reading | None, headers: dict[str, str], status: int = 200) -> Response:
    if found is None:
        return _nothing()
    return StreamingResponse(found.chunks, status, {"content-length": str(found.size)} | headers)


def _nothing() -> Response:
    return PlainTextResponse("not found", 404)


def _is_known(asked: Request, tag: str) -> bool:
    told = asked.headers.get("if-none-match", "")
    return tag in (one.strip().removeprefix("W/") for one in told.split(","))


def _part(ranged: str, size: int) -> tuple[int, int] | tuple[()] | None:
    """The bytes of one range (RFC 9110); nothing where they cannot be had, None where it is to be ignored."""
    match = RANGE.fullmatch(ranged.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        start, end = max(0, size - int(match[2])), size
    else:
        start, end = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    return (start, end) if start < end else ()
