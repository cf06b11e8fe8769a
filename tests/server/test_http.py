"""GraphQL over HTTP as its specification says: media types, statuses, refusals, limits; and nothing leaks."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel import principals
from kernel.db import Database, WriteConn
from oms.locations import queries as location_queries
from schema.access import ROLES
from server.graphql import engine
from tests.server.conftest import Clients, Insides
from tests.server.hubs import Client, Hub, key

RESPONSE, JSON = "application/graphql-response+json", "application/json"
QUERY = '{ shop(channel: "web") { offers(skus: ["NL-CHR-RAST-GRN"]) { sku } } }'
SAID = {"data": {"shop": {"offers": [{"sku": "NL-CHR-RAST-GRN"}]}}}


@pytest.fixture
def boss(client: Clients) -> Client:
    return client()


# --- media types and statuses


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", RESPONSE),
        ("*/*", RESPONSE),
        ("application/*", RESPONSE),
        (RESPONSE, RESPONSE),
        (JSON, JSON),
        (f"{RESPONSE}; charset=utf-8, {JSON}; charset=utf-8", RESPONSE),
        (f"{JSON}, {RESPONSE}", JSON),
        (f"{JSON};q=0.5, {RESPONSE};q=0.9", RESPONSE),
        (f"{RESPONSE};q=0.1, {JSON};q=0.2", JSON),
        (f"{RESPONSE};q=0, {JSON}", JSON),
        (f"text/html, {JSON};q=0.9, */*;q=0.1", JSON),
        ("TEXT/HTML, Application/JSON", JSON),
    ],
)
async def test_the_answer_is_in_the_media_type_that_the_client_ranks_first(
    boss: Client, accept: str, media: str
) -> None:
    answer = await boss.post({"query": QUERY}, accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media)
    assert answer.json() == SAID


@pytest.mark.parametrize("accept", ["text/html", "application/xml", f"{JSON};q=0", "image/*", "application/json-seq"])
async def test_a_media_type_the_hub_does_not_speak_is_406(boss: Client, accept: str) -> None:
    answer = await boss.post({"query": QUERY}, accept=accept)
    assert answer.status_code == 406
    assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{"},
        {"query": ""},
        {"query": "{ nothing }"},
        {"query": QUERY, "operationName": "Another"},
        {"query": "query A { __typename } query B { __typename }"},
        {"query": "query ($id: ID!) { node(id: $id) { id } }"},
        {"query": "query ($id: ID!) { node(id: $id) { id } }", "variables": {"id": {}}},
        {"query": "query ($first: Int!) { products(first: $first) { edges { cursor } } }", "variables": {"first": "x"}},
        {"query": "fragment F on Query { __typename }"},
    ],
    ids=lambda body: str(body)[:60],
)
async def test_an_operation_that_cannot_begin_is_400_or_in_json_200_without_data(boss: Client, body: Any) -> None:
    for media, status in ((RESPONSE, 400), (JSON, 200)):
        answer = await boss.post(body, accept=media)
        assert (answer.status_code, answer.headers["content-type"]) == (status, media)
        assert answer.json().keys() == {"errors"}


async def test_an_error_of_a_field_is_200_with_the_data_there_is(boss: Client) -> None:
    answer = await boss.post({"query": '{ node(id: "x") { id } hub { version } }'})
    assert answer.status_code == 200
    assert answer.json()["data"]["node"] is None
    assert answer.json()["data"]["hub"]["version"]
    [error] = answer.json()["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["node"], "INVALID_INPUT")


async def test_an_error_that_leaves_no_data_is_200_too(boss: Client) -> None:
    answer = await boss.post({"query": '{ shop(channel: "none") { offers(skus: []) { sku } } }'})
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert answer.json()["errors"][0]["extensions"] == {"code": "NOT_FOUND", "kind": "channel", "key": "none"}


async def test_a_query_may_come_by_get(boss: Client) -> None:
    asked = {
        "query": "query A($id: ID!) { node(id: $id) { id } } query B { hub { version } }",
        "variables": '{"id": 1}',
    }
    answer = await boss.http.get(
        f"{boss.base}/graphql", params=asked | {"operationName": "B"}, headers=boss.headers | {"accept": "*/*"}
    )
    assert answer.status_code == 200
    assert answer.json()["data"]["hub"]["version"]
    head = await boss.http.head(f"{boss.base}/graphql", params={"query": QUERY}, headers=boss.headers)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("params", [{}, {"query": QUERY, "variables": "{"}, {"query": QUERY, "variables": "[]"}])
async def test_a_malformed_get_is_400(boss: Client, params: Any) -> None:
    answer = await boss.http.get(f"{boss.base}/graphql", params=params, headers=boss.headers)
    assert answer.status_code == 400
    assert answer.json().keys() == {"errors"}


@pytest.mark.parametrize(
    "query",
    [
        'mutation { setStock(input: {idempotencyKey: "a", quantities: []}) { __typename } }',
        "subscription { stockChanged { at } }",
    ],
)
async def test_only_queries_come_by_get(boss: Client, query: str) -> None:
    answer = await boss.http.get(f"{boss.base}/graphql", params={"query": query}, headers=boss.headers)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_405(boss: Client, method: str) -> None:
    answer = await boss.http.request(method, f"{boss.base}/graphql", json={"query": QUERY}, headers=boss.headers)
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


async def test_a_subscription_that_is_not_streamed_is_406(boss: Client) -> None:
    answer = await boss.post({"query": "subscription { stockChanged { at } }"}, accept=RESPONSE)
    assert answer.status_code == 406
    assert "text/event-stream" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/mixed; boundary=x", ""])
async def test_a_body_that_is_no_json_is_415(boss: Client, kind: str) -> None:
    answer = await boss.http.post(
        f"{boss.base}/graphql", content=b'{"query": "{__typename}"}', headers=boss.headers | {"content-type": kind}
    )
    assert answer.status_code == 415


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
async def test_json_may_say_its_charset(boss: Client, kind: str) -> None:
    answer = await boss.http.post(
        f"{boss.base}/graphql", content=b'{"query": "{__typename}"}', headers=boss.headers | {"content-type": kind}
    )
    assert answer.json() == {"data": {"__typename": "Query"}}


async def test_a_body_beyond_the_limit_is_413(boss: Client) -> None:
    body = {"query": QUERY, "variables": {"much": "x" * 2**20}}
    answer = await boss.post(body)
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"  # the rest of the body is not read

    async def chunks() -> Any:
        for _ in range(20):
            yield b" " * 2**16

    headers = boss.headers | {"content-type": JSON}
    assert (await boss.http.post(f"{boss.base}/graphql", content=chunks(), headers=headers)).status_code == 413


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'"text"',
        b"1",
        b"null",
        b"\xff\xfe",
        b'{"query": 1}',
        b'{"query": null}',
        b"{}",
        b'{"query": "{a}" } x',
    ]
    + [b'{"query": "{__typename}", "variables": %s}' % one for one in (b"[]", b'"{}"', b"1", b"true")]
    + [b'{"query": "{__typename}", "operationName": %s}' % one for one in (b"[]", b"1", b"{}")]
    + [b"[" * 5000, b'{"query": "\\ud800"}'],
)
async def test_a_request_that_is_none_is_400(boss: Client, content: bytes) -> None:
    headers = boss.headers | {"content-type": JSON}
    for accept in (RESPONSE, JSON):
        answer = await boss.http.post(f"{boss.base}/graphql", content=content, headers=headers | {"accept": accept})
        assert answer.status_code == 400
        assert answer.json().keys() == {"errors"}


async def test_variables_and_operation_name_may_be_null(boss: Client) -> None:
    answer = await boss.post({"query": QUERY, "variables": None, "operationName": None, "extensions": {"x": 1}})
    assert answer.json() == SAID


async def test_batches_are_refused(boss: Client) -> None:
    answer = await boss.post([{"query": QUERY}])
    assert answer.status_code == 400
    assert "batch" in answer.json()["errors"][0]["message"]


# --- who comes in


@pytest.mark.parametrize(
    "authorization", ["Bearer ent_unknown", "Bearer", "Basic dXNlcjpwYXNz", "ent_unknown", "Bearer \xff"]
)
async def test_a_token_that_is_none_is_401(boss: Client, authorization: str) -> None:
    answer = await boss.http.post(
        f"{boss.base}/graphql", json={"query": QUERY}, headers={b"authorization": authorization.encode("latin-1")}
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json().keys() == {"errors"}


async def issued(db: Database, **given: Any) -> str:
    async def work(conn: WriteConn) -> str:
        return await principals.issue(conn, **({"name": "Test", "permissions": ROLES["head_office"]} | given))

    return await db.transact(work)


async def test_an_expired_and_a_revoked_token_are_401(inside: Insides) -> None:
    async with inside() as one:
        expired = await issued(one.db, expires_at=datetime.now(UTC) - timedelta(seconds=1))
        assert (await Client(one.base, expired, one.http).post({"query": QUERY})).status_code == 401

        ending = await issued(one.db, expires_at=datetime.now(UTC) + timedelta(seconds=1))
        client = Client(one.base, ending, one.http)
        assert (await client.ask(QUERY)) == SAID
        await asyncio.sleep(1)
        assert (await client.post({"query": QUERY})).status_code == 401

        revoked = await issued(one.db)
        async with one.db.write() as conn:
            known = await principals.principal_by_secret(conn, revoked)
            assert known
            await principals.revoke(conn, id=known.id)
        assert (await Client(one.base, revoked, one.http).post({"query": QUERY})).status_code == 401


async def test_without_a_token_only_the_schema_is_told(boss: Client) -> None:
    anonymous = Client(boss.base, None, boss.http)
    told = await anonymous.send("{ __schema { queryType { name } } }")
    assert told == {"queryType": {"name": "Query"}}
    assert await anonymous.code(QUERY) == "UNAUTHENTICATED"
    given = {"idempotencyKey": "x", "quantities": []}
    assert await anonymous.code("SetStock", input=given) == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("role", "query"),
    [
        ("web", '{ stock(skus: ["A"]) { sku } }'),
        ("web", '{ product(code: "fjord-2") { code } }'),
        ("web", "{ changes(first: 1) { __typename } }"),
        ("web", "{ locations(first: 9) { edges { node { stock(first: 1) { edges { cursor } } } } } }"),
        ("merchandiser", 'mutation { setStock(input: {idempotencyKey: "a", quantities: []}) { __typename } }'),
        ("store", '{ variant(sku: "NL-CHR-RAST-GRN") { prices(priceList: "eur") { setBy } } }'),
        ("store", '{ stock(skus: ["A"], locations: ["berlin-dc"]) { sku } }'),
        ("store", '{ movements(sku: "NL-CHR-RAST-GRN", location: "berlin-dc", first: 1) { edges { cursor } } }'),
        ("web", '{ shop(channel: "app") { offers(skus: []) { sku } } }'),
        ("marketplace", '{ shop(channel: "web") { offers(skus: []) { sku } } }'),
        ("web", "{ hub { version } }"),
    ],
)
async def test_what_a_token_does_not_allow_is_forbidden(client: Clients, role: str, query: str) -> None:
    errors = (await client(role).ask(query))["errors"]
    assert {error["extensions"]["code"] for error in errors} == {"FORBIDDEN"}


async def test_a_store_may_not_change_the_stock_of_another(client: Clients) -> None:
    line = {"sku": "NL-CHR-RAST-NVY", "location": "berlin-dc", "delta": 1}
    given = {"idempotencyKey": key(), "reason": "OTHER", "adjustments": [line]}
    refused = await client("store").send("AdjustStock", input=given)
    assert refused["__typename"] == "Forbidden"


# --- limits


@pytest.mark.parametrize(
    "query",
    [
        "{ shop(channel: 1) { categories " + "{ children " * 20 + "{ slug }" + " }" * 20 + " } }",
        "{" + " ".join(f"a{n}: __typename" for n in range(51)) + "}",
        "{ shop(channel: 1) { listings(first: 100) { edges { node { "
        + "related(kind: CROSS_SELL, first: 100) { " * 2
        + "slug } } } } } } }",
        "{" + " __typename" * 6000 + "}",
        "{ __typename }" + "#" * 100_001,
        "query { ...A } fragment A on Query { ...B ...B } fragment B on Query { ...C ...C }"
        + "".join(f"fragment {chr(67 + n)} on Query {{ ...{chr(68 + n)} ...{chr(68 + n)} }}" for n in range(22))
        + "fragment Y on Query { __typename }",
    ],
    ids=["depth", "aliases", "cost", "tokens", "length", "fragments"],
)
async def test_an_operation_that_asks_too_much_is_refused_before_it_begins(boss: Client, query: str) -> None:
    query = query.replace("channel: 1", 'channel: "web"')
    answer = await boss.post({"query": query})
    assert answer.status_code == 400
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"TOO_MUCH"}


async def test_a_cost_cannot_be_hidden_in_a_variable(boss: Client) -> None:
    query = """
        query ($n: Int = 100) { shop(channel: "web") { listings(first: $n) { edges { node {
            related(kind: CROSS_SELL, first: $n) { offers { availability { pickup(first: $n) { quantity } } } }
        } } } } }
    """
    assert await boss.code(query) == "TOO_MUCH"
    assert await boss.code(query, n=99) == "TOO_MUCH"


async def test_who_asks_too_often_is_told_when_to_come_back(inside: Insides) -> None:
    async with inside(rate_limit_per_second=2, rate_limit_burst=5) as one:
        client = one.client()
        answers = [await client.post({"query": QUERY}) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await one.client("web").post({"query": QUERY})).status_code == 200
        await asyncio.sleep(int(answers[-1].headers["retry-after"]))
        assert (await client.post({"query": QUERY})).status_code == 200


async def test_guessing_tokens_is_limited_as_well(inside: Insides) -> None:
    async with inside(rate_limit_per_second=1, rate_limit_burst=5) as one:
        guesses = [await Client(one.base, f"ent_{n}", one.http).post({"query": QUERY}) for n in range(7)]
        assert [answer.status_code for answer in guesses][:5] == [401] * 5
        assert guesses[-1].status_code == 429


# --- what goes wrong inside


async def test_a_bug_is_masked_and_logged_under_its_reference(inside: Insides, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[dict[str, Any]] = []

    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the secret of the house")

    async with inside() as one:
        monkeypatch.setattr(location_queries, "page_of_locations", broken)
        monkeypatch.setattr(engine.log, "error", lambda event, **facts: logged.append({"event": event} | facts))
        for accept in (RESPONSE, JSON, "text/event-stream"):
            answer = await one.client().post({"query": "{ locations(first: 1) { edges { cursor } } }"}, accept=accept)
            assert answer.status_code == 200
            assert "secret" not in answer.text
            assert "RuntimeError" not in answer.text
            assert f"Reference: {logged[-1]['reference']}" in answer.text
    assert [str(one["exc_info"]) for one in logged] == ["the secret of the house"] * 3


async def test_no_token_is_ever_logged(hub: Hub, boss: Client) -> None:
    await boss.post({"query": "{ nothing }"})
    await boss.http.get(f"{hub.base}/graphiql")
    logged = hub.log.read_text().split("sequencer.leads", 1)[1]  # the words of welcome name them, once
    assert not [token for token in hub.tokens.values() if token in logged]
    assert not re.search(r"ent_[\w-]{20}", logged)


async def test_health_says_how_far_the_hub_is(boss: Client) -> None:
    said = (await boss.http.get(f"{boss.base}/health")).json()
    assert said["status"] == "ok"
    assert said["sequencing"] is True


async def test_pages_of_other_origins_are_let_in_where_that_is_set(inside: Insides) -> None:
    asking = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    async with inside(allowed_origins=("https://shop.example",)) as one:
        url = f"{one.base}/graphql"
        allowed = await one.http.options(url, headers=asking | {"access-control-request-headers": "authorization"})
        assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
        refused = await one.http.options(url, headers=asking | {"origin": "https://other.example"})
        assert "access-control-allow-origin" not in refused.headers
    async with inside() as closed:
        answer = await closed.client().post({"query": QUERY}, origin="https://shop.example")
        assert "access-control-allow-origin" not in answer.headers
