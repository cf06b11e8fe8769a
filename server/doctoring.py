"""What ``entrepot doctor`` looks at, without changing anything."""

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server import ports, postgres
from server.embedded import binaries, folder
from server.errors import OperatorError
from server.settings import Settings

LEAST_FREE = 1024**3


@dataclass(frozen=True)
class Finding:
    well: bool
    text: str


def examine(settings: Settings) -> list[Finding]:
    """One finding a subject: Python, PostgreSQL, data folder, port."""
    subjects: list[Callable[[Settings], str]] = [_python, _database, _data_dir, _port]
    return [_finding(subject, settings) for subject in subjects]


def _finding(subject: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(well=True, text=subject(settings))
    except OperatorError as error:
        return Finding(well=False, text=str(error))


def _python(_: Settings) -> str:
    return f"Python {platform.python_version()} on {platform.system()} {platform.machine()} ({sys.executable})"


def _database(settings: Settings) -> str:
    if settings.database_url is None:
        return f"PostgreSQL {binaries.version()}, embedded"
    found = asyncio.run(postgres.version_num(settings.database_url.get_secret_value()))
    postgres.refuse_older(found)
    return f"PostgreSQL {postgres.named(found)} at DATABASE_URL"


def _data_dir(settings: Settings) -> str:
    data_dir = settings.data_dir
    existing = next(path for path in [data_dir, *data_dir.absolute().parents] if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise OperatorError(f"DATA_DIR {data_dir}: {existing} is not a folder this account may write to")
    free = shutil.disk_usage(existing).free
    if free < LEAST_FREE:
        raise OperatorError(f"DATA_DIR {data_dir}: only {free // 1024**2} MiB are free on its disk")
    return f"DATA_DIR {data_dir}: {free // 1024**3} GiB free{_hub(data_dir)}"


def _hub(data_dir: Path) -> str:
    pid = folder.holder(data_dir)
    return f", in use by the hub with pid {pid}" if pid else ""


def _port(settings: Settings) -> str:
    try:
        ports.refuse_taken(settings.host, settings.port)
    except OperatorError:
        if folder.holder(settings.data_dir) is None:
            raise
        return f"port {settings.port} on {settings.host} is in use, and so is DATA_DIR: a hub runs"
    return f"port {settings.port} on {settings.host} is free"
