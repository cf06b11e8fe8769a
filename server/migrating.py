"""Bringing a database to the tables of this version."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import autogenerate, command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

import migrations
from kernel import changes
from kernel.db import ReadConn, WriteConn
from kernel.outbox import Xid
from pim.categories.tables import Ltree
from server.tables import metadata, ours

ONE_AT_A_TIME = text("SELECT pg_advisory_lock(hashtext('entrepot.migrate'))")


def config(connection: Connection | None = None) -> Config:
    found = Config()
    found.set_main_option("script_location", str(Path(migrations.__file__).parent))
    found.attributes["connection"] = connection
    return found


async def migrate(url: str) -> None:
    """Run the migrations that the database at ``url`` lacks, and make the partitions of these days."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as lock:
            await lock.execute(ONE_AT_A_TIME)
            async with engine.connect() as conn:
                await conn.run_sync(_upgrade)
            async with engine.begin() as conn:
                today = datetime.now(UTC).date()
                await changes.keep_partitions(WriteConn(ReadConn(conn)), today, changes.FOREVER)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    command.upgrade(config(connection), "head")


async def drift(url: str) -> list[Any]:
    """How the database at ``url`` differs from the models: nothing, when the migrations are complete."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as conn:
            return await conn.run_sync(_compare)
    finally:
        await engine.dispose()


def _compare(connection: Connection) -> list[Any]:
    ischema_names.update(ltree=Ltree, xid8=Xid)
    context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
    return list(autogenerate.compare_metadata(context, metadata))
