"""GraphQL over WebSocket: the graphql-transport-ws protocol, subscriptions that lose nothing, and slow clients."""

import asyncio
import contextlib
import socket as sockets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson
import pytest
import websockets
from websockets.exceptions import ConnectionClosed

from kernel import feed, principals
from schema.access import ROLES
from server.graphql import socket as protocol
from tests.server.conftest import Clients, Inside, Insides
from tests.server.hubs import SECONDS, Client, Ended, Socket, key, soon

SKU, PLACE = "NL-CHR-RAST-NVY", "berlin-dc"


@pytest.fixture
def boss(client: Clients) -> Client:
    return client()


async def adjust(client: Client, delta: int = 1, sku: str = SKU, location: str = PLACE) -> None:
    given = {"idempotencyKey": key(), "reason": "RECEIVED"}
    line = {"sku": sku, "location": location, "delta": delta}
    done = await client.send("AdjustStock", input=given | {"adjustments": [line]})
    assert done["__typename"] == "StockAdjustment", done


async def closing(raw: websockets.ClientConnection, *messages: Any) -> tuple[int, str]:
    """The code and reason with which the hub closes after these messages."""
    for message in messages:
        await raw.send(message if isinstance(message, str | bytes) else orjson.dumps(message).decode())
    await gone(raw)
    assert raw.close_code is not None
    return raw.close_code, raw.close_reason or ""


async def gone(raw: websockets.ClientConnection) -> None:
    """Read until the connection is over."""
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(SECONDS):
            while True:
                await raw.recv()


INIT = {"type": "connection_init"}


# --- the protocol


async def test_another_subprotocol_is_refused(boss: Client) -> None:
    with pytest.raises(websockets.exceptions.InvalidHandshake):
        async with boss.raw_socket(subprotocols=["graphql-ws"]):
            pass


