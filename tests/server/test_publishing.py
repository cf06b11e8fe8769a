"""Merchandisers see what is not ready, and decide what channels show."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.server.conftest import Clients, Insides
from tests.server.hubs import Client, key, soon


async def test_what_is_incomplete_is_found_and_counted(client: Clients) -> None:
    asked = {"channel": "web", "locale": "ru", "first": 100}
    found = await client("merchandiser").send("Incomplete", **asked)
    assert 0 < len(found["edges"]) == found["totalCount"] < 62
    for edge in found["edges"]:
        [one] = edge["node"]["completeness"]
        assert one["percent"] < 100
        assert one["missing"]
    complete = await client("merchandiser").send("Incomplete", **asked | {"locale": "en"})
    assert complete["totalCount"] < found["totalCount"]


async def test_a_scope_that_is_none_is_refused(client: Clients) -> None:
    asked = {"channel": "web", "locale": "ja", "first": 1}
    assert await client("merchandiser").code("Incomplete", **asked) == "INVALID_INPUT"


EVENT = "listing.changed"
LISTED = """query ($channel: String!, $skus: [String!]!) { shop(channel: $channel) { offers(skus: $skus) { sku } } }"""
STATES = """query ($code: String!) { product(code: $code) { listings { channel { code } status } } }"""
CODE, SKU = "fjord-2", "NL-TENT-FJORD-2-GRN"


async def publish(client: Client, **given: Any) -> Any:
    row = {"idempotencyKey": key(), "channel": "web", "products": [CODE]}
    return await client.send("PublishListings", input=row | given)


async def shown(client: Client) -> bool:
    return bool((await client.send(LISTED, channel="web", skus=[SKU]))["offers"])


async def state(client: Client) -> str:
    found = await client.send(STATES, code=CODE)
    return next(str(one["status"]) for one in found["listings"] if one["channel"]["code"] == "web")


def later(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def test_a_listing_is_withdrawn_and_published_and_each_is_told(inside: Insides) -> None:
    async with inside() as hub:
        office = hub.client()
        assert await shown(office)
        done = await publish(office, withdraw=True, products=[CODE, "nothing", "nothing"])
        assert (done["published"], done["skipped"]) == (
            1,
            [{"code": "nothing", "reason": "there is no such product"}],
        )
        assert (await shown(office), await state(office)) == (False, "WITHDRAWN")
        await publish(office)
        assert (await shown(office), await state(office)) == (True, "PUBLISHED")
        told = [one["payload"]["shown"] async for one in heard(office, 2)]
        assert told == [False, True]


async def heard(client: Client, many: int) -> AsyncIterator[Any]:
    """So many of the changes of our listing on the web, from the first on."""
    found: list[Any] = []

    async def look() -> bool:
        batch = await client.send("Changes", first=1000, topics=["LISTING"])
        mine = [one for one in batch["items"] if one["event"] == EVENT and one["payload"]["code"] == CODE]
        found[:] = mine[-many:] if len(mine) >= 4 + many else []  # the demo shop published it on four channels
        return bool(found)

    await soon(look)
    for one in found:
        yield one


async def test_what_is_scheduled_comes_and_goes_on_time(inside: Insides) -> None:
    async with inside() as hub:
        office = hub.client()
        await publish(office, withdraw=True)
        begins, ends = datetime.now(UTC) + timedelta(seconds=1.5), datetime.now(UTC) + timedelta(seconds=3.5)
        await publish(office, **{"from": begins.isoformat(), "until": ends.isoformat()})
        assert (await shown(office), await state(office)) == (False, "SCHEDULED")
        await soon(lambda: shown(office))
        assert begins <= datetime.now(UTC) <= begins + timedelta(seconds=5)
        assert await state(office) == "PUBLISHED"
        *_, came, went = [one async for one in heard(office, 4)]  # withdrawn, scheduled, came, went
        for one, due, is_shown in ((came, begins, True), (went, ends, False)):
            assert one["payload"]["shown"] is is_shown
            assert due <= datetime.fromisoformat(one["at"]) <= due + timedelta(seconds=5)
        assert (await shown(office), await state(office)) == (False, "WITHDRAWN")


async def test_what_came_due_while_the_hub_was_down_is_told_when_it_is_back(inside: Insides) -> None:
    async with inside() as hub:
        await publish(hub.client(), withdraw=True)
        await publish(hub.client(), **{"from": later(0.8)})
    await asyncio.sleep(1)
    async with inside() as hub:
        *_, last = [one async for one in heard(hub.client(), 3)]
        assert last["payload"]["shown"] is True


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"channel": "nowhere"}, "NotFound"),
        ({"products": ["x"] * 1001}, "InvalidInput"),
        ({"position": -1}, "InvalidInput"),
        ({"position": 2**31 - 1}, "InvalidInput"),
        ({"from": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}, "InvalidInput"),
    ],
)
async def test_what_cannot_be_published_is_refused(client: Clients, given: dict[str, Any], refused: str) -> None:
    assert (await publish(client("merchandiser"), **given))["__typename"] == refused


async def test_nobody_publishes_without_leave(client: Clients) -> None:
    given = {"idempotencyKey": key(), "channel": "web", "products": []}
    assert await client("web").code("PublishListings", input=given) == "FORBIDDEN"
