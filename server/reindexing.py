"""Writing anew by what all listings are found, in the terminal."""

import asyncio

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from kernel import tasks
from kernel.db import Database
from kernel.tasks import Task
from oms.offers import jobs
from pim.channels import queries as channel_queries
from server import migrating
from server.errors import OperatorError
from server.settings import Settings

LOOK_SECONDS = 0.3


async def reindex(settings: Settings, url: str) -> None:
    """Refresh all listings, channel by channel, and show how far it is. Raises OperatorError where one failed."""
    await migrating.migrate(url)
    db = Database(url, readers=1, writers=1, write_seconds=settings.statement_timeout_seconds)
    bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        async with db.read() as conn:
            channels = [one.code for one in await channel_queries.all_channels(conn)]
        started = await db.transact(lambda conn: jobs.refresh_channels(conn, channels, actor="entrepot reindex"))
        with Progress(*bar, console=Console(stderr=True)) as progress:
            for one in started:
                await _watched(db, one, progress)
    finally:
        await db.close()


async def _watched(db: Database, started: Task, progress: Progress) -> None:
    """Do the task here, unless a hub that runs has taken it already; then it is only watched."""
    shown = progress.add_task(started.given["channel"], total=None)
    doing = asyncio.create_task(tasks.run(db, started.id, jobs.work))
    while not doing.done():
        await asyncio.wait([doing], timeout=LOOK_SECONDS)
        async with db.read() as conn:
            now = (await tasks.tasks_by_id(conn, [started.id]))[started.id]
        progress.update(shown, completed=now.done, total=now.total or now.done)
    await doing
    if now.problem:
        raise OperatorError(f"{started.given['channel']} {now.problem}")
