"""Merchandisers see what is not ready, and decide what channels show."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel import tasks
from oms.offers import jobs
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


PATH = """
mutation ($input: SaveChannelInput!) { saveChannel(input: $input) { __typename ... on InvalidInput { path } } }
"""
WEB = {"code": "web", "name": "Web", "kind": "WEB", "currency": "EUR", "locales": ["en", "de", "ru"]}
COMPLETENESS = """
query ($code: String!, $channel: String!) { product(code: $code) {
  completeness(channel: $channel) { locale percent } listings { channel { code } status } } }
"""


async def save_channel(client: Client, **given: Any) -> Any:
    return await client.send("SaveChannel", input={"idempotencyKey": key()} | WEB | given)


async def test_a_channel_speaks_another_language_and_sells_from_elsewhere(inside: Insides) -> None:
    async with inside() as hub:
        office = hub.client()
        made = await save_channel(office, locales=["fr", "en"], locations=["berlin-dc"], categoryTree="shop")
        assert made == {"__typename": "Channel", "code": "web"} | {
            name: made[name] for name in ("name", "kind", "currency", "locales")
        }
        assert made["locales"] == ["fr", "en"]
        found = await office.send(COMPLETENESS, code=CODE, channel="web")
        assert [one["locale"] for one in found["completeness"]] == ["fr", "en"]
        page = await office.send("ListingPage", channel="web", locale="fr", first=1)
        assert page["listings"]["edges"][0]["node"]["name"]
        available = await office.send("OffersBySku", channel="web", skus=[SKU])
        stocked = await office.send("StockBySku", skus=[SKU], locations=["berlin-dc"])
        assert available["offers"][0]["availability"]["quantity"] <= stocked[0]["available"]


async def test_a_channel_may_require_what_it_shows_to_be_complete(inside: Insides) -> None:
    async with inside() as hub:
        office = hub.client()
        await save_channel(office, locales=["en", "ja"], requiredCompleteness=100)
        done = await publish(office)
        [skipped] = done["skipped"]
        assert (done["published"], skipped["code"]) == (0, CODE)
        assert skipped["reason"].startswith("100 % must be filled in, but there is ")
        assert "% in ja, without " in skipped["reason"]
        await save_channel(office, locales=["en"], requiredCompleteness=100)
        assert (await publish(office))["published"] == 1


ASSORT = """
mutation ($input: SaveAssortmentInput!) { saveAssortment(input: $input) { __typename } }
"""


async def test_rules_list_what_is_complete_enough_once_less_is_required(inside: Insides) -> None:
    async with inside() as hub:
        office = hub.client()
        await save_channel(office, locales=["en", "ja"], requiredCompleteness=100)
        rules = [{"when": {"kind": "CATEGORY", "category": "tents"}}]
        given = {"idempotencyKey": key(), "channel": "web", "rules": rules}
        await publish(office, withdraw=True)
        given |= {"leaveToRules": [CODE]}
        assert (await office.send(ASSORT, input=given))["__typename"] == "Assortment"
        assert await state(office) != "PUBLISHED"
        await save_channel(office, locales=["en", "ja"], requiredCompleteness=1)
        assert await state(office) == "PUBLISHED"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"requiredCompleteness": 0}, "requiredCompleteness"),
        ({"locales": []}, "locales"),
        ({"locales": ["Klingon"]}, "locales"),
        ({"currency": "XXX1"}, "currency"),
        ({"categoryTree": "nowhere"}, "categoryTree"),
        ({"locations": ["nowhere"]}, "locations"),
        ({"timeZone": "Mars"}, "timeZone"),
        ({"code": "a b"}, "code"),
    ],
)
async def test_a_channel_that_cannot_be_is_refused(client: Clients, given: dict[str, Any], path: str) -> None:
    refused = await client("head_office").send(PATH, input={"idempotencyKey": key()} | WEB | given)
    assert refused == {"__typename": "InvalidInput", "path": path}


TASKS = """
query ($kinds: [String!]) { tasks(first: 5, kinds: $kinds) { edges { node { kind status done total actor } } } }
"""


async def test_long_work_can_be_watched(inside: Insides) -> None:
    async with inside() as hub:
        async with hub.db.write() as conn:
            await tasks.start(conn, jobs.REFRESH, actor="Ada", given={"channel": "web"})

        async def ended() -> Any:
            [edge] = (await hub.client("merchandiser").send(TASKS, kinds=[jobs.REFRESH.name]))["edges"]
            return edge["node"] if edge["node"]["status"] == "DONE" else None

        assert await soon(ended) == {
            "kind": "channel.refresh",
            "status": "DONE",
            "done": 62,
            "total": 62,
            "actor": "Ada",
        }
        assert (await hub.client("merchandiser").send(TASKS, kinds=["nothing"]))["edges"] == []
        assert len((await hub.client("merchandiser").send(TASKS))["edges"]) == 1
