"""Changing everything that a filter finds, over GraphQL."""

from typing import Any

from tests.server.conftest import Insides
from tests.server.hubs import Client, key, soon

PREVIEW = """query Preview($filter: ProductFilter!, $edits: [ProductEditInput!]!) {
  previewBulkEdit(filter: $filter, edits: $edits, sample: 3) {
    matched sampled changing refused products { code changes { path before after } problems { path message } } } }"""
EDIT = """mutation Edit($input: BulkEditInput!) {
  bulkEdit(input: $input) { __typename ... on BulkEdit { id status total } ... on InvalidInput { path } } }"""
UNDO = """mutation Undo($input: UndoBulkEditInput!) {
  undoBulkEdit(input: $input) { __typename ... on BulkEdit { id undoes total } ... on Error { message } } }"""
WATCH = """query Watch($id: ID!) { node(id: $id) { ... on BulkEdit {
  status done total changed refused actor problem edits
  problems(first: 2) { edges { node { code path message } } pageInfo { hasNextPage } } } } }"""


async def ended(client: Client, id: str) -> Any:
    async def look() -> Any:
        found = await client.send(WATCH, id=id)
        return found if found["status"] not in ("QUEUED", "RUNNING") else None

    return await soon(look)


async def test_a_merchandiser_sees_what_an_edit_would_do_does_it_and_takes_it_back(inside: Insides) -> None:
    async with inside() as hub:
        merchandiser = hub.client("merchandiser")
        edits: list[Any] = [{"action": "ADD", "association": "SPARE_PART", "value": ["nothing-of-this-code"]}]
        seen = await merchandiser.send(PREVIEW, filter={}, edits=edits)
        assert (seen["sampled"], seen["changing"], seen["refused"]) == (3, 0, 3)
        target = seen["products"][0]["code"]
        edits[0]["value"] = [target]
        seen = await merchandiser.send(PREVIEW, filter={}, edits=edits)
        assert (seen["changing"], seen["refused"]) == (2, 0)
        assert seen["products"][1]["changes"] == [
            {"path": "associations.SPARE_PART", "before": None, "after": [target]}
        ]

        given = {"idempotencyKey": key(), "filter": {}, "edits": edits}
        started = await merchandiser.send(EDIT, input=given)
        assert started == await merchandiser.send(EDIT, input=given)
        assert started["total"] == seen["matched"]
        done = await ended(merchandiser, started["id"])
        assert (done["status"], done["done"], done["problem"]) == ("DONE", seen["matched"], None)
        assert done["changed"] == seen["matched"] - 1
        assert done["edits"][0]["value"] == [target]

        undo = await merchandiser.send(UNDO, input={"idempotencyKey": key(), "id": started["id"]})
        assert undo["undoes"] == started["id"]
        assert (await ended(merchandiser, undo["id"]))["changed"] == done["changed"]
        seen = await merchandiser.send(PREVIEW, filter={}, edits=edits)
        assert seen["changing"] == 2


async def test_what_products_refuse_is_told_by_product(inside: Insides) -> None:
    async with inside() as hub:
        merchandiser = hub.client("merchandiser")
        edits = [{"action": "ADD", "association": "UP_SELL", "value": "nothing-of-this-code"}]
        given = {"idempotencyKey": key(), "filter": {}, "edits": edits}
        started = await merchandiser.send(EDIT, input=given)
        done = await ended(merchandiser, started["id"])
        assert (done["status"], done["changed"], done["refused"]) == ("DONE", 0, started["total"])
        first = done["problems"]["edges"][0]["node"]
        assert first["message"] == "there is no product nothing-of-this-code"
        assert len(done["problems"]["edges"]) == 2
        assert done["problems"]["pageInfo"]["hasNextPage"]


async def test_who_may_not_write_edits_nothing_and_bad_edits_are_named(inside: Insides) -> None:
    async with inside() as hub:
        edits = [{"action": "CLEAR", "attribute": "no-such"}]
        given = {"idempotencyKey": key(), "filter": {}, "edits": edits}
        assert await hub.client("store").code(EDIT, input=given) == "FORBIDDEN"
        assert await hub.client("store").code(PREVIEW, filter={}, edits=edits) == "FORBIDDEN"
        refused = await hub.client("merchandiser").send(EDIT, input=given)
        assert refused == {"__typename": "InvalidInput", "path": "edits.0.attribute"}
        unknown = await hub.client("merchandiser").send(UNDO, input={"idempotencyKey": key(), "id": "Qm9vOjE"})
        assert unknown["__typename"] in {"NotFound", "InvalidInput"}
