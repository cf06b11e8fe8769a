"""GraphQL over server-sent events: subscriptions for those who cannot open a socket."""

import asyncio
from typing import Any

import pytest

from server.graphql import http as transport
from tests.server.conftest import Clients, Insides
from tests.server.hubs import Client, document, key, soon

SKU, PLACE = "NL-CHR-RAST-NVY", "berlin-dc"
EVENTS = "text/event-stream"


async def adjust(client: Client, delta: int = 1) -> None:
    line = {"sku": SKU, "location": PLACE, "delta": delta}
    given = {"idempotencyKey": key(), "reason": "RECEIVED", "adjustments": [line]}
    assert (await client.send("AdjustStock", input=given))["__typename"] == "StockAdjustment"


async def test_availability_is_told_as_it_is_and_as_it_changes(client: Clients) -> None:
    events = client("web").events("WatchAvailability", channel="web", skus=[SKU])
    present = (await anext(events))["data"]["availabilityChanged"]["availability"]["quantity"]
    await adjust(client(), 3)
    assert (await anext(events))["data"]["availabilityChanged"]["availability"]["quantity"] == present + 3
    await adjust(client(), -3)
    assert (await anext(events))["data"]["availabilityChanged"]["availability"]["quantity"] == present
    await events.aclose()


async def test_the_tail_of_the_log_comes_in_order(client: Clients) -> None:
    events = client().events("Tail", after=(await client().send("Changes", first=3))["cursor"])
    positions = [int((await anext(events))["data"]["changes"]["position"]) for _ in range(600)]
    assert positions == list(range(4, 604))
    await events.aclose()


async def test_stock_is_resumed_behind_a_cursor(client: Clients) -> None:
    start = (await client().send("Changes", first=1000))["cursor"]
    events = client().events("WatchStock", skus=[SKU], locations=[PLACE], after=start)
    await adjust(client())
    first = (await anext(events))["data"]["stockChanged"]
    await events.aclose()
    await adjust(client())
    rest = client().events("WatchStock", skus=[SKU], locations=[PLACE], after=first["cursor"])
    assert (await anext(rest))["data"]["stockChanged"]["level"]["onHand"] != first["level"]["onHand"]
    await rest.aclose()


async def test_a_query_is_told_once_and_complete(client: Clients) -> None:
    told = [answer async for answer in client().events("StockBySku", skus=[SKU], locations=[PLACE])]
    assert [answer["data"]["stock"][0]["sku"] for answer in told] == [SKU]


async def test_the_stream_is_as_the_protocol_says(client: Clients) -> None:
    answer = await client().post({"query": "{ __typename }"}, accept=EVENTS)
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == EVENTS
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text == 'event: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata: \n\n'


async def test_a_subscription_may_come_by_get(client: Clients) -> None:
    boss = client("web")
    query = 'subscription { availabilityChanged(channel: "web", skus: ["NL-CHR-RAST-NVY"]) { sku } }'
    headers = boss.headers | {"accept": EVENTS}
    async with boss.http.stream("GET", f"{boss.base}/graphql", params={"query": query}, headers=headers) as answer:
        assert answer.status_code == 200
        lines = answer.aiter_lines()
        assert [await anext(lines), await anext(lines)] == [
            "event: next",
            'data: {"data":{"availabilityChanged":{"sku":"NL-CHR-RAST-NVY"}}}',
        ]


@pytest.mark.parametrize(("role", "code"), [("web", "FORBIDDEN"), (None, "UNAUTHENTICATED")])
async def test_what_is_not_allowed_is_told_and_completes(client: Clients, role: str | None, code: str) -> None:
    caller = client(role) if role else Client(client().base, None, client().http)
    told = [answer async for answer in caller.events("WatchStock")]
    assert [answer["errors"][0]["extensions"]["code"] for answer in told] == [code]


async def test_what_cannot_begin_is_no_stream(client: Clients) -> None:
    for body, status in (({"query": "{"}, 200), ({"query": 1}, 400)):
        answer = await client().post(body, accept=EVENTS)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
        assert answer.json().keys() == {"errors"}
    refused = await Client(client().base, "ent_unknown", client().http).post({"query": "{ a }"}, accept=EVENTS)
    assert refused.status_code == 401


async def test_a_quiet_stream_is_kept_open_and_whoever_leaves_is_forgotten(
    inside: Insides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "HEARTBEAT", 0.05)
    async with inside() as hub:
        boss = hub.client()
        body: dict[str, Any] = {"query": document("WatchStock"), "variables": {}}
        headers = boss.headers | {"accept": EVENTS}
        async with boss.http.stream("POST", f"{boss.base}/graphql", json=body, headers=headers) as answer:
            lines = answer.aiter_lines()
            assert [await anext(lines) for _ in range(4)] == [":", "", ":", ""]
            await soon(lambda: hub.subscribers() == 1)
        await soon(lambda: hub.subscribers() == 0)


async def test_a_hub_that_stops_ends_its_streams(inside: Insides) -> None:
    async with inside() as hub:
        boss = hub.client()
        following = asyncio.ensure_future(anext(boss.events("WatchStock")))
        await soon(lambda: hub.subscribers() == 1)
    await asyncio.wait([following], timeout=20)
    assert following.done()
    assert following.exception() is not None
