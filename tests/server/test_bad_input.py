"""Bad input of every kind over HTTP: a typed answer each time, and a database as it was before."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from kernel import paging
from kernel.db import Database
from server import embedded
from tests.server.conftest import Clients
from tests.server.hubs import Client, Hub, key

SKU, PLACE = "NL-CHR-RAST-NVY", "cologne-store"
LINE: dict[str, Any] = {"sku": SKU, "location": PLACE, "delta": 1}

STATE = text("""
    SELECT (SELECT md5(string_agg(s::text, ',' ORDER BY variant_id, location_id)) FROM stock_level s),
        (SELECT count(*) FROM stock_movement), (SELECT position FROM feed) + (SELECT count(*) FROM outbox),
        (SELECT count(*) FROM idempotency)
""")


@pytest.fixture
def boss(client: Clients) -> Client:
    return client()


@pytest.fixture
async def unchanged(hub: Hub) -> AsyncIterator[None]:
    """The stock, its ledger, the changes and the idempotency keys are the same afterwards."""
    with embedded.joined(hub.data_dir) as url:
        db = Database(url, readers=1, writers=1)
        try:
            async with db.read() as conn:
                before = (await conn.execute(STATE)).one()
            yield
            async with db.read() as conn:
                assert (await conn.execute(STATE)).one() == before
        finally:
            await db.close()


def adjusting(*lines: Any, **given: Any) -> dict[str, Any]:
    return {"idempotencyKey": key(), "reason": "OTHER", "adjustments": list(lines)} | given


@pytest.mark.parametrize(
    ("given", "kind", "path"),
    [
        (adjusting(LINE | {"sku": "NO-SUCH"}), "UnknownSku", None),
        (adjusting(LINE | {"sku": ""}), "UnknownSku", None),
        (adjusting(LINE | {"sku": "x" * 10_000}), "UnknownSku", None),
        (adjusting(LINE, LINE | {"sku": "NO-SUCH"}), "UnknownSku", None),
        (adjusting(LINE | {"location": "nowhere"}), "NotFound", None),
        (adjusting(LINE | {"location": "x" * 10_000}), "NotFound", None),
        (adjusting(LINE | {"delta": 0}), "InvalidInput", "adjustments.0.delta"),
        (adjusting(LINE | {"delta": 2**31 - 1}), "InvalidInput", "adjustments.0.delta"),
        (adjusting(LINE | {"delta": -(2**31)}), "InvalidInput", "adjustments.0.delta"),
        (adjusting(LINE | {"delta": -9_999_999}), "InvalidInput", "adjustments.0"),
        (adjusting(LINE | {"state": "COMMITTED"}), "InvalidInput", "adjustments.0.state"),
        (adjusting(LINE | {"state": "INCOMING"}), "InvalidInput", "adjustments.0.state"),
        (adjusting(LINE | {"state": "DAMAGED", "delta": -1}), "InvalidInput", "adjustments.0"),
        (adjusting(LINE | {"expected": -(2**31)}), "StaleQuantity", None),
        (adjusting(LINE, LINE), "InvalidInput", "adjustments.1"),
        (adjusting(), "InvalidInput", "adjustments"),
        (adjusting(*[LINE | {"sku": f"S{n}"} for n in range(1001)]), "InvalidInput", "adjustments"),
        (adjusting(LINE, note="x" * 501), "InvalidInput", "note"),
        (adjusting(LINE, reference="x" * 501), "InvalidInput", "reference"),
        (adjusting(LINE, idempotencyKey=""), "InvalidInput", "idempotencyKey"),
        (adjusting(LINE, idempotencyKey="x" * 256), "InvalidInput", "idempotencyKey"),
        (adjusting(LINE, idempotencyKey="line\nbreak"), "InvalidInput", "idempotencyKey"),
        (adjusting(LINE, idempotencyKey="\u200b"), "InvalidInput", "idempotencyKey"),
        (adjusting(LINE, idempotencyKey="\x07"), "InvalidInput", "idempotencyKey"),
    ],
    ids=lambda one: orjson.dumps(one).decode()[:80] if isinstance(one, dict) else one,
)
async def test_a_bad_adjustment_is_refused_by_name(
    boss: Client, unchanged: None, given: Any, kind: str, path: str | None
) -> None:
    refused = await boss.send(
        """
        mutation ($input: AdjustStockInput!) { adjustStock(input: $input) {
            __typename ... on Error { message } ... on InvalidInput { path problem } } }
        """,
        input=given,
    )
    assert refused["__typename"] == kind, refused
    assert refused["message"]
    assert refused.get("path") == path


@pytest.mark.parametrize(
    "quantity", [{"quantity": -1}, {"quantity": 10_000_001}, {"quantity": 1, "safetyStock": -1}], ids=str
)
async def test_a_bad_count_is_refused_by_name(boss: Client, unchanged: None, quantity: Any) -> None:
    given = {"idempotencyKey": key(), "quantities": [{"sku": SKU, "location": PLACE} | quantity]}
    assert (await boss.send("SetStock", input=given))["__typename"] == "InvalidInput"


@pytest.mark.parametrize(
    "given",
    [
        adjusting(LINE | {"delta": "1"}),
        adjusting(LINE | {"delta": 1.5}),
        adjusting(LINE | {"delta": 2**31}),
        adjusting(LINE | {"delta": 10**30}),
        adjusting(LINE | {"delta": True}),
        adjusting(LINE | {"delta": None}),
        adjusting(LINE | {"sku": 1}),
        adjusting(LINE | {"sku": [SKU]}),
        adjusting(LINE | {"state": "NONE"}),
        adjusting(LINE | {"unknown": 1}),
        adjusting({"sku": SKU}),
        adjusting(LINE, reason="BECAUSE"),
        adjusting(LINE, idempotencyKey=None),
        adjusting(LINE, note={"a": 1}),
        "text",
        None,
        {},
    ],
    ids=lambda one: str(one)[:90],
)
async def test_a_wrong_type_is_refused_before_anything_begins(boss: Client, unchanged: None, given: Any) -> None:
    body = b'{"query": %s, "variables": {"input": %s}}' % (
        orjson.dumps("mutation ($input: AdjustStockInput!) { adjustStock(input: $input) { __typename } }"),
        json.dumps(given).encode(),  # which writes numbers of any size
    )
    answer = await boss.http.post(
        f"{boss.base}/graphql", content=body, headers=boss.headers | {"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json().keys() == {"errors"}
    assert "Traceback" not in answer.text


NUL = "a\0b"
PAGE = """query ($first: Int, $after: String, $last: Int, $before: String, $filter: ListingFilter, $sort: ListingSort) {
  shop(channel: "web") { listings(first: $first, after: $after, last: $last, before: $before, filter: $filter,
    sort: $sort) { edges { cursor node { slug } } totalCount facets { code } } } }"""


@pytest.mark.parametrize(
    ("operation", "variables"),
    [
        ("OffersBySku", {"channel": "web", "skus": [NUL]}),
        ("OffersBySku", {"channel": NUL, "skus": []}),
        ("ListingDetail", {"channel": "web", "slug": NUL}),
        ("ListingPage", {"channel": "web", "first": 1, "filter": {"search": NUL}}),
        ("StockBySku", {"skus": [SKU], "locations": [NUL]}),
        ("AdjustStock", {"input": adjusting(LINE, note=NUL)}),
        ("AdjustStock", {"input": adjusting(LINE, idempotencyKey=NUL)}),
        ('{ shop(channel: "a\\u0000b") { offers(skus: []) { sku } } }', {}),
        ('{ product(code: """\\u0000""") { code } variant(sku: "\\u{0}") { sku } }', {}),
        ("OffersBySku", {"channel": "web", "skus": [SKU] * 201}),
        ("StockBySku", {"skus": [SKU] * 1001}),
        (PAGE, {}),
        (PAGE, {"first": -1}),
        (PAGE, {"first": 101}),
        (PAGE, {"first": 1, "last": 1}),
        (PAGE, {"first": 1, "before": "x"}),
        (PAGE, {"last": 1, "after": "x"}),
        (PAGE, {"last": -1}),
        (PAGE, {"first": 1, "filter": {"category": "no-such"}}),
        (PAGE, {"first": 1, "filter": {"search": "x" * 201}}),
        (PAGE, {"first": 1, "filter": {"skus": ["x"] * 501}}),
        (PAGE, {"first": 1, "filter": {"price": {"min": "1e30"}}}),
        (PAGE, {"first": 1, "filter": {"price": {"max": "0.001"}}}),
        (PAGE, {"first": 1, "filter": {"attributes": [{"code": "nothing"}]}}),
        (PAGE, {"first": 1, "filter": {"attributes": [{"code": "care", "values": ["a"]}]}}),
        (PAGE, {"first": 1, "filter": {"attributes": [{"code": "brand", "min": "1"}]}}),
        (PAGE, {"first": 1, "filter": {"attributes": [{"code": "weight", "min": "1", "unit": "liter"}]}}),
        (PAGE, {"first": 1, "filter": {"attributes": [{"code": "weight", "min": "1", "unit": "no unit"}]}}),
        (PAGE, {"first": 1, "filter": {"attributes": [{"code": "weight", "min": "1", "unit": "gram**2"}]}}),
        (PAGE, {"first": 1, "filter": {"attributes": [{"code": "brand", "values": ["a"]}] * 21}}),
        ("SyncOffers", {"channel": "web", "first": 0}),
        ("SyncOffers", {"channel": "web", "first": 501}),
        ("Changes", {"first": 0}),
        ("Changes", {"first": 1001}),
        ("Ledger", {"sku": SKU, "location": PLACE, "first": 101}),
        ("StockAt", {"location": PLACE, "first": 101}),
        ("Locations", {"first": 1, "near": {"latitude": 91, "longitude": 0}}),
        ("Locations", {"first": 1, "near": {"latitude": 0, "longitude": -181}}),
        ("Locations", {"first": 1, "near": {"latitude": 1e308, "longitude": 1e308}}),
        ("query ($id: ID!) { node(id: $id) { id } }", {"id": "no id"}),
        ("query ($id: ID!) { node(id: $id) { id } }", {"id": ""}),
        ("query ($id: ID!) { node(id: $id) { id } }", {"id": "UHJvZHVjdDph"}),  # Product:a
        ("query ($id: ID!) { node(id: $id) { id } }", {"id": "Tm90aGluZzox"}),  # Nothing:1
        ("query ($id: ID!) { node(id: $id) { id } }", {"id": "U3RvY2tMZXZlbDph"}),  # StockLevel:a
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["UHJvZHVjdDph"] * 101}),
        (
            """{ shop(channel: "web") { listings(first: 1) { edges { node {
                related(kind: CROSS_SELL, first: -1) { slug } } } } } }""",
            {},
        ),
        ('{ shop(channel: "web") { listings(first: 1) { edges { node { thumbnail(size: 0) { url } } } } } }', {}),
    ],
    ids=lambda one: str(one)[:100],
)
async def test_bad_input_of_a_read_is_named(
    boss: Client, unchanged: None, operation: str, variables: dict[str, Any]
) -> None:
    errors = (await boss.ask(operation, **variables))["errors"]
    assert {error["extensions"]["code"] for error in errors} == {"INVALID_INPUT"}, errors


@pytest.mark.parametrize(
    ("operation", "variables"),
    [
        (PAGE, {"first": 1, "filter": {"price": {"min": "NaN"}}}),
        (PAGE, {"first": 1, "filter": {"price": {"min": "1e400"}}}),
        (PAGE, {"first": 1, "filter": {"price": {"min": True}}}),
        (PAGE, {"first": 1, "filter": {"price": {"min": {}}}}),
        (PAGE, {"first": 1, "sort": {"by": "COLOR"}}),
        (PAGE, {"first": 1, "sort": {}}),
        ("StockAt", {"location": PLACE, "first": 1, "filter": {"changedSince": "yesterday"}}),
        ("StockAt", {"location": PLACE, "first": 1, "filter": {"changedSince": "2026-01-01T00:00:00"}}),
        ("Locations", {"first": 1, "near": {"latitude": "a", "longitude": 0}}),
        ("Changes", {"first": 1, "topics": ["WEATHER"]}),
    ],
    ids=lambda one: str(one)[:100],
)
async def test_a_value_that_is_none_of_its_scalar_is_400(
    boss: Client, unchanged: None, operation: str, variables: dict[str, Any]
) -> None:
    answer = await boss.ask(operation, **variables)
    assert answer.keys() == {"errors"}
    assert all("extensions" not in error for error in answer["errors"])


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1500-06-01T00:00:00Z"])
async def test_moments_at_the_ends_of_time_are_moments(boss: Client, moment: str) -> None:
    answer = await boss.ask("StockAt", location=PLACE, first=1, filter={"changedSince": moment})
    codes = {error.get("extensions", {}).get("code") for error in answer.get("errors", ())}
    assert codes <= {None, "INVALID_INPUT"}, answer


def forged(*values: Any) -> str:
    return paging.encode(values)


ZERO = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "ж",
        "=" * 100,
        "W10",
        "eyJhIjoxfQ",
        forged("POSITION.False"),
        forged("POSITION.False", "a", ZERO),
        forged("POSITION.False", 1, "a"),
        forged("POSITION.False", 1.5, ZERO),
        forged("POSITION.False", True, ZERO),
        forged("POSITION.False", 2**63, ZERO),
        forged("POSITION.False", 2**31, ZERO),
        forged("NAME.False", "a", ZERO),
        forged("change", 1),
        forged("tail", "web", 1, ""),
    ],
)
async def test_a_cursor_of_something_else_is_refused(boss: Client, unchanged: None, cursor: str) -> None:
    errors = (await boss.ask(PAGE, first=1, after=cursor)).get("errors", ())
    assert {error["extensions"]["code"] for error in errors} <= {"INVALID_INPUT"}, errors
    assert errors or cursor == forged("POSITION.False", 2**31, ZERO)


@pytest.mark.parametrize(
    ("by", "values"),
    [
        ("NAME", ["a\0", ZERO]),
        ("PRICE", [2**63, ZERO]),
        ("NEWEST", ["2026-01-01T00:00:00", ZERO]),
        ("NEWEST", ["0001-01-01T00:00:00+14:00", ZERO]),
        ("NEWEST", [1, ZERO]),
    ],
)
async def test_a_forged_cursor_is_refused(boss: Client, by: str, values: list[Any]) -> None:
    after = forged(f"{by}.False", *values)
    assert await boss.code(PAGE, first=1, after=after, sort={"by": by}) == "INVALID_INPUT"


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        forged("tail", "app", 1, ""),
        forged("walk", "web", 2**63, ""),
        forged("tail", "web", 2**63, ""),
        forged("tail", "web", 2**62, ""),
        forged("tail", "web", -1, ""),
        forged("walk", "web", 1, "a\0"),
        forged("tail", "web", 1, "a\0"),
        forged("walk", "web", True, ""),
        forged("nothing", "web", 1, ""),
        forged("change", 1),
    ],
)
async def test_a_cursor_that_is_none_of_a_sync_is_refused(boss: Client, cursor: str) -> None:
    assert await boss.code("SyncOffers", channel="web", first=1, after=cursor) == "INVALID_INPUT"


@pytest.mark.parametrize("cursor", ["x", forged("change", 2**62), forged("change", -1), forged("change", 2**63)])
async def test_a_cursor_that_is_none_of_the_log_is_refused(boss: Client, cursor: str) -> None:
    assert await boss.code("Changes", first=1, after=cursor) == "INVALID_INPUT"
    assert await boss.code("Ledger", sku=SKU, location=PLACE, first=1, after=cursor) == "INVALID_INPUT"


async def test_a_forged_cursor_of_the_ledger_is_refused(boss: Client) -> None:
    for value in (2**63, "1", None):
        given = {"sku": SKU, "location": PLACE, "first": 1, "after": forged("movement", value)}
        assert await boss.code("Ledger", **given) == "INVALID_INPUT"


# --- idempotency


async def test_a_repetition_answers_what_was_stored_whatever_is_asked(boss: Client) -> None:
    given = adjusting(LINE, idempotencyKey="ключ " + key())
    first = await boss.send("AdjustStock", input=given)
    await boss.send("AdjustStock", input=adjusting(LINE))
    again = await boss.send(
        """mutation ($input: AdjustStockInput!) { adjustStock(input: $input) {
            __typename ... on StockAdjustment { levels { onHand shortage location { kind } } } } }""",
        input=given,
    )
    [level], [before] = again["levels"], first["levels"]
    assert level == {"onHand": before["onHand"], "shortage": 0, "location": {"kind": "STORE"}}


async def test_a_key_used_with_another_input_is_a_conflict(boss: Client) -> None:
    given = adjusting(LINE)
    assert (await boss.send("AdjustStock", input=given))["__typename"] == "StockAdjustment"
    for other in ({"adjustments": [LINE | {"delta": 2}]}, {"note": "other"}, {"reason": "COUNT"}):
        refused = await boss.send("AdjustStock", input=given | other)
        assert refused["__typename"] == "IdempotencyConflict"
        assert given["idempotencyKey"] in refused["message"]


async def test_a_refusal_is_not_stored(boss: Client) -> None:
    [level] = await boss.send("StockBySku", skus=[SKU], locations=[PLACE])
    given = adjusting(LINE | {"expected": level["onHand"] + 1})
    assert (await boss.send("AdjustStock", input=given))["__typename"] == "StaleQuantity"
    await boss.send("AdjustStock", input=adjusting(LINE))
    assert (await boss.send("AdjustStock", input=given))["__typename"] == "StockAdjustment"


async def test_keys_of_different_principals_and_mutations_do_not_meet(client: Clients) -> None:
    line = LINE | {"location": "hamburg-store"}
    given = adjusting(line)
    for role in ("head_office", "store"):
        assert (await client(role).send("AdjustStock", input=given))["__typename"] == "StockAdjustment"
    counted = {
        "idempotencyKey": given["idempotencyKey"],
        "quantities": [{"sku": SKU, "location": PLACE, "quantity": 9}],
    }
    assert (await client().send("SetStock", input=counted))["__typename"] == "StockAdjustment"


async def test_the_same_key_at_once_changes_once(boss: Client) -> None:
    [before] = await boss.send("StockBySku", skus=[SKU], locations=[PLACE])
    given = adjusting(LINE | {"delta": 5})
    answers = await asyncio.gather(*(boss.send("AdjustStock", input=given) for _ in range(12)))
    assert {answer["levels"][0]["onHand"] for answer in answers} == {before["onHand"] + 5}
    [after] = await boss.send("StockBySku", skus=[SKU], locations=[PLACE])
    assert after["onHand"] == before["onHand"] + 5
