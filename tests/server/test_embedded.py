"""The embedded PostgreSQL, with real processes: it starts, survives every kind of death, and never stays behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from server.embedded import account, joined, running
from server.errors import OperatorError
from server.postgres import refuse_older, version_num

HUB = """
import sys, time
from pathlib import Path
from server.embedded import running
with running(Path(sys.argv[1])) as dsn:
    print(dsn, flush=True)
    time.sleep(600)
"""


@contextmanager
def a_hub(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that runs PostgreSQL in ``data_dir``, and its URL."""
    command = [sys.executable, "-c", HUB, str(data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def postmaster_of(data_dir: Path) -> psutil.Process:
    return psutil.Process(int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0]))


def servers_in(data_dir: Path) -> list[psutil.Process]:
    found = (process for process in psutil.process_iter(["name", "cwd"]) if process.info["name"] == "postgres")
    return [process for process in found if process.info["cwd"] == str(data_dir / "postgres")]


async def execute(dsn: str, statement: str) -> str:
    conn = await asyncpg.connect(dsn.replace("+asyncpg", ""))
    try:
        return str(await conn.fetchval(statement))
    finally:
        await conn.close()


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "var"
    assert servers_in(tmp_path / "var") == [], "a test left its PostgreSQL running"


async def test_what_is_written_is_there_after_a_restart(data_dir: Path) -> None:
    with running(data_dir) as dsn:
        await execute(dsn, "CREATE TABLE kept AS SELECT 42 AS n")
    with running(data_dir) as dsn:
        assert await execute(dsn, "SELECT n FROM kept") == "42"


