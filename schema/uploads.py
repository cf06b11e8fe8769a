"""Files that were sent to where ``requestUpload`` said, for the mutations that take them in by ``upload``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import strawberry

from kernel.db import WriteConn
from kernel.errors import InvalidInput
from kernel.files import TooLarge, Upload
from kernel.principals import Principal
from pim.media import operations, queries
from pim.media.model import Expected

from .context import Context
from .nodes import uuid_of


@asynccontextmanager
async def sent(context: Context, caller: Principal, id: strawberry.ID) -> AsyncIterator[tuple[Upload, Expected]]:
    """What ``caller`` sent, on the disk of this node meanwhile, and what was said of it. Raises InvalidInput."""
    async with context.db.read() as conn:
        said = await queries.expected(conn, uuid_of(id, "UploadTarget", path="upload"))
    if said is None or said.principal_id != caller.id:
        raise InvalidInput("upload", "is no id that requestUpload answered you")
    if not said.is_open:
        raise InvalidInput("upload", "is closed: it has expired or was taken in")
    with context.files.a_folder() as folder:
        key = operations.sent(said.id)
        if (size := await context.files.size(key)) is None:
            raise InvalidInput("upload", "has not been sent")
        if size != said.bytes:
            raise InvalidInput("upload", f"has {size} bytes, not {said.bytes} as was said")
        try:
            upload = await context.files.fetch(key, folder, name=said.name, most=size)
        except TooLarge:
            upload = None
        if upload is None or upload.bytes != size:
            raise InvalidInput("upload", "was sent anew meanwhile")
        yield upload, said


async def take(conn: WriteConn, id: strawberry.ID) -> None:
    """Close an upload, in the transaction that takes it in. Raises InvalidInput where another call did."""
    await operations.take(conn, uuid_of(id, "UploadTarget", path="upload"))
