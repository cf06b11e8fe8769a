"""Files brought in from the terminal, by the same work as over GraphQL; a hub may run beside it, or none."""

import asyncio
import csv
import getpass
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from kernel import tasks
from kernel.db import Database
from kernel.errors import DomainError
from kernel.imports import operations, queries, running
from kernel.imports.model import Import, KeptProblem
from kernel.paging import Window
from pim.intake.importers import IMPORTERS
from server import databases, migrating, stores
from server.errors import OperatorError
from server.importing.running import REFUSED, WENT_IN
from server.settings import Settings

POLL_SECONDS = 0.2
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    kind: str
    files: Sequence[Path]
    mapping: str | None
    locale: str | None
    dry_run: bool


def bring(settings: Settings, wanted: Wanted, *, problems: Path | None = None, console: Console | None = None) -> int:
    """Bring in files one after the other; returns the exit status. Raises OperatorError where one cannot be read."""
    console = console or Console()
    with databases.shared(settings) as url:
        done = asyncio.run(_brought(settings, url, wanted, problems, console))
    for one in done:
        if one.status != tasks.DONE:
            raise OperatorError(f"{one.file_name}: {one.problem or 'the import was cancelled'}")
    return REFUSED if any(one.refused for one in done) else WENT_IN


async def _brought(
    settings: Settings, url: str, wanted: Wanted, problems: Path | None, console: Console
) -> list[Import]:
    await migrating.migrate(url)
    seconds = {"read_seconds": settings.read_timeout_seconds, "write_seconds": settings.statement_timeout_seconds}
    db = Database(url, readers=2, writers=2, **seconds)
    try:
        done = []
        for file in wanted.files:
            one = await _one(settings, db, file, wanted, console)
            await _show(db, one, console)
            done.append(one)
        if problems is not None:
            await _write(db, done, problems)
        return done
    finally:
        await db.close()


async def _one(settings: Settings, db: Database, file: Path, wanted: Wanted, console: Console) -> Import:
    files = stores.files(settings)
    importer = IMPORTERS[wanted.kind]
    try:
        async with db.read() as conn:
            await operations.document_of(conn, importer, wanted.mapping)
        key = await operations.keep(db, files, file)
        async with db.write() as conn:
            task = await operations.start(
                conn,
                importer,
                file=key,
                name=file.name,
                mapping=wanted.mapping,
                options={"locale": wanted.locale} if wanted.locale else {},
                dry_run=wanted.dry_run,
                actor=_who(),
                queued=False,
            )
    except DomainError as refused:
        raise OperatorError(str(refused)) from None
    work = asyncio.create_task(tasks.run(db, task.id, running.work(files, IMPORTERS)))
    try:
        return await _watched(db, task, work, console)
    except asyncio.CancelledError:
        await db.transact(lambda conn: tasks.cancel(conn, task.id))
        raise


def _who() -> str:
    try:
        return f"{getpass.getuser()} at the terminal"
    except (OSError, KeyError):  # where the user has no name
        return "the terminal"


async def _watched(db: Database, task: Import, work: "asyncio.Task[None]", console: Console) -> Import:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task(escape(task.file_name), total=None)
        while not work.done():
            await asyncio.wait([work], timeout=POLL_SECONDS)
            now = await _now(db, task)
            bars.update(bar, completed=now.done, total=now.total)
    await work
    return await _now(db, task)


async def _now(db: Database, task: Import) -> Import:
    async with db.read() as conn:
        return (await queries.imports_by_id(conn, [task.id]))[task.id]


async def _show(db: Database, one: Import, console: Console) -> None:
    told = f"{one.created:,} created, {one.updated:,} updated, {one.refused:,} refused of {one.total or 0:,} rows"
    console.print(
        f"{escape(one.file_name)}: {told}{' (a dry run: nothing was changed)' if one.dry_run else ''}", soft_wrap=True
    )
    shown = 0
    async for problem in _problems(db, one):
        if shown == SHOWN:
            console.print("  and more; --problems FILE writes them all")
            break
        shown += 1
        place = f"{one.file_name}:{problem.line}" + (f" {problem.column}" if problem.column else "")
        console.print(f"  [cyan]{escape(place)}[/] {escape(problem.message)}", highlight=False, soft_wrap=True)


async def _problems(db: Database, one: Import) -> AsyncIterator[KeptProblem]:
    window = Window(100)
    while True:
        async with db.read() as conn:
            page = (await queries.problems(conn, [(one.id, window)]))[one.id, window]
        for item in page.items:
            yield item
        if not page.has_next:
            return
        window = Window(100, page.cursors[-1])


async def _write(db: Database, done: Sequence[Import], path: Path) -> None:
    """Every problem, a row each. Raises OperatorError where the file cannot be written."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["file", "line", "column", "code", "message"])
            for one in done:
                async for found in _problems(db, one):
                    writer.writerow([one.file_name, found.line, found.column, found.code, found.message])
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror}") from None
