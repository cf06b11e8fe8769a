import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import strawberry

from kernel.db import WriteConn
from kernel.errors import InvalidInput
from kernel.files import Incoming, Upload
from kernel.imports import model, operations, queries
from kernel.imports.model import Importer
from kernel.paging import Window
from kernel.principals import Principal
from pim.intake.importers import IMPORTERS

from . import uploads
from .access import Permission
from .context import Context, Info
from .enums import ImportKind, JobStatus
from .fields import computed, field, loads, mirrors, mutation
from .nodes import SOURCES, Node, Source, node_id
from .paging import Connection, connection
from .scalars import JSON
from .tasks import key_of

READ, WRITE = Permission.CATALOG_READ, Permission.CATALOG_WRITE


@strawberry.type
@mirrors(model.KeptProblem)
class ImportProblem:
    line: int = strawberry.field(description="From 1, the header's; what is of line 1 refused no row.")
    column: str | None
    code: str
    message: str


def _problems_of(
    root: model.Import,
    *,
    window: Window,
) -> tuple[uuid.UUID, Window]:
    return root.id, window


def _kind(root: strawberry.Parent[Any]) -> str:
    return str(root.import_kind)


@strawberry.type(description="A file that comes in. Rows are counted.")
@mirrors(model.Import)
class Import(Node):
    id = node_id("Import")
    kind = computed(ImportKind, _kind)
    file_name: str
    dry_run: bool = strawberry.field(description="Whether it only tells what it would do.")
    actor: str
    status: JobStatus
    done: int
    total: int | None = strawberry.field(description="Null until the file is read.")
    created: int
    updated: int
    refused: int
    problem: str | None = strawberry.field(description="Why the import failed as a whole.")
    problems = loads(
        Connection[ImportProblem],
        queries.problems,
        by=_problems_of,
        pick=connection,
        needs=READ,
        description="What is wrong with rows, by line.",
    )


SOURCES["Import"] = Source(queries.imports_by_id, READ)


@strawberry.input(description="Exactly one of file, upload and text says what comes in.")
class StartImportInput:
    idempotency_key: str
    kind: ImportKind
    mapping: str | None = strawberry.field(
        default=None, description="The name of a saved mapping, or of a ready one: native, akeneo, google-taxonomy."
    )
    url: str | None = strawberry.field(default=None, description="Not taken: send the file itself.")
    file: Upload | None = None
    upload: strawberry.ID | None = strawberry.field(
        default=None, description="What requestUpload answered; a dry run leaves it to be taken again."
    )
    text: str | None = strawberry.field(
        default=None, description="The rows themselves, as pasted from a spreadsheet, or as CSV or JSON lines."
    )
    dry_run: bool | None = strawberry.field(default=False, description="Tell what would happen, and change nothing.")
    locale: str | None = strawberry.field(
        default=None, description="That of a taxonomy's names, where the file's name does not say it."
    )


def _importer(kind: ImportKind) -> Importer:
    found = IMPORTERS.get(kind.value)
    if found is None:
        raise InvalidInput("kind", f"{kind.value} cannot be imported; {', '.join(IMPORTERS)} can")
    return found


@asynccontextmanager
async def _pasted(context: Context, text: str) -> AsyncIterator[Upload]:
    """Rows that came within the request, as a file. Raises InvalidInput."""
    rows = text.lstrip("\r\n")
    if not rows.strip():
        raise InvalidInput("text", "is empty")
    encoded = rows.encode("utf-8-sig", "surrogatepass")  # marked: no mapping may say that it is anything else
    with context.files.a_folder() as folder:
        written = Incoming(folder, most=len(encoded))
        await written.write(encoded)
        yield await written.finish("pasted.jsonl" if rows.startswith("{") else "pasted.csv")


@asynccontextmanager
async def _file(context: Context, caller: Principal, input: StartImportInput) -> AsyncIterator[Upload]:
    """What comes in, on the disk of this node. Raises InvalidInput."""
    if sum(one is not None for one in (input.file, input.upload, input.text, input.url)) != 1:
        raise InvalidInput("file", "must be given, or upload or text, and only one of them")
    if input.file is not None:
        yield input.file
    elif input.upload is not None:
        async with uploads.sent(context, caller, input.upload) as (upload, _said):
            yield upload
    elif input.text is not None:
        async with _pasted(context, input.text) as upload:
            yield upload
    else:
        raise InvalidInput("url", "is not fetched by this hub: send the file itself")


async def _kept(context: Context, caller: Principal, input: StartImportInput) -> tuple[str, str]:
    """Keep the file where every node finds it, before the transaction: its key, and what its sender calls it.

    Raises InvalidInput and NotFound.
    """
    importer = _importer(input.kind)
    async with context.db.read() as conn:
        await operations.document_of(conn, importer, input.mapping)
    async with _file(context, caller, input) as upload:
        return await operations.keep(context.db, context.files, upload.path), upload.name


@mutation(
    Import,
    needs=WRITE,
    before=_kept,
    description="Bring in a file: CSV, XLSX or JSON lines. Good rows go in, what is wrong with others is told.",
)
async def start_import(
    conn: WriteConn, caller: Principal, input: StartImportInput, kept: tuple[str, str]
) -> model.Import:
    if input.upload is not None and not input.dry_run:
        await uploads.take(conn, input.upload)
    file, name = kept
    return await operations.start(
        conn,
        _importer(input.kind),
        file=file,
        name=name,
        mapping=input.mapping,
        options={"locale": input.locale} if input.locale else {},
        dry_run=bool(input.dry_run),
        actor=caller.name,
    )


@strawberry.input
class CancelImportInput:
    idempotency_key: str
    id: strawberry.ID


@mutation(Import, needs=WRITE, description="Stop an import; the rows that are in stay.")
async def cancel_import(conn: WriteConn, _caller: Principal, input: CancelImportInput) -> model.Import:
    return await operations.cancel(conn, key_of(input.id))


@strawberry.type(description="How the columns of a kind of file are read.")
@mirrors(model.SavedMapping)
class ImportMapping:
    name: str
    kind: ImportKind
    document: JSON
    saved_by: str


@strawberry.input
class SaveImportMappingInput:
    idempotency_key: str
    name: str
    kind: ImportKind
    document: JSON = strawberry.field(description="As docs/guide/import.md says.")


@mutation(ImportMapping, needs=WRITE, description="Save a mapping under a name, or change it.")
async def save_import_mapping(conn: WriteConn, caller: Principal, input: SaveImportMappingInput) -> model.SavedMapping:
    importer = _importer(input.kind)
    return await operations.save_mapping(conn, importer, name=input.name, document=input.document, actor=caller.name)


@field(Connection[Import], needs=READ, description="The newest first.")
async def imports(
    _caller: Principal,
    info: Info,
    window: Window,
) -> Any:
    async with info.context.db.read() as conn:
        return connection(await queries.page_of_imports(conn, window))


@field(Connection[ImportMapping], needs=READ, description="Those that were saved, by name.")
async def import_mappings(
    _caller: Principal,
    info: Info,
    window: Window,
) -> Any:
    async with info.context.db.read() as conn:
        return connection(await queries.page_of_mappings(conn, window))
