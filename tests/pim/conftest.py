from datetime import datetime
from pathlib import Path

import pytest

from kernel.db import Database
from kernel.importing import Report
from pim.akeneo import operations
from tests.pim.akeneo_export import NOW, Load, written


@pytest.fixture
def load(db: Database, tmp_path: Path) -> Load:
    """Writes an export with the given files and loads it."""

    async def loading(*, now: datetime = NOW, **files: str) -> Report:
        return await operations.load(db, written(tmp_path, **files), now=now)

    return loading
