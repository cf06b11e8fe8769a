"""Imports over GraphQL: a file is sent, its progress watched, and a hub that is killed half way does not lose it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from kernel.db import Database
from tests.pim.intake import table
from tests.server.conftest import Clients
from tests.server.hubs import Client, a_hub, key, soon
from tests.server.sending import parts

CANCEL = """
mutation C($input: CancelImportInput!) {
  cancelImport(input: $input) { __typename ... on Import { id status } ... on Error { message } }
}
"""
IMPORTS = """
query I($first: Int!) { imports(first: $first) { edges { node {
  id kind fileName dryRun actor status done total created updated refused problem } } } }
"""
SAVE = """
mutation S($input: SaveImportMappingInput!) {
  saveImportMapping(input: $input) { __typename ... on ImportMapping { name kind document } ... on Error { message } }
}
"""
MAPPINGS = "{ importMappings(first: 50) { edges { node { name kind savedBy } } } }"


@pytest.fixture
def boss(client: Clients) -> Client:
    return client("merchandiser")


async def start(boss: Client, content: str, *, name: str = "products.csv", **given: Any) -> Any:
    row = {"idempotencyKey": key(), "kind": "PRODUCTS"} | given
    answer = (await parts(boss, query="StartImport", given=row, files={"0": (name, content.encode())})).json()
    assert "errors" not in answer, answer
    return answer["data"]["startImport"]


async def ended(boss: Client, id: str) -> Any:
    async def look() -> Any:
        found = await boss.send("ImportProgress", id=id)
        return found if found["status"] in ("DONE", "FAILED", "CANCELLED") else None

    return await soon(look, 60)


def rows(count: int, name: str) -> list[list[str]]:
    return [[f"{name}-{number}", f"{name}-{number}"] for number in range(count)]


async def test_a_file_is_brought_in_and_its_problems_are_told(boss: Client) -> None:
    file = table(["code", "sku", "colour"], *([*row, ""] for row in rows(20, "over-http")), ["x", "", ""], ["y", "y"])
    begun = await start(boss, file)
    assert (begun["__typename"], begun["status"]) == ("Import", "QUEUED")
    done = await ended(boss, begun["id"])
    assert (done["status"], done["done"], done["total"]) == ("DONE", 22, 22)
    assert (done["created"], done["updated"], done["refused"]) == (20, 0, 2)
    assert [edge["node"] for edge in done["problems"]["edges"]] == [
        {
            "line": 1,
            "column": "colour",
            "code": "UNKNOWN_COLUMN",
            "message": "there is no such attribute, so the column is not read",
        },
        {"line": 22, "column": "sku", "code": "INVALID", "message": "is empty"},
        {"line": 23, "column": None, "code": "RAGGED", "message": "has 2 cells, and the header 3"},
    ]


async def test_imports_are_listed_the_newest_first(boss: Client) -> None:
    begun = await start(boss, "sku\nlisted-1\n", name="listed.csv", dryRun=True)
    await ended(boss, begun["id"])
    newest = (await boss.send(IMPORTS, first=1))["edges"][0]["node"]
    assert (newest["id"], newest["fileName"], newest["dryRun"]) == (begun["id"], "listed.csv", True)
    assert (newest["kind"], newest["created"], newest["actor"]) == ("PRODUCTS", 1, "Merchandiser")


async def test_what_cannot_be_imported_is_refused_in_words(boss: Client) -> None:
    for given, message in (
        ({"kind": "ORDERS"}, "kind: ORDERS cannot be imported; PRODUCTS, CATEGORIES can."),
        ({"mapping": "nobody"}, "There is no import mapping nobody."),
    ):
        refused = await start(boss, "sku\na\n", **given)
        assert refused["message"] == message


async def test_a_mapping_is_saved_by_name_and_used(boss: Client) -> None:
    document = {"columns": [{"from": "Artikel", "to": "sku"}], "rest": "ignore"}
    row = {"idempotencyKey": key(), "name": "supplier", "kind": "PRODUCTS", "document": document}
    assert (await boss.send(SAVE, input=row))["document"]["columns"] == [{"to": "sku", "from": "Artikel"}]
    bad = row | {"idempotencyKey": key(), "document": {"columns": [{"from": "a"}]}}
    assert "document.columns.0.to" in (await boss.send(SAVE, input=bad))["message"]
    assert "supplier" in [edge["node"]["name"] for edge in (await boss.send(MAPPINGS))["edges"]]
    done = await ended(boss, (await start(boss, "Artikel;Preis\nmapped-1;5\n", mapping="supplier"))["id"])
    assert (done["created"], done["problems"]["edges"]) == (1, [])


async def test_an_import_is_cancelled_and_what_is_in_stays(boss: Client) -> None:
    begun = await start(boss, table(["code", "sku"], *rows(6_000, "cancelled")))

    async def is_at_it() -> bool:
        return bool((await boss.send("ImportProgress", id=begun["id"]))["done"] >= 500)

    await soon(is_at_it, 60)
    await boss.send(CANCEL, input={"idempotencyKey": key(), "id": begun["id"]})
    done = await ended(boss, begun["id"])
    assert done["status"] == "CANCELLED"
    assert 500 <= done["created"] == done["done"] < 6_000


@pytest.fixture
async def database(shop_url: str) -> AsyncIterator[Database]:
    db = Database(shop_url, readers=1, writers=1)
    yield db
    await db.close()


async def test_a_hub_that_is_killed_half_way_finishes_the_import_when_it_is_back(
    shop_url: str, shop: tuple[str, Path, dict[str, str]], database: Database, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "demo-tokens.json").write_text((shop[1] / "demo-tokens.json").read_text())
    settings = {"DATABASE_URL": shop_url.replace("postgresql+asyncpg", "postgresql")}
    file = table(["code", "sku", "family"], *([*row, ""] for row in rows(8_000, "killed")), ["z", "z", "no such"])
    with a_hub(tmp_path, "serve", **settings) as hub:
        boss = Client(hub.base, hub.tokens["merchandiser"], http)
        begun = await start(boss, file)
        while (await boss.send("ImportProgress", id=begun["id"]))["done"] < 2_000:  # noqa: ASYNC110 -- another process
            await asyncio.sleep(0.02)
        hub.process.kill()
        hub.process.wait()
    async with database.read() as conn:
        halfway = (await conn.execute(text("SELECT done FROM task"))).scalar_one()
    assert 2_000 <= halfway < 8_001
    with a_hub(tmp_path, "serve", **settings) as hub:
        done = await ended(Client(hub.base, hub.tokens["merchandiser"], http), begun["id"])
    assert (done["status"], done["done"], done["total"]) == ("DONE", 8_001, 8_001)
    assert (done["created"], done["updated"], done["refused"]) == (8_000, 0, 1)
    async with database.read() as conn:
        told = "SELECT count(*), count(DISTINCT entity) FROM change WHERE event = 'product.changed'"
        facts = f"""
            SELECT (SELECT count(*) FROM variant WHERE sku LIKE 'killed-%'),
                (SELECT count(*) FROM product WHERE code LIKE 'killed-%' AND revision = 1),
                (SELECT count(*) FROM import_row), (SELECT beginning FROM task),
                ({told.replace("count(*), count(DISTINCT entity)", "count(*) - count(DISTINCT entity)")}
                 AND payload->>'code' LIKE 'killed-%')
        """
        assert tuple((await conn.execute(text(facts))).one()) == (8_000, 8_000, 0, 2, 0)
