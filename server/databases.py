"""Which database a command works on: the one at DATABASE_URL, or the embedded one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from server import embedded, postgres
from server.settings import Settings


@contextmanager
def owned(settings: Settings) -> Iterator[str]:
    """The URL of the database for a hub, which keeps the data folder to itself while it runs."""
    if settings.database_url is not None:
        yield _checked(settings.database_url.get_secret_value())
    else:
        with embedded.running(settings.data_dir) as url:
            yield url


@contextmanager
def shared(settings: Settings) -> Iterator[str]:
    """The URL of the database for a short command, which may run beside a hub."""
    if settings.database_url is not None:
        yield _checked(settings.database_url.get_secret_value())
    else:
        with embedded.joined(settings.data_dir) as url:
            yield url


def _checked(url: str) -> str:
    postgres.refuse_older(asyncio.run(postgres.version_num(url)))
    return url
