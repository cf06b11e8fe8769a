"""Each import from its first file to its exit status."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from kernel.db import Database
from kernel.errors import InvalidInput
from kernel.importing import Progress, Report
from oms.offers import jobs as offer_jobs
from oms.offers import queries as offer_queries
from pim.akeneo import operations as akeneo_operations
from server import databases, migrating
from server.errors import OperatorError
from server.importing import showing, stores
from server.settings import Settings

WENT_IN, REFUSED = 0, 3
ACTOR = "entrepot import"

Load = Callable[[Database, Progress], Awaitable[Report]]


def akeneo(settings: Settings, folder: Path, *, problems: Path | None = None, console: Console | None = None) -> int:
    """Load an Akeneo export; returns the exit status. Raises OperatorError where a file cannot be read."""

    async def load(db: Database, progress: Progress) -> Report:
        return await akeneo_operations.load(db, folder, now=datetime.now(UTC), progress=progress)

    return _run(settings, load, problems, console or Console())


def locations(settings: Settings, file: Path, *, problems: Path | None = None, console: Console | None = None) -> int:
    """Load stores; returns the exit status. Raises OperatorError where the file cannot be read."""

    async def load(db: Database, progress: Progress) -> Report:
        return await stores.load(db, file, progress=progress)

    return _run(settings, load, problems, console or Console())


def _run(settings: Settings, load: Load, problems: Path | None, console: Console) -> int:
    try:
        with databases.shared(settings) as url:
            report = asyncio.run(_loaded(settings, url, load, console))
    except InvalidInput as unreadable:
        raise OperatorError(str(unreadable)) from None
    showing.show(report, console)
    if problems is not None:
        showing.write(report, problems)
    return REFUSED if report.refused else WENT_IN


async def _loaded(settings: Settings, url: str, load: Load, console: Console) -> Report:
    await migrating.migrate(url)
    db = Database(
        url,
        readers=1,
        writers=1,
        read_seconds=settings.read_timeout_seconds,
        write_seconds=settings.statement_timeout_seconds,
    )
    try:
        async with db.read() as conn:
            before = await offer_queries.makings(conn)
        with showing.watched(console) as progress:
            report = await load(db, progress)
        await db.transact(lambda conn: offer_jobs.refresh_changed(conn, before, actor=ACTOR))
        return report
    finally:
        await db.close()
