"""The command line tells what is wrong in one line, and what is right in few."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from server import ports, settings_page
from server.errors import OperatorError

BROKEN = """
import sys
from server import cli
cli.settings_page.table = lambda settings: 1 / 0
cli.main()
"""

SERVING = """
import time
from server import cli, databases, settings
@cli.app.command()
def hold() -> None:
    with databases.owned(settings.load()):
        print("ready", flush=True)
        time.sleep(600)
cli.main()
"""


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    args = [sys.executable, *command]
    return subprocess.run(args, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=60)


def entrepot(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run("-m", "server.cli", *command, **environment)


def test_settings_prints_the_documented_page() -> None:
    assert entrepot("settings", "--markdown").stdout == settings_page.markdown()


def test_settings_shows_what_is_in_force_but_no_secret() -> None:
    shown = entrepot("settings", PORT="9001", DATABASE_URL="postgresql://shop:hush@db/shop").stdout
    assert "9001" in shown
    assert "set (secret)" in shown
    assert "hush" not in shown


def test_a_bad_setting_is_one_line_and_status_1() -> None:
    refused = entrepot("settings", PORT="0")
    assert refused.returncode == 1
    assert refused.stderr == "entrepot: PORT=0: should be greater than or equal to 1\n"


def test_debug_shows_where() -> None:
    assert "Traceback" in entrepot("--debug", "settings", PORT="0").stderr


def test_a_bug_is_one_line_too() -> None:
    failed = run("-c", BROKEN, "settings")
    assert failed.returncode == 1
    assert (
        failed.stderr == "entrepot: unexpected ZeroDivisionError: division by zero (entrepot --debug … shows where)\n"
    )


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGHUP])
def test_a_hub_told_to_end_takes_its_postgresql_along(tmp_path: Path, order: signal.Signals) -> None:
    environment = os.environ | {"DATA_DIR": str(tmp_path / "var"), "DATABASE_URL": ""}
    command = [sys.executable, "-c", SERVING, "hold"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout is not None
        assert hub.stdout.readline() == "ready\n"
        hub.send_signal(order)
        assert hub.wait(60) == 128 + order
    assert not (tmp_path / "var" / "postgres" / "postmaster.pid").exists()


def test_a_hub_refuses_a_database_out_of_reach_before_anything_else() -> None:
    refused = run("-c", SERVING, "hold", DATABASE_URL="postgresql://shop:hush@127.0.0.1:1/shop")
    assert refused.returncode == 1
    assert refused.stderr == "entrepot: PostgreSQL at DATABASE_URL cannot be reached: connection refused\n"


def test_doctor_is_content_here(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    found = entrepot("doctor", PORT=str(free), DATA_DIR=str(tmp_path / "var"), DATABASE_URL="")
    assert found.returncode == 0, found.stdout
    assert len(found.stdout.splitlines()) == 4
    assert not (tmp_path / "var").exists()


def test_doctor_names_what_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = entrepot(
            "doctor", PORT=port, DATA_DIR=str(tmp_path / "file"), DATABASE_URL="postgresql://u@127.0.0.1:1/db"
        )
    assert found.returncode == 1
    assert "PostgreSQL at DATABASE_URL cannot be reached: connection refused" in found.stdout
    assert "is not a folder this account may write to" in found.stdout
    assert f"port {port} on 127.0.0.1 is in use; set PORT to a free one" in found.stdout


def test_a_port_shared_by_its_owner_counts_as_taken() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OperatorError, match="is in use; set PORT to a free one"):
            ports.refuse_taken("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(OperatorError, match=f"HOST {host} is not an address of this machine"):
        ports.refuse_taken(host, 8000)
