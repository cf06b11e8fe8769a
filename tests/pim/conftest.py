from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from kernel.db import Database
from kernel.importing import Report
from pim.akeneo import operations
from pim.families.model import FamilyAttribute
from tests.conftest import _create, _drop, _named
from tests.make import a_category, a_channel, a_family, an_attribute
from tests.pim.akeneo_export import NOW, Load, written
from tests.pim.intake import Intake


@pytest.fixture
def load(db: Database, tmp_path: Path) -> Load:
    """Writes an export with the given files and loads it."""

    async def loading(*, now: datetime = NOW, **files: str) -> Report:
        return await operations.load(db, written(tmp_path, **files), now=now)

    return loading


@pytest.fixture(scope="module")
async def modeled(server_url: str, template: str) -> AsyncIterator[Database]:
    """A database where shirts have names by locale, and variants of a color and a weight."""
    await _create(server_url, "intake", template)
    db = Database(_named(server_url, "intake"), readers=2, writers=3)
    async with db.write() as conn:
        await a_channel(conn, code="web", locales=["en", "de-DE"])
        await a_category(conn, code="clothes")
        await an_attribute(conn, code="name", localizable=True)
        await an_attribute(conn, code="tags", type="MULTI_SELECT", options=["new", "old"])
        await an_attribute(conn, code="color", type="SELECT", options=["red", "blue"])
        await an_attribute(conn, code="weight", type="MEASUREMENT", unit_family="mass", default_unit="gram")
        await an_attribute(conn, code="organic", type="BOOLEAN")
        await an_attribute(conn, code="made", type="DATE")
        await an_attribute(conn, code="cost", type="MONEY")
        await an_attribute(conn, code="note", scopable=True, localizable=True)
        of_product = [FamilyAttribute(one, "PRODUCT") for one in ("name", "tags", "organic", "made", "cost", "note")]
        of_variant = [FamilyAttribute(one, "VARIANT") for one in ("color", "weight")]
        await a_family(conn, code="shirt", attributes=[*of_product, *of_variant], axes=("color",))
    yield db
    await db.close()
    await _drop(server_url, "intake")


@pytest.fixture
async def intake(modeled: Database, tmp_path: Path) -> Intake:
    """That database without products."""
    async with modeled.write() as conn:
        await conn.execute(text("TRUNCATE product, task, import_mapping, import_file, outbox CASCADE"))
    return Intake(modeled, tmp_path)