async def test_nothing_is_relaxed_that_makes_a_commit_durable(data_dir: Path) -> None:
    with running(data_dir) as dsn:
        shown = [
            await execute(dsn, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes", "jit")
        ]
    assert shown == ["on", "on", "on", "off"]


async def test_it_listens_on_no_port_and_lets_no_other_account_in(data_dir: Path) -> None:
    with running(data_dir) as dsn:
        assert await execute(dsn, "SHOW listen_addresses") == ""
        assert (data_dir / "postgres").stat().st_mode & 0o077 == 0


async def test_trigrams_know_letters_beyond_ascii(data_dir: Path) -> None:
    with running(data_dir) as dsn:
        await execute(dsn, "CREATE EXTENSION pg_trgm")
        assert float(await execute(dsn, "SELECT similarity('日本語', '日本')")) > 0
        assert await execute(dsn, "SELECT lower('ÄÖÜ')") == "äöü"


async def test_variables_meant_for_another_server_are_ignored(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGHOST", "elsewhere.invalid")
    with running(data_dir) as dsn:
        assert await version_num(dsn) >= 180_000


@pytest.mark.parametrize("name", ["with space", "colon:comma,", "long" * 30])
def test_a_path_no_socket_can_have_gets_a_short_one_elsewhere(tmp_path: Path, name: str) -> None:
    with running(tmp_path / name) as dsn:
        assert asyncio.run(version_num(dsn)) >= 180_000
        folder = Path(asyncio.run(execute(dsn, "SHOW unix_socket_directories")))
        assert folder.stat().st_mode & 0o077 == 0
    assert folder == tmp_path / name / "postgres" or not folder.exists()


def test_a_server_whose_hub_was_killed_is_taken_over_and_still_stopped(data_dir: Path) -> None:
    with a_hub(data_dir) as (hub, _):
        orphan = postmaster_of(data_dir)
        hub.kill()
        hub.wait()
    assert orphan.is_running()

    with running(data_dir):
        assert postmaster_of(data_dir) == orphan

    assert servers_in(data_dir) == []


async def test_a_killed_server_is_recovered(data_dir: Path) -> None:
    with a_hub(data_dir) as (hub, dsn):
        await execute(dsn, "CREATE TABLE kept AS SELECT 42 AS n")
        killed = postmaster_of(data_dir)
        killed.kill()
        hub.kill()
        hub.wait()
    assert (data_dir / "postgres" / "postmaster.pid").exists()

    with running(data_dir) as dsn:
        assert postmaster_of(data_dir) != killed
        assert await execute(dsn, "SELECT n FROM kept") == "42"


async def test_the_backends_of_a_killed_server_do_not_keep_it_from_starting(data_dir: Path) -> None:
    with a_hub(data_dir) as (hub, dsn):
        conn = await asyncpg.connect(dsn.replace("+asyncpg", ""))
        busy = await conn.fetchval("SELECT pg_backend_pid()")
        psutil.Process(busy).suspend()
        postmaster_of(data_dir).kill()
        hub.kill()
        hub.wait()

    with running(data_dir) as dsn:
        assert busy not in [process.pid for process in servers_in(data_dir)]
        assert await execute(dsn, "SELECT 1") == "1"
    conn.terminate()


def test_a_pid_file_that_names_a_living_stranger_is_put_aside(data_dir: Path) -> None:
    with running(data_dir):
        pid_file = (data_dir / "postgres" / "postmaster.pid").read_text()
    mine = account.Account.reaching(data_dir, owner_of=data_dir / "postgres")
    with subprocess.Popen(**mine.arguments(["sleep", "600"])) as stranger:
        try:
            _, rest = pid_file.split("\n", 1)
            (data_dir / "postgres" / "postmaster.pid").write_text(f"{stranger.pid}\n{rest}")
            with running(data_dir):
                assert postmaster_of(data_dir).pid != stranger.pid
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_start_cut_short_leaves_nothing_that_hinders_the_next(data_dir: Path) -> None:
    (data_dir / "postgres.new" / "base").mkdir(parents=True)
    with running(data_dir):
        assert not (data_dir / "postgres.new").exists()


def test_a_folder_belongs_to_one_hub_at_a_time(data_dir: Path) -> None:
    with a_hub(data_dir) as (hub, _):
        with pytest.raises(OperatorError) as refused, running(data_dir):
            pass
        assert str(refused.value) == f"{data_dir} is in use by another Entrepot (pid {hub.pid})"
        hub.send_signal(signal.SIGINT)
        hub.wait(60)


async def test_another_process_may_use_the_server_of_a_hub(data_dir: Path) -> None:
    with a_hub(data_dir) as (hub, dsn):
        with joined(data_dir) as same:
            assert same == dsn
        assert await version_num(dsn) >= 180_000
        hub.send_signal(signal.SIGINT)
        hub.wait(60)


async def test_without_a_hub_short_work_runs_a_server_for_the_while(data_dir: Path) -> None:
    with joined(data_dir) as dsn:
        assert await version_num(dsn) >= 180_000


def test_interrupting_the_terminal_reaches_the_hub_and_not_its_server(data_dir: Path) -> None:
    with a_hub(data_dir) as (hub, _):
        assert os.getsid(postmaster_of(data_dir).pid) != os.getsid(hub.pid)
        hub.send_signal(signal.SIGINT)
        hub.wait(60)


def test_data_of_another_major_version_is_refused(data_dir: Path) -> None:
    with running(data_dir):
        pass
    (data_dir / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(OperatorError, match="was written by PostgreSQL 17, this is 18"), running(data_dir):
        pass


def test_a_server_that_ends_at_once_is_told_with_the_end_of_its_log(data_dir: Path) -> None:
    with running(data_dir):
        pass
    (data_dir / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(OperatorError, match=r"ended at once; .*no_such_setting"), running(data_dir):
        pass


def test_an_older_postgresql_is_refused_by_name() -> None:
    refuse_older(180_000)
    with pytest.raises(OperatorError) as refused:
        refuse_older(150_004)
    assert str(refused.value) == ("Entrepot needs PostgreSQL 18 or newer; the server at DATABASE_URL runs 15.4")


async def test_a_server_out_of_reach_is_one_line_without_its_address() -> None:
    with pytest.raises(OperatorError) as refused:
        await version_num("postgresql+asyncpg://user:hush@127.0.0.1:1/shop")
    assert str(refused.value) == "PostgreSQL at DATABASE_URL cannot be reached: connection refused"
