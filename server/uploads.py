"""Where a file is sent that was announced by ``requestUpload``, for a hub that keeps its files in a folder.

The URL is the permission: it holds a secret, is good for one file of one size, and closes when it expires or the file
was taken in. What is sent here is looked at when it is taken in, and only then.
"""

import secrets
import uuid

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from kernel.db import Database
from kernel.files import Files, Incoming, TooLarge
from pim.media import operations, queries
from pim.media.model import Expected

CLOSE = {"connection": "close"}


class Uploads:
    """Takes ``PUT /uploads/<id>/<ticket>``."""

    def __init__(self, db: Database, files: Files) -> None:
        self.db = db
        self.files = files

    async def receive(self, asked: Request) -> Response:
        said = await self._expected(asked.path_params["id"], asked.path_params["ticket"])
        if said is None:
            return PlainTextResponse("not found", 404, CLOSE)
        if not said.is_open:
            return PlainTextResponse("closed: it has expired, or the file was taken in", 410, CLOSE)
        wrong = PlainTextResponse(f"the file must have {said.bytes} bytes, as was said", 400, CLOSE)
        if asked.headers.get("content-length", str(said.bytes)) != str(said.bytes):
            return wrong
        with self.files.a_folder() as folder:
            incoming = Incoming(folder, most=said.bytes)
            try:
                async for chunk in asked.stream():
                    await incoming.write(chunk)
            except (TooLarge, ClientDisconnect):
                return wrong
            upload = await incoming.finish(said.name)
            if upload.bytes != said.bytes:
                return wrong
            await self.files.put(operations.sent(said.id), upload.path, replace=True)
        return Response(status_code=204)

    async def _expected(self, id: str, ticket: str) -> Expected | None:
        try:
            known, shown = uuid.UUID(id), uuid.UUID(ticket)
        except ValueError:
            return None
        async with self.db.read() as conn:
            said = await queries.expected(conn, known)
        return said if said and secrets.compare_digest(said.ticket.bytes, shown.bytes) else None
