"""What the hub does by itself to stay in order."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel import idempotency, tasks
from kernel.db import Database
from kernel.imports import operations as import_operations
from kernel.imports import running as import_running
from kernel.jobs import Job
from oms.offers import jobs as offer_jobs
from pim.assortments import jobs as assortment_jobs
from pim.bulk import jobs as bulk_jobs
from pim.drafts import jobs as draft_jobs
from pim.exports import jobs as export_jobs
from pim.intake.importers import IMPORTERS
from pim.media import operations as media_operations
from pim.media.store import Store
from pim.modeling import fitting, refreshing
from server import exports
from server.settings import Settings

BATCH = 10_000
TASKS_KEPT = timedelta(days=90)
TASKS_AT_ONCE = 100  # each may have a hundred thousand problems
ABANDONED = 6 * 3600  # seconds after which a file that was coming in is nobody's


def kinds(settings: Settings, media: Store) -> list[Job]:
    """The kinds of jobs that a node with these settings runs."""

    async def forget_keys(db: Database, _given: Mapping[str, Any]) -> None:
        before = datetime.now(UTC) - timedelta(days=settings.idempotency_retention_days)
        while await db.transact(lambda conn: idempotency.forget(conn, before=before, most=BATCH)) == BATCH:
            pass

    async def sweep_media(db: Database, _given: Mapping[str, Any]) -> None:
        while await db.transact(lambda conn: media_operations.sweep(conn, media)):
            pass
        await asyncio.to_thread(media.files.sweep_spool, seconds=ABANDONED)

    async def sweep_imports(db: Database, _given: Mapping[str, Any]) -> None:
        while await import_operations.sweep(db, media.files):
            pass

    async def forget_tasks(db: Database, _given: Mapping[str, Any]) -> None:
        before = datetime.now(UTC) - TASKS_KEPT
        while await db.transact(lambda conn: tasks.forget(conn, before=before, most=TASKS_AT_ONCE)) == TASKS_AT_ONCE:
            pass

    return [
        Job("imports.sweep", sweep_imports, cron="37 * * * *"),
        Job("tasks.forget", forget_tasks, cron="27 * * * *"),
        Job("idempotency.forget", forget_keys, cron="17 * * * *"),
        Job("media.sweep", sweep_media, cron="*/10 * * * *"),
        assortment_jobs.FOLLOW,
        draft_jobs.APPLY,
        bulk_jobs.EDITING,
        bulk_jobs.UNDOING,
        offer_jobs.REFRESH,
        offer_jobs.SETTLE,
        fitting.JOB,
        refreshing.JOB,
        export_jobs.exporting(media.files),
        exports.sweeping(media.files),
        import_running.job(media.files, IMPORTERS),
    ]
