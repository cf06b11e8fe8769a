"""The data folder belongs to one hub at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.errors import OperatorError

LOCK = ".lock"


@contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """Hold ``data_dir``, made where it is missing; the kernel lets go of it even after a kill -9."""
    try:
        _make(data_dir)
        descriptor = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise OperatorError(f"DATA_DIR {data_dir} cannot be used: {error.strerror}") from None
    try:
        _lock(descriptor, data_dir)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder(data_dir: Path) -> str | None:
    """The pid of the hub that holds ``data_dir`` now, if any."""
    try:
        descriptor = os.open(data_dir / LOCK, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(descriptor, 20, 0).decode() or "unknown"
    finally:
        os.close(descriptor)
    return None


def _make(data_dir: Path) -> None:
    if data_dir.exists():
        return
    data_dir.mkdir(parents=True)
    data_dir.chmod(0o755)  # whatever the umask: PostgreSQL's own account has to pass through


def _lock(descriptor: int, data_dir: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 20, 0).decode() or "unknown"
        raise OperatorError(f"{data_dir} is in use by another Entrepot (pid {pid})") from None
