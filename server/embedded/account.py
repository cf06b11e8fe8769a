"""Whom PostgreSQL runs as: us, or for root, whom it refuses, a system account without any rights."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from server.embedded.binaries import BIN, environment
from server.errors import OperatorError

SYSTEM_ACCOUNT = "embedded_postgres"

# Without any, a checkout below a private home such as /root is out of reach for the account. We do not open other
# people's folders (chmod); the process is granted to pass them, by the lesser of two rights the machine allows.
CAPABILITIES = (None, "dac_read_search", "dac_override")


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int
    capability: str | None = None

    @classmethod
    def reaching(cls, data_dir: Path, *, owner_of: Path) -> Self:
        """The account that can enter ``data_dir`` and run the binaries; where there is data already, its owner."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        uid, gid = _system_ids(owner_of)
        for capability in CAPABILITIES:
            account = cls(uid, gid, capability)
            if account.reaches(data_dir):
                return account
        raise OperatorError(
            f"PostgreSQL, which runs as {_name(uid)} because it refuses root, may not enter {_closed(data_dir)}; "
            "run as an ordinary user, or move to a folder every account may enter"
        )

    def reaches(self, data_dir: Path) -> bool:
        script = 'cd "$1" && exec "$2" --version'
        try:
            tried = subprocess.run(
                **self.arguments(["/bin/sh", "-c", script, "sh", str(data_dir), str(BIN / "postgres")]),
                capture_output=True,
                check=False,
            )
        except OSError:  # no setpriv on this machine
            return False
        return tried.returncode == 0

    def arguments(self, command: Sequence[str]) -> dict[str, Any]:
        """What ``subprocess`` needs to run ``command`` as this account."""
        common: dict[str, Any] = {"cwd": "/", "env": environment(), "stdin": subprocess.DEVNULL}
        if self.uid == os.geteuid():
            return {"args": command, **common}
        if self.capability is None:
            return {"args": command, "user": self.uid, "group": self.gid, "extra_groups": [], **common}
        granted = f"+{self.capability}"
        identity = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        return {
            "args": ["setpriv", *identity, f"--inh-caps={granted}", f"--ambient-caps={granted}", *command],
            **common,
        }


def _system_ids(owner_of: Path) -> tuple[int, int]:
    if owner_of.exists() and (found := owner_of.stat()).st_uid != 0:
        return found.st_uid, found.st_gid
    entry = _entry() or _created()
    return entry.pw_uid, entry.pw_gid


def _entry() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        return None


def _created() -> pwd.struct_passwd:
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false"]
    try:
        made = subprocess.run(  # noqa: S603 -- constants
            ["useradd", *options, SYSTEM_ACCOUNT],  # noqa: S607 -- its folder differs between systems
            capture_output=True,
            text=True,
            check=False,
        )
        reason = made.stderr.strip()
    except OSError as error:
        reason = f"useradd: {error.strerror}"
    entry = _entry()  # another hub may have been faster
    if entry is None:
        raise OperatorError(
            f"PostgreSQL refuses to run as root and the account {SYSTEM_ACCOUNT} cannot be made ({reason}); "
            "run as an ordinary user, or set DATABASE_URL"
        )
    return entry


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _closed(data_dir: Path) -> Path:
    """The outermost folder on the way to the data, or to the binaries, that others may not enter."""
    ways = [*reversed([data_dir, *data_dir.parents]), *reversed(BIN.parents), BIN / "postgres"]
    return next((folder for folder in ways if not folder.stat().st_mode & 0o001), data_dir)
