"""Products taken out as files, over GraphQL and HTTP and by the command line."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import text

from kernel.files import Files
from server.exports import sweeping
from tests.server.conftest import Inside, Insides
from tests.server.hubs import ROOT, Client, key, soon

EXPORT = """mutation Export($input: ExportProductsInput!) { exportProducts(input: $input) {
  __typename ... on Export { id status url } ... on InvalidInput { path } } }"""


async def ended(client: Client, id: str) -> Any:
    async def look() -> Any:
        found = await client.send("ExportProgress", id=id)
        return found if found["status"] not in ("QUEUED", "RUNNING") else None

    return await soon(look)


async def exported(hub: Inside, **given: Any) -> Any:
    merchandiser = hub.client("merchandiser")
    started = await merchandiser.send(EXPORT, input={"idempotencyKey": key()} | given)
    return await ended(merchandiser, started["id"])


async def test_a_merchandiser_exports_products_and_loads_the_file_from_its_signed_address(inside: Insides) -> None:
    async with inside() as hub:
        count = await hub.client("merchandiser").send("{ products(first: 0) { totalCount } }")
        done = await exported(hub, format="CSV")
        assert (done["status"], done["done"], done["total"]) == ("DONE", count["totalCount"], count["totalCount"])
        assert done["problem"] is None
        loaded = await hub.http.get(hub.base + done["url"])
        assert loaded.headers["content-type"] == "text/csv; charset=utf-8"
        assert loaded.headers["content-disposition"].startswith('attachment; filename="products-')
        rows = list(csv.DictReader(io.StringIO(loaded.content.decode("utf-8-sig"), newline="")))
        assert len({row["code"] for row in rows}) == count["totalCount"]

        lines = await hub.http.get(hub.base + (await exported(hub, format="JSONL", attributes=[]))["url"])
        assert len(lines.text.splitlines()) == count["totalCount"]
        assert "values" not in orjson.loads(lines.text.splitlines()[0])
        book = await hub.http.get(hub.base + (await exported(hub, format="XLSX", filter={"search": "a"}))["url"])
        assert book.content.startswith(b"PK")


async def test_an_address_that_was_changed_or_has_expired_opens_nothing(inside: Insides) -> None:
    async with inside() as hub:
        url = hub.base + (await exported(hub, format="CSV"))["url"]
        other = hub.base + (await exported(hub, format="CSV"))["url"]
        for wrong in (
            url.partition("?")[0],
            url[:-1] + ("0" if url[-1] != "0" else "1"),
            url.replace("expires=", "expires=9"),
            url.replace(".csv", ".xlsx"),
            url.partition("?")[0] + "?" + other.partition("?")[2],
            hub.base + "/exports/..%2fmedia",
        ):
            assert (await hub.http.get(wrong)).status_code == 404, wrong
        assert (await hub.http.get(url)).status_code == 200
        async with hub.db.write() as conn:
            await conn.execute(text("UPDATE task SET finished_at = finished_at - interval '24 hours'"))
        assert (await hub.http.get(url)).status_code == 404
        files: Files = hub.doors.media.files
        name = url.partition("/exports/")[2].partition("?")[0]
        assert await files.size(f"exports/{name}")
        await sweeping(files).work(hub.db, {})
        assert await files.size(f"exports/{name}") is None


async def test_who_may_not_read_the_catalog_exports_nothing_and_what_is_not_there_is_named(inside: Insides) -> None:
    async with inside() as hub:
        given = {"idempotencyKey": key(), "format": "CSV", "channels": ["moon"]}
        assert await hub.client("web").code(EXPORT, input=given) == "FORBIDDEN"
        refused = await hub.client("merchandiser").send(EXPORT, input=given)
        assert refused == {"__typename": "InvalidInput", "path": "channels"}


def test_the_command_line_writes_a_file(shop_url: str, tmp_path: Path) -> None:
    env = os.environ | {"DATA_DIR": str(tmp_path), "DATABASE_URL": shop_url}
    file = tmp_path / "out.csv"

    def run(*given: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "server.cli", "export", "products", *given]
        return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)

    done = run(str(file), "--locale", "de")
    assert done.returncode == 0, done.stderr
    assert " rows are in " in done.stdout
    assert file.read_bytes().startswith(b"\xef\xbb\xbfcode,family,categories,sku,gtin")
    refused = run(str(tmp_path / "out.pdf"))
    assert (refused.returncode, "--format" in refused.stderr) == (1, True)
    unknown = run(str(tmp_path / "other.csv"), "--family", "none")
    assert (unknown.returncode, "there is no family none" in unknown.stderr) == (1, True)
    assert not (tmp_path / "other.csv").exists()
