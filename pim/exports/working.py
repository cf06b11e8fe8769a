"""The work of an export: a snapshot is read into lines, and the lines are made into what was asked for."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kernel import tasks
from kernel.db import Database
from kernel.files import Files
from kernel.tasks import Task

from . import reading, writing
from .documents import Document
from .model import JSONL, Export, Selection, Written
from .sheets import Columns
from .writing import Lines

Told = Callable[[int, int], Awaitable[None]]
"""Told now and then how many of how many products are done."""


async def export(db: Database, task: Task, files: Files) -> Any:
    """Write the file of a task and keep it."""
    one = Export.of(task)

    async def tell(done: int, total: int) -> None:
        await db.transact(lambda conn: tasks.progress(conn, task, done=done, total=total))

    with files.a_folder() as folder:
        path = folder / one.file_name
        written = await write(db, Selection.read(task.given["selection"]), one.format, path, told=tell)
        await files.put(one.key, path, replace=True)
    return asdict(written)


async def write(db: Database, selection: Selection, format: str, path: Path, *, told: Told) -> Written:
    """Write what is selected to ``path``, in memory that does not grow with it. Raises InvalidInput and DoesNotFit."""
    lines = Lines(path if format == JSONL else path.with_name(f"{path.name}.lines"))
    steps = 1 if format == JSONL else 2  # reading, and making a table of what was read
    done = 0
    try:
        lines.path.write_bytes(b"")
        async with db.snapshot() as conn:
            begun = await reading.begin(conn, selection)
            columns = Columns(begun.places)
            async for documents in reading.pages(conn, begun):
                await asyncio.to_thread(_keep, lines, documents, columns)
                done += len(documents)
                await told(done // steps, begun.total)
        if format == JSONL:
            return Written(done, done)
        with writing.table(path, format, columns.header()) as table:
            rest = lines.read()
            while some := await asyncio.to_thread(lambda: list(itertools.islice(rest, writing.AT_ONCE))):
                await asyncio.to_thread(table.write, some)
                await told((done + table.products) // 2, begun.total)
    finally:
        if lines.path != path:
            lines.path.unlink(missing_ok=True)
    return table.written()


def _keep(lines: Lines, documents: list[Document], columns: Columns) -> None:
    lines.write(documents)
    for one in documents:
        columns.gather(one)
