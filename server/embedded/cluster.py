"""The data on disk: made once, whole or not at all."""

import os
import shutil
import subprocess
from pathlib import Path

from server.embedded.account import Account
from server.embedded.binaries import BIN, environment
from server.embedded.sockets import PORT
from server.errors import OperatorError

MAJOR = "18"
PROGRAM_SECONDS = 300  # initdb syncs some forty megabytes; a slow disk may take its time


def ensure(pgdata: Path, account: Account) -> None:
    """Make the cluster where there is none, and refuse one that is not ours to start."""
    if not pgdata.exists():
        _make(pgdata, account)
        return
    if pgdata.stat().st_uid != account.uid:
        raise OperatorError(f"{pgdata} belongs to another user; run as that user, or set DATA_DIR")
    try:
        major = (pgdata / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise OperatorError(f"{pgdata} is not a PostgreSQL data folder; move it away, or set DATA_DIR") from None
    if major != MAJOR:
        raise OperatorError(f"{pgdata} was written by PostgreSQL {major}, this is {MAJOR}; see pg_upgrade")


def ensure_database(name: str, socket_folder: Path) -> None:
    """Create the database ``name`` where it is missing."""
    at = ["--host", str(socket_folder), "--port", str(PORT), "--username", "postgres"]
    query = ["--no-psqlrc", "--tuples-only", "--no-align", "--command", "SELECT datname FROM pg_database"]
    found = _run([str(BIN / "psql"), *at, "--dbname", "postgres", *query]).split()
    if name not in found:
        _run([str(BIN / "createdb"), *at, name])


def _make(pgdata: Path, account: Account) -> None:
    """Run initdb beside ``pgdata`` and rename, so that a crash leaves nothing half made.

    Collation and case are the built-in C.UTF-8: the same order on every machine and after every upgrade of it. The C
    library's LC_CTYPE still decides what pg_trgm takes for a letter, and under plain C no umlaut is one.
    """
    draft = pgdata.with_name(f"{pgdata.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    os.chown(draft, account.uid, account.gid)
    locale = ["--locale=C", f"--lc-ctype={_utf8_ctype()}", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    access = ["--username=postgres", "--auth=trust", "--encoding=UTF8"]
    _run(**account.arguments([str(BIN / "initdb"), f"--pgdata={draft}", *access, *locale]))
    draft.rename(pgdata)


def _utf8_ctype() -> str:
    return "UTF-8" if os.uname().sysname == "Darwin" else "C.UTF-8"


def _run(args: list[str], **options: object) -> str:
    given = {"env": environment(), "cwd": "/", "stdin": subprocess.DEVNULL} | options
    program = Path(next(arg for arg in args if arg.startswith(str(BIN)))).name
    try:
        done = subprocess.run(args, capture_output=True, text=True, check=True, timeout=PROGRAM_SECONDS, **given)  # type: ignore[call-overload]  # noqa: S603
    except subprocess.TimeoutExpired:
        raise OperatorError(
            f"{program} took more than {PROGRAM_SECONDS} s; is the disk of DATA_DIR in trouble?"
        ) from None
    except subprocess.CalledProcessError as error:
        reason = " ".join(error.stderr.split())
        raise OperatorError(f"{program} failed: {reason}") from None
    return str(done.stdout)
