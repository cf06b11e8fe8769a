import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import any_, delete, text
from sqlalchemy.dialects.postgresql import insert

from kernel import tasks
from kernel.db import Database, ReadConn, WriteConn, texts
from kernel.errors import InvalidInput, NotFound
from kernel.files import Files

from . import mapping, queries
from .mapping import Document
from .model import JOB, Import, Importer, SavedMapping
from .tables import import_file, import_mapping

LONGEST_NAME = 100


async def keep(db: Database, files: Files, path: Path) -> str:
    """Put a file where every node can read it; returns the key that ``start`` is to be told within the hour."""
    key = f"imports/{uuid.uuid4().hex}"
    await db.transact(lambda conn: conn.execute(insert(import_file).values(key=key)))
    await files.put(key, path)
    return key


async def start(
    conn: WriteConn,
    importer: Importer,
    *,
    file: str,
    name: str,
    mapping: str | None = None,
    options: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    actor: str,
    queued: bool = True,
) -> Import:
    """Bring in the kept ``file``, called ``name``, as the mapping says; a dry run tells the same and changes nothing.

    ``queued`` is as ``tasks.start`` takes it. The mapping stays as it is now, whoever changes it meanwhile. Raises
    NotFound and InvalidInput.
    """
    document = await document_of(conn, importer, mapping)
    given = {
        "kind": importer.kind,
        "file": file,
        "name": name[:200],
        "mapping": document.model_dump(mode="json", by_alias=True),
        "options": dict(options or {}),
        "dry_run": dry_run,
    }
    task = await tasks.start(conn, JOB, actor=actor, given=given, queued=queued)
    return (await queries.imports_by_id(conn, [task.id]))[task.id]


async def document_of(conn: ReadConn, importer: Importer, name: str | None) -> Document:
    """The mapping of that name, saved or ready; the kind's own where none is named. Raises NotFound, InvalidInput."""
    wanted = name or importer.default
    if wanted in importer.ready:
        return importer.ready[wanted]
    saved = (await queries.mappings_by_name(conn, [wanted])).get(wanted)
    if saved is None:
        raise NotFound("import mapping", wanted[:100])
    if saved.kind != importer.kind:
        raise InvalidInput("mapping", f"{wanted[:100]} is for {saved.kind.lower()}")
    return mapping.parse(saved.document)


async def save_mapping(conn: WriteConn, importer: Importer, *, name: str, document: Any, actor: str) -> SavedMapping:
    """Save a mapping, or change it. Raises InvalidInput."""
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise InvalidInput("name", f"must be 1 to {LONGEST_NAME} printable characters")
    if name in importer.ready:
        raise InvalidInput("name", "is that of a mapping which every hub has")
    parsed = mapping.parse(document).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    row: dict[str, Any] = {"name": name, "kind": importer.kind, "document": parsed, "saved_by": actor}
    new = insert(import_mapping).values(row)
    await conn.execute(new.on_conflict_do_update(index_elements=["name"], set_=row))
    return SavedMapping(**row)


async def cancel(conn: WriteConn, id: uuid.UUID) -> Import:
    """Stop an import between two chunks. Raises NotFound."""
    if id not in await queries.imports_by_id(conn, [id]):
        raise NotFound("import", str(id))
    await tasks.cancel(conn, id)
    return (await queries.imports_by_id(conn, [id]))[id]


async def sweep(db: Database, files: Files, *, most: int = 1_000) -> int:
    """Remove what an hour ago nobody was going to read any more: staged rows, and up to ``most`` files.

    Returns how many files they were. The work of an import removes its own, unless it was cancelled before it began,
    was given up or was never asked for.
    """
    await db.transact(lambda conn: conn.execute(_UNSTAGE))
    async with db.read() as conn:
        keys = list((await conn.execute(_UNREAD, {"kind": JOB, "most": most})).scalars())
    await files.delete(keys)
    await db.transact(lambda conn: conn.execute(delete(import_file).where(import_file.c.key == any_(texts(keys)))))
    return len(keys)


_UNSTAGE = text("""
    DELETE FROM import_row WHERE task_id IN (
        SELECT id FROM task WHERE kind = 'import' AND finished_at < now() - interval '1 hour'
    )
""")
_UNREAD = text("""
    SELECT key FROM import_file f WHERE kept_at < now() - interval '1 hour' AND NOT EXISTS (
        SELECT FROM task WHERE kind = :kind AND status IN ('QUEUED', 'RUNNING') AND given ->> 'file' = f.key
    )
    ORDER BY kept_at LIMIT :most
""")
