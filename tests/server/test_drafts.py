"""Changes of products that nothing shows until they are applied."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.server.conftest import Insides
from tests.server.hubs import Client, key, soon

SAVE = """
mutation ($input: SaveDraftInput!) { saveDraft(input: $input) { __typename
  ... on ProductDraft { code changes { path before after } problems { path } by publishAt failed product { code } }
  ... on InvalidInput { path problem } } }
"""
APPLY = """
mutation ($input: ApplyDraftInput!) { applyDraft(input: $input) { __typename
  ... on DraftApplied { revision product { code draft { code } } } ... on NotApplicable { problems { path } } } }
"""
DISCARD = """
mutation ($input: DiscardDraftInput!) { discardDraft(input: $input) { __typename ... on NotFound { message } } }
"""
DRAFTS = "{ drafts(first: 10) { edges { node { code } } } }"
NAME = """
query { shop(channel: "web", locale: "en") { offers(skus: ["NL-TENT-FJORD-2-GRN"]) { listing { name } } } }
"""
CODE = "fjord-2"


def named(name: str) -> dict[str, Any]:
    return {"code": CODE, "values": [{"attribute": "name", "locale": "en", "value": name}]}


async def save(client: Client, product: Any, **given: Any) -> Any:
    return await client.send(SAVE, input={"idempotencyKey": key(), "product": product} | given)


async def shown(client: Client) -> str:
    return str((await client.send(NAME))["offers"][0]["listing"]["name"])


async def test_a_draft_is_seen_by_merchandisers_only_until_it_is_applied(inside: Insides) -> None:
    async with inside() as hub:
        office = hub.client("merchandiser")
        before = await shown(office)
        made = await save(office, named("Fjord Two"))
        assert made["changes"] == [{"path": "values.name.*.en", "before": before, "after": "Fjord Two"}]
        assert (made["problems"], made["product"]) == ([], {"code": CODE})
        assert await shown(office) == before
        assert (await office.send(DRAFTS))["edges"] == [{"node": {"code": CODE}}]
        assert await hub.client("web").code(DRAFTS) == "FORBIDDEN"
        done = await office.send(APPLY, input={"idempotencyKey": key(), "product": CODE})
        assert (done["__typename"], done["product"]) == ("DraftApplied", {"code": CODE, "draft": None})
        assert await shown(office) == "Fjord Two"
        gone = await office.send(DISCARD, input={"idempotencyKey": key(), "product": CODE})
        assert gone["__typename"] == "NotFound"
        wrong = await save(office, {"code": CODE, "values": [{"attribute": "weight", "value": "heavy"}]})
        assert [one["path"] for one in wrong["problems"]] == ["values.0"]
        refused = await office.send(APPLY, input={"idempotencyKey": key(), "product": CODE})
        assert refused == {"__typename": "NotApplicable", "problems": [{"path": "values.0"}]}
        gone = await office.send(DISCARD, input={"idempotencyKey": key(), "product": CODE})
        assert gone["__typename"] == "DraftDiscarded"


async def test_a_draft_is_published_on_time_also_by_a_hub_that_started_since(inside: Insides) -> None:
    async with inside() as hub:
        office = hub.client()
        at = datetime.now(UTC) + timedelta(seconds=2)
        due = time.monotonic() + 2
        await save(office, named("On Time"), publishAt=at.isoformat())
        assert await shown(office) != "On Time"

        async def on_time() -> bool:
            return await shown(office) == "On Time"

        await soon(on_time)
        assert -0.5 < time.monotonic() - due < 5
        due = time.monotonic() + 3
        await save(office, named("After All"), publishAt=(datetime.now(UTC) + timedelta(seconds=3)).isoformat())
    await asyncio.sleep(max(0, due - time.monotonic()))
    async with inside() as hub:
        office = hub.client()

        async def after_all() -> bool:
            return await shown(office) == "After All"

        await soon(after_all)