@pytest.mark.parametrize(
    "message",
    [
        "no json",
        b"\x00",
        "[]",
        "1",
        {"type": "unknown"},
        {},
        {"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}},
        {"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}},
        {"type": "subscribe", "id": "a", "payload": []},
        {"type": "subscribe", "payload": {"query": "{ __typename }"}},
        {"type": "subscribe", "id": "a", "payload": {"query": 1}},
        {"type": "subscribe", "id": "a", "payload": {"query": "{ __typename }", "variables": []}},
        {"type": "complete", "id": 7},
        "x" * (2**20 + 1),
    ],
    ids=lambda one: str(one)[:50],
)
async def test_a_message_that_is_none_closes_with_4400(boss: Client, message: Any) -> None:
    async with boss.raw_socket() as raw:
        code, reason = await closing(raw, INIT, message)
    assert code == 4400
    assert reason


async def test_asking_before_initialising_closes_with_4401(boss: Client) -> None:
    async with boss.raw_socket() as raw:
        asked = {"type": "subscribe", "id": "a", "payload": {"query": "{ __typename }"}}
        assert await closing(raw, asked) == (4401, "Unauthorized")


@pytest.mark.parametrize("shown", ["Bearer ent_unknown", "Basic abc"])
async def test_a_token_that_is_none_closes_with_4403(boss: Client, shown: str) -> None:
    async with boss.raw_socket() as raw:
        code, _ = await closing(raw, INIT | {"payload": {"authorization": shown}})
    assert code == 4403


async def test_initialising_twice_closes_with_4429(boss: Client) -> None:
    async with boss.raw_socket() as raw:
        code, _ = await closing(raw, INIT, INIT)
    assert code == 4429


async def test_an_id_in_use_closes_with_4409(boss: Client) -> None:
    async with boss.socket() as one:
        begun = await one.begin("subscription { stockChanged { at } }")
        again = {"type": "subscribe", "id": begun, "payload": {"query": "{ __typename }"}}
        assert await closing(one.raw, again) == (4409, f"Subscriber for {begun} already exists")


async def test_too_many_operations_at_once_close_with_4429(boss: Client) -> None:
    async with boss.socket() as one:
        for _ in range(protocol.MOST_OPERATIONS):
            await one.begin("subscription { stockChanged { at } }")
        assert (
            await closing(one.raw, {"type": "subscribe", "id": "one more", "payload": {"query": "{ __typename }"}})
        )[0] == 4429


async def test_who_does_not_initialise_in_time_is_closed_with_4408(
    inside: Insides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "INIT_SECONDS", 0.2)
    async with inside() as one, one.client().raw_socket() as raw:
        assert (await closing(raw))[0] == 4408


async def test_who_asks_too_often_is_closed_with_4429(inside: Insides) -> None:
    async with inside(rate_limit_per_second=1, rate_limit_burst=5) as hub, hub.client().socket() as one:
        for _ in range(9):
            with contextlib.suppress(ConnectionClosed):
                await one.begin("{ __typename }")
        assert (await closing(one.raw))[0] == 4429


async def test_a_ping_is_answered_by_a_pong_and_a_pong_by_nothing(boss: Client) -> None:
    async with boss.raw_socket() as raw:
        await raw.send('{"type": "pong"}')
        await raw.send('{"type": "ping", "payload": {"at": 1}}')
        assert orjson.loads(await raw.recv()) == {"type": "pong"}


async def test_the_token_may_stand_in_the_header_of_the_handshake(boss: Client) -> None:
    async with boss.raw_socket(additional_headers=boss.headers) as raw:
        one = Socket(raw)
        await one.send(type="connection_init")
        assert await one.receive() == {"type": "connection_ack"}
        assert "errors" not in await one.next(await one.begin("{ hub { version } }"))


async def test_queries_and_mutations_go_over_the_socket_too(boss: Client) -> None:
    async with boss.socket() as one:
        asked = await one.begin("StockBySku", skus=[SKU])
        given = {"idempotencyKey": key(), "quantities": [{"sku": SKU, "location": "cologne-store", "quantity": 4}]}
        changed = await one.begin("SetStock", input=given)
        assert (await one.next(changed))["data"]["setStock"]["levels"][0]["onHand"] == 4
        assert (await one.next(asked))["data"]["stock"]
        assert await one.next(changed) is None
        assert await one.next(asked) is None


async def test_an_operation_that_cannot_begin_ends_in_an_error(boss: Client) -> None:
    async with boss.socket() as one:
        for query in ("{", "{ nothing }", "query A { __typename } query B { __typename }"):
            begun = await one.begin(query)
            with pytest.raises(Ended) as ended:
                await one.next(begun)
            assert ended.value.errors[0]["message"]
        assert "errors" not in await one.next(await one.begin("{ hub { version } }"))


async def test_what_is_not_allowed_is_told_and_completes(client: Clients) -> None:
    async with client("web").socket() as one:
        begun = await one.begin("WatchStock")
        [error] = (await one.next(begun))["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert await one.next(begun) is None


async def test_a_subscription_that_is_completed_tells_no_more(inside: Insides) -> None:
    async with inside() as hub, hub.client().socket() as one:
        first, second = await one.begin("WatchStock", skus=[SKU]), await one.begin("WatchStock", skus=[SKU])
        await soon(lambda: hub.subscribers() == 2)
        await one.send(type="complete", id=first)
        await soon(lambda: hub.subscribers() == 1)
        await adjust(hub.client())
        assert (await one.next(second))["data"]["stockChanged"]["level"]["sku"] == SKU
        assert one.waiting[first].empty()
        await one.send(type="complete", id=first)
        await one.send(type="subscribe", id=first, payload={"query": "{ hub { version } }"})
        assert (await one.next(first))["data"]["hub"]


async def test_whoever_goes_away_is_forgotten(inside: Insides) -> None:
    async with inside() as hub:
        async with hub.client().socket() as one:
            for _ in range(5):
                await one.begin("WatchStock")
            await soon(lambda: hub.subscribers() == 5)
        await soon(lambda: hub.subscribers() == 0)

        async with hub.client().socket() as one:
            await one.begin("WatchStock")
            await soon(lambda: hub.subscribers() == 1)
            one.raw.transport.abort()
            await soon(lambda: hub.subscribers() == 0)


async def test_a_hub_that_stops_closes_its_sockets(inside: Insides) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with inside() as hub:
            one = await stack.enter_async_context(hub.client().socket())
            await one.begin("WatchStock")
            await soon(lambda: hub.subscribers() == 1)
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(SECONDS):
                await one.raw.recv()


# --- subscriptions


async def test_every_change_of_stock_is_told_once_and_in_order(boss: Client) -> None:
    async with boss.socket() as one:
        begun = await one.begin("WatchStock", skus=[SKU], locations=[PLACE])
        await one.begin("{ hub { version } }")  # answered: the subscription has begun too
        await asyncio.sleep(0)
        [before] = await boss.send("StockBySku", skus=[SKU], locations=[PLACE])
        await soon(lambda: _hears(boss, one, begun))
        [level] = await boss.send("StockBySku", skus=[SKU], locations=[PLACE])
        for delta in (3, -1, 2):
            await adjust(boss, delta)
        told = [(await one.next(begun))["data"]["stockChanged"] for _ in range(3)]
        assert level["onHand"] >= before["onHand"]
        assert [one["level"]["onHand"] - level["onHand"] for one in told] == [3, 2, 4]
        assert [{d["state"]: d["delta"] for d in one["deltas"]}["ON_HAND"] for one in told] == [3, -1, 2]
        assert told[0]["level"]["location"]["code"] == PLACE
        assert told[0]["reason"] == "RECEIVED"


async def _hears(client: Client, one: Socket, begun: str) -> bool:
    """Whether the subscription is told of a change made now."""
    await adjust(client)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            return bool(await one.next(begun))
    return False


async def test_availability_is_told_as_it_is_and_whenever_it_changes(client: Clients) -> None:
    sku = "NL-TBL-ROLLTISCH-STL"
    async with client("web").socket() as one:
        events = one.subscribe("WatchAvailability", channel="web", skus=[sku, "NO-SUCH-SKU"])
        present = await anext(events)
        [offer] = (await client("web").send("OffersBySku", channel="web", skus=[sku]))["offers"]
        assert (present["sku"], present["availability"]) == (sku, offer["availability"])
        await adjust(client(), 4, sku, PLACE)
        assert (await anext(events))["availability"]["quantity"] == present["availability"]["quantity"] + 4
        await adjust(client(), 2, sku, "manchester-dc")  # this channel does not sell from there
        await adjust(client(), -4, sku, PLACE)
        assert (await anext(events))["availability"] == present["availability"]


async def test_the_tail_goes_on_behind_a_cursor(boss: Client) -> None:
    batch = await boss.send("Changes", first=5)
    async with boss.socket() as one:
        events = one.subscribe("Tail", after=batch["cursor"])
        positions = [int((await anext(events))["position"]) for _ in range(700)]
    assert positions == list(range(6, 706))


@pytest.mark.parametrize("after", ["", "x", "WyJjaGFuZ2UiLDFd!", "WyJsaXN0aW5nIiwxXQ", "WyJjaGFuZ2UiLDk5OTk5OTk5XQ"])
async def test_a_cursor_that_is_none_is_refused(boss: Client, after: str) -> None:
    async with boss.socket() as one:
        for name in ("Tail", "WatchStock"):
            begun = await one.begin(name, after=after)
            [error] = (await one.next(begun))["errors"]
            assert error["extensions"]["code"] == "INVALID_INPUT"
            assert await one.next(begun) is None


async def test_resuming_again_and_again_while_changes_happen_loses_and_repeats_nothing(boss: Client) -> None:
    start = await boss.send("Changes", first=1000)
    while not start["caughtUp"]:
        start = await boss.send("Changes", first=1000, after=start["cursor"])
    [level] = await boss.send("StockBySku", skus=[SKU], locations=["hamburg-store"])
    wanted = 60

    async def change() -> None:
        for _ in range(wanted):
            await adjust(boss, 1, SKU, "hamburg-store")

    async def follow() -> list[int]:
        seen: list[int] = []
        after = start["cursor"]
        while len(seen) < wanted:
            async with boss.socket() as one:
                async for event in _some(one, after, min(7, wanted - len(seen))):
                    seen.append(event["level"]["onHand"])
                    after = event["cursor"]
        return seen

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(change())
        followers = [group.create_task(follow()) for _ in range(3)]
    for follower in followers:
        assert follower.result()[:wanted] == [level["onHand"] + n for n in range(1, wanted + 1)]


async def _some(one: Socket, after: str, most: int) -> AsyncIterator[Any]:
    count = 0
    async for event in one.subscribe("WatchStock", skus=[SKU], locations=["hamburg-store"], after=after):
        yield event
        count += 1
        if count == most:
            return


async def test_a_store_hears_of_its_own_stock_only(client: Clients) -> None:
    async with client("store").socket() as one:
        begun = await one.begin("WatchStock", skus=[SKU])
        await soon(lambda: _hears_at(client(), one, begun))
        await adjust(client(), 1, SKU, "cologne-store")
        await adjust(client(), 1, SKU, "hamburg-store")
        assert (await one.next(begun))["data"]["stockChanged"]["level"]["location"]["code"] == "hamburg-store"
        refused = await one.begin("WatchStock", locations=["berlin-dc"])
        assert (await one.next(refused))["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def _hears_at(client: Client, one: Socket, begun: str) -> bool:
    await adjust(client, 1, SKU, "hamburg-store")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            return bool(await one.next(begun))
    return False


async def _token(hub: Inside, **given: Any) -> Client:
    async with hub.db.write() as conn:
        secret = await principals.issue(conn, name="Test", permissions=ROLES["head_office"], **given)
    return Client(hub.base, secret, hub.http)


async def test_a_token_that_expires_ends_its_subscriptions(inside: Insides) -> None:
    async with inside() as hub:
        guest = await _token(hub, expires_at=datetime.now(UTC) + timedelta(seconds=1))
        async with guest.socket() as one:
            begun = await one.begin("WatchStock")
            [error] = (await one.next(begun))["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"
            assert await one.next(begun) is None
            await one.begin("{ hub { version } }")
            assert (await closing(one.raw))[0] == 4403


async def test_a_token_that_is_revoked_begins_nothing_more(inside: Insides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.access.REMEMBERED", 0.0)
    async with inside() as hub:
        guest = await _token(hub)
        assert guest.token
        async with guest.socket() as one:
            assert "errors" not in await one.next(await one.begin("{ hub { version } }"))
            async with hub.db.write() as conn:
                known = await principals.principal_by_secret(conn, guest.token)
                assert known
                await principals.revoke(conn, id=known.id)
            await one.begin("{ hub { version } }")
            assert (await closing(one.raw))[0] == 4403


async def test_a_token_that_is_revoked_ends_the_socket_though_nothing_happens(
    inside: Insides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.access.REMEMBERED", 0.0)
    monkeypatch.setattr(protocol, "RECHECK_SECONDS", 0.05)
    async with inside() as hub:
        guest = await _token(hub)
        assert guest.token
        async with guest.socket() as one:
            await one.begin("WatchStock")
            await soon(lambda: hub.subscribers() == 1)
            async with hub.db.write() as conn:
                known = await principals.principal_by_secret(conn, guest.token)
                assert known
                await principals.revoke(conn, id=known.id)
            assert (await closing(one.raw))[0] == 4403
            await soon(lambda: hub.subscribers() == 0)


# --- slow clients

LARGE = "subscription { stockChanged { cursor " + " ".join(f"this_moment_{n}: at" for n in range(49)) + " } }"


@contextlib.asynccontextmanager
async def slow_client(client: Client) -> AsyncIterator[tuple[Socket, str]]:
    """A socket with little room that has subscribed to much, and reads only what is asked of it."""
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 2**15)
    raw.setblocking(False)
    host, port = client.base.removeprefix("http://").split(":")
    await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
    async with client.socket(sock=raw, max_queue=1, close_timeout=0.1) as one:
        yield one, await one.begin(LARGE)


async def change_many(client: Client) -> int:
    """Change many levels at once; returns how many."""
    found = (await client.send("StockAt", location=PLACE, first=100))["stock"]["edges"]
    lines = [{"sku": edge["node"]["sku"], "location": PLACE, "delta": 1} for edge in found]
    given = {"idempotencyKey": key(), "reason": "RECEIVED", "adjustments": lines}
    assert (await client.send("AdjustStock", input=given))["__typename"] == "StockAdjustment"
    return len(lines)


class Listener:
    """Hears every change of stock as it comes."""

    def __init__(self, one: Socket) -> None:
        self.cursors: list[str] = []
        self.task = asyncio.create_task(self._listen(one))

    async def _listen(self, one: Socket) -> None:
        async for event in one.subscribe("WatchStock"):
            self.cursors.append(event["cursor"])

    def has(self, count: int) -> bool:
        assert not self.task.done()
        return len(self.cursors) >= count


async def test_a_slow_subscriber_is_told_where_to_go_on_and_holds_up_nobody(
    inside: Insides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PATIENCE", 0.2)
    async with (
        inside(subscriber_buffer=100) as hub,
        slow_client(hub.client()) as (slow, begun),
        hub.client().socket() as other,
    ):
        quick = Listener(other)
        await soon(lambda: hub.subscribers() == 2)
        changes = 0
        for _ in range(200):
            changes += await change_many(hub.client())
            await soon(partial(quick.has, changes))
            if any(one.overflowed for one in hub.doors.feed.subscribers.others):
                break

        seen: list[str] = []
        while "errors" not in (answer := await slow.next(begun)):
            seen.append(answer["data"]["stockChanged"]["cursor"])
        [error] = answer["errors"]
        assert error["extensions"] == {"code": "TOO_SLOW", "cursor": seen[-1]}
        assert await slow.next(begun) is None
        assert seen == quick.cursors[: len(seen)]
        assert len(seen) < changes

        events = slow.subscribe("WatchStock", after=seen[-1])
        assert [(await anext(events))["cursor"] for _ in quick.cursors[len(seen) :]] == quick.cursors[len(seen) :]
        quick.task.cancel()
        await asyncio.gather(quick.task, return_exceptions=True)


async def test_who_reads_as_fast_as_possible_survives_a_change_of_much(inside: Insides) -> None:
    async with inside(subscriber_buffer=10) as hub, hub.client().socket() as one:
        quick = Listener(one)
        await soon(lambda: hub.subscribers() == 1)
        changes = sum([await change_many(hub.client()) for _ in range(3)])
        await soon(partial(quick.has, changes))
        assert len(set(quick.cursors)) == changes
        quick.task.cancel()
        await asyncio.gather(quick.task, return_exceptions=True)


async def test_who_takes_nothing_for_long_is_let_go(inside: Insides, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "STALLED_SECONDS", 0.3)
    async with inside(subscriber_buffer=100_000) as hub, slow_client(hub.client()) as (slow, _):
        await soon(lambda: hub.subscribers() == 1)
        for _ in range(200):
            await change_many(hub.client())
            if hub.subscribers() == 0:
                break
        await soon(lambda: hub.subscribers() == 0)
        await gone(slow.raw)
        assert slow.raw.close_code is not None
