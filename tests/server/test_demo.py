"""`entrepot demo` as somebody runs it: started twice, killed, in the way of another, and stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil

from tests import contract
from tests.server.hubs import ROOT, Client, Hub, a_hub, free_port, key

LINE = {"sku": "NL-CHR-RAST-NVY", "location": "berlin-dc", "delta": 7}


def ask(hub: Hub, name: str, **variables: object) -> object:
    headers = {"authorization": f"Bearer {hub.tokens['head_office']}"}
    body = {"query": contract.text(name), "variables": variables}
    answer = httpx.post(f"{hub.base}/graphql", json=body, headers=headers, trust_env=False).json()
    assert "errors" not in answer, answer
    return next(iter(answer["data"].values()))


def on_hand(hub: Hub) -> int:
    found = ask(hub, "StockBySku", skus=[LINE["sku"]], locations=[LINE["location"]])
    assert isinstance(found, list)
    return int(found[0]["onHand"])


def servers_in(data_dir: Path) -> list[psutil.Process]:
    found = (process for process in psutil.process_iter(["name", "cwd"]) if process.info["name"] == "postgres")
    return [process for process in found if process.info["cwd"] == str(data_dir / "postgres")]


def refused(data_dir: Path, port: int) -> str:
    """What a demo that cannot run says: one line, with status 1."""
    given = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", "demo"],
        env=given | {"DATA_DIR": str(data_dir), "PORT": str(port)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("entrepot: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_demo_goes_on_where_it_was_after_every_kind_of_end(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub:
        tokens, before = hub.tokens, on_hand(hub)
        assert (hub.data_dir / "demo-tokens.json").stat().st_mode & 0o777 == 0o600
        ask(hub, "AdjustStock", input={"idempotencyKey": key(), "reason": "RECEIVED", "adjustments": [LINE]})
        hub.process.kill()
        hub.process.wait()

    with a_hub(tmp_path) as hub:
        assert hub.tokens == tokens
        assert on_hand(hub) == before + 7
    assert servers_in(hub.data_dir) == []

    stored = json.loads((hub.data_dir / "demo-tokens.json").read_text())
    (hub.data_dir / "demo-tokens.json").write_text(json.dumps(stored | {"web": "ent_lost"}))
    with a_hub(tmp_path) as hub:
        assert hub.tokens["head_office"] == tokens["head_office"]
        assert hub.tokens["web"] not in ("ent_lost", tokens["web"])
        assert on_hand(hub) == before + 7


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in refused(tmp_path / "var", port)
    assert servers_in(tmp_path / "var") == []


def test_a_folder_in_use_is_one_line(hub: Hub) -> None:
    assert str(hub.data_dir) in refused(hub.data_dir, free_port())
    assert httpx.get(f"{hub.base}/health", trust_env=False).status_code == 200


async def test_a_hub_told_to_end_does_so_while_clients_listen(tmp_path: Path, http: httpx.AsyncClient) -> None:
    with a_hub(tmp_path) as hub:
        boss = Client(hub.base, hub.tokens["head_office"], http)
        async with boss.socket() as one:
            await one.begin("WatchStock")
            async with http.stream(
                "POST",
                f"{hub.base}/graphql",
                json={"query": contract.text("WatchStock")},
                headers=boss.headers | {"accept": "text/event-stream"},
            ) as answer:
                assert answer.status_code == 200
                hub.process.send_signal(signal.SIGINT)
                assert hub.process.wait(30) == 0
    assert servers_in(hub.data_dir) == []
