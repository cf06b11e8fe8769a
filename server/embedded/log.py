"""What PostgreSQL has to say, in ``postgres.log`` beside its data."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

LARGEST = 10_000_000
TAIL_LINES = 3


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The log to append to; a large one is set aside first, in place of the one before."""
    if path.exists() and path.stat().st_size > LARGEST:
        path.replace(path.with_name(f"{path.name}.1"))
    with path.open("ab") as output:
        yield output


def tail(path: Path) -> str:
    """The last lines as one."""
    return " | ".join(path.read_text(errors="replace").splitlines()[-TAIL_LINES:])
