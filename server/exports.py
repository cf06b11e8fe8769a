"""Exported files over HTTP, to whoever has the signed address of one; and their end."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from kernel import ids
from kernel.db import Database
from kernel.files import Files
from kernel.jobs import Job
from pim.exports import queries
from pim.exports.model import KEPT

NAME = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(csv|xlsx|jsonl)")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/jsonl",
}
HEADERS = {
    "cache-control": "private, no-store",
    "content-security-policy": "default-src 'none'; sandbox",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
SWEPT = timedelta(days=2)  # for how long expired files are looked for


class ExportedFiles:
    """Serves ``/exports/<id>.<format>?expires=…&signature=…``; any other address there is nothing."""

    def __init__(self, db: Database, files: Files) -> None:
        self.db = db
        self.files = files

    async def serve(self, asked: Request) -> Response:
        match = NAME.fullmatch(asked.path_params["name"])
        key = ids.as_uuid(match[1]) if match else None
        if match is None or key is None:
            return _nothing()
        async with self.db.read() as conn:
            one = (await queries.exports_by_id(conn, [key])).get(key)
        expires, signature = (asked.query_params.get(name, "") for name in ("expires", "signature"))
        if one is None or one.file_name != match[0] or not one.opens(expires, signature):
            return _nothing()
        found = await self.files.read(one.key)
        if found is None:
            return _nothing()
        name = f"products-{one.created_at:%Y-%m-%d}.{match[2]}"
        headers = {"content-length": str(found.size), "content-disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(found.chunks, headers=HEADERS | headers, media_type=TYPES[match[2]])


def _nothing() -> Response:
    return PlainTextResponse("there is no such export, or its address has expired", 404)


def sweeping(files: Files) -> Job:
    """The job that removes files whose addresses have expired."""

    async def sweep(db: Database, _given: Mapping[str, Any]) -> None:
        until = datetime.now(UTC) - KEPT
        async with db.read() as conn:
            found = await queries.ended(conn, since=until - SWEPT, until=until)
        await files.delete([one.key for one in found])

    return Job("exports.sweep", sweep, cron="47 * * * *")
