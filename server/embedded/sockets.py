"""Where PostgreSQL listens: a Unix socket only its own account and root may reach, never a TCP port."""

import hashlib
import os
import stat
from pathlib import Path

from server.embedded.account import Account
from server.errors import OperatorError

PORT = 5432  # part of the socket's file name; nothing listens on it
LONGEST = 103  # bytes of a socket's path: 104 on macOS and 108 on Linux, with the closing zero


def choose(pgdata: Path, account: Account) -> Path:
    """The data folder itself, or a short private runtime folder where its path is too long or no part of a URL."""
    return pgdata if _fits(pgdata) else _private(_short(pgdata), account)


def remove(folder: Path, pgdata: Path) -> None:
    """Remove the runtime folder, if there was one; a crash may have left files in it."""
    if folder == pgdata or not folder.exists():
        return
    for left in folder.glob(".s.PGSQL.*"):
        left.unlink(missing_ok=True)
    folder.rmdir()


def _fits(folder: Path) -> bool:
    path = os.fsencode(folder / f".s.PGSQL.{PORT}")
    return len(path) <= LONGEST and not any(separator in path for separator in (b",", b":"))


def _short(pgdata: Path) -> Path:
    name = f"entrepot-{hashlib.sha256(os.fsencode(pgdata)).hexdigest()[:12]}"
    wanted = [Path("/run")] if os.geteuid() == 0 else [Path(found) for found in [os.getenv("XDG_RUNTIME_DIR")] if found]
    usable = (base / name for base in wanted if os.access(base, os.W_OK | os.X_OK) and _fits(base / name))
    return next(usable, Path("/tmp") / name)  # noqa: S108 -- refused below unless it is ours alone


def _private(folder: Path, account: Account) -> Path:
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        pass
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
        raise OperatorError(f"{folder} belongs to somebody else; set DATA_DIR to a shorter path")
    return folder
