"""Several hubs on one database: what is written through one is told by the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.server.hubs import Client, Hub, a_hub, key, soon

SKU, PLACE = "NL-CHR-RAST-NVY", "berlin-dc"


@pytest.fixture
async def hubs(shop_url: str, shop: tuple[str, Path, dict[str, str]], tmp_path: Path) -> AsyncIterator[list[Hub]]:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "demo-tokens.json").write_text((shop[1] / "demo-tokens.json").read_text())
    url = shop_url.replace("postgresql+asyncpg", "postgresql")
    with a_hub(tmp_path, "serve", DATABASE_URL=url) as one, a_hub(tmp_path, "serve", DATABASE_URL=url) as other:
        yield [one, other]


async def test_a_change_through_one_hub_reaches_a_subscriber_of_the_other(
    hubs: list[Hub], http: httpx.AsyncClient
) -> None:
    one, other = (Client(hub.base, hub.tokens["head_office"], http) for hub in hubs)
    cursor = (await other.send("Changes", first=1000))["cursor"]
    while not (batch := await other.send("Changes", first=1000, after=cursor))["caughtUp"]:
        cursor = batch["cursor"]
    told: list[int] = []
    async with other.socket() as socket:
        events = socket.subscribe("WatchStock", skus=[SKU], locations=[PLACE], after=batch["cursor"])
        for turn in range(20):
            writer = (one, other)[turn % 2]
            line = {"sku": SKU, "location": PLACE, "delta": 1}
            given = {"idempotencyKey": key(), "reason": "RECEIVED", "adjustments": [line]}
            done = await writer.send("AdjustStock", input=given)
            told.append((await anext(events))["level"]["onHand"])
            assert told[-1] == done["levels"][0]["onHand"]
    assert told == list(range(told[0], told[0] + 20))


async def test_when_the_hub_that_leads_is_killed_the_other_numbers_the_changes(
    hubs: list[Hub], http: httpx.AsyncClient
) -> None:
    async def leads(hub: Hub) -> bool:
        return bool((await http.get(f"{hub.base}/health")).json()["sequencing"])

    leader, other = hubs if await leads(hubs[0]) else hubs[::-1]
    assert not await leads(other)
    client = Client(other.base, other.tokens["head_office"], http)
    async with client.socket() as socket:
        events = socket.subscribe("WatchStock", skus=[SKU], after=(await client.send("Changes", first=1000))["cursor"])
        leader.process.kill()
        leader.process.wait()
        line = {"sku": SKU, "location": PLACE, "delta": 1}
        given = {"idempotencyKey": key(), "reason": "RECEIVED", "adjustments": [line]}
        done = await client.send("AdjustStock", input=given)
        while (await anext(events))["level"]["onHand"] != done["levels"][0]["onHand"]:
            pass
    await soon(lambda: leads(other))
