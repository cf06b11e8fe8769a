"""What the hub does by itself to stay in order."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel import idempotency
from kernel.db import Database
from kernel.jobs import Job
from oms.offers import jobs as offer_jobs
from pim.bulk import jobs as bulk_jobs
from server.settings import Settings

BATCH = 10_000


def kinds(settings: Settings) -> list[Job]:
    """The kinds of jobs that a node with these settings runs."""

    async def forget_keys(db: Database, _given: Mapping[str, Any]) -> None:
        before = datetime.now(UTC) - timedelta(days=settings.idempotency_retention_days)
        while await db.transact(lambda conn: idempotency.forget(conn, before=before, most=BATCH)) == BATCH:
            pass

    return [
        Job("idempotency.forget", forget_keys, cron="17 * * * *"),
        bulk_jobs.EDITING,
        bulk_jobs.UNDOING,
        offer_jobs.REFRESH,
    ]
