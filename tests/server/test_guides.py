"""The guides say what works: their blocks are sent as they stand."""

import re
from collections.abc import Iterator
from typing import Any

from tests.server.conftest import Insides
from tests.server.hubs import ROOT, Client, soon

GUIDES = ROOT / "docs" / "guide"
ROWS = re.compile(r'"""\n.*?\n"""', re.DOTALL)
REFUSALS = {"InvalidInput", "NotFound", "Forbidden", "IdempotencyConflict", "WouldBreak"}


def blocks(guide: str) -> Iterator[str]:
    return iter(re.findall(r"```graphql\n(.*?)```", (GUIDES / guide).read_text(), re.DOTALL))


async def data(client: Client, document: str, **variables: Any) -> dict[str, Any]:
    """What an operation answers; nothing in it may be a refusal."""
    answer = await client.ask(document, **variables)
    assert "errors" not in answer, answer["errors"]
    for one in answer["data"].values():
        assert not isinstance(one, dict) or one.get("__typename") not in REFUSALS, one
    return dict(answer["data"])


async def test_a_merchandiser_gets_from_a_spreadsheet_to_the_shop(inside: Insides) -> None:
    rows = (GUIDES / "hammocks.csv").read_text()
    async with inside() as hub:
        office, said = hub.client("merchandiser"), blocks("merchandiser.md")
        for _ in ("attributes", "two of them", "family", "category"):
            await data(office, next(said))
        trying, watching = ROWS.sub(f'"""\n{rows}"""', next(said)), next(said)
        for document in (trying, trying.replace("dryRun: true, ", "").replace("hammocks-5", "hammocks-6")):
            started = (await data(office, document))["startImport"]["id"]

            async def ended(started: str = started) -> Any:
                found = (await data(office, watching, id=started))["node"]
                return found if found["status"] not in ("QUEUED", "RUNNING") else None

            found = await soon(ended)
            assert found == {"status": "DONE", "done": 50, "total": 50, "refused": 0} | {
                "created": found["created"],
                "updated": found["updated"],
                "problems": {"edges": []},
            }
        lacking = (await data(office, next(said)))["products"]
        assert lacking["totalCount"] == 20
        assert {one["code"] for one in lacking["edges"][0]["node"]["completeness"][0]["missing"]} == {
            "name",
            "description",
        }
        [saved] = (await data(office, next(said)))["upsertProducts"]["results"]
        assert {"locale": "ru", "percent": 100} in saved["product"]["completeness"]
        revisions = (await data(office, next(said)))["product"]["revisions"]["edges"]
        assert revisions[0]["node"]["changes"][0]["before"] is None
        published = (await data(office, next(said)))["publishListings"]
        assert (published["published"], published["skipped"]) == (20, [])
        shown = (await data(office, next(said)))["shop"]["listings"]
        assert 0 < shown["totalCount"] < 20
        assert all("hängematte" in one["node"]["name"].lower() for one in shown["edges"])
        assert next(said, None) is None
