"""Channels list products by rules, and leave variants out."""

from typing import Any

from tests.server.conftest import Insides
from tests.server.hubs import Client, key, soon

SAVE = """
mutation ($input: SaveAssortmentInput!) { saveAssortment(input: $input) { __typename
  ... on Assortment { channel { code } rules excludedProducts excludedSkus task { status } }
  ... on InvalidInput { path problem } ... on Forbidden { message } } }
"""
READ = """
query ($channel: String!) { assortment(channel: $channel) { rules excludedProducts excludedSkus } }
"""
PREVIEW = """
query ($channel: String!, $rules: JSON!) { previewAssortment(channel: $channel, rules: $rules) {
  listed withdrawn someListed someWithdrawn } }
"""
STATES = """
query ($code: String!) { product(code: $code) { listings { channel { code } status byRule } } }
"""
UPSERT = """
mutation ($input: UpsertProductsInput!) { upsertProducts(input: $input) { __typename
  ... on ProductsUpserted { results { __typename } } } }
"""
SYNC = """
query ($after: String) { shop(channel: "web") { sync(first: 500, after: $after) {
  items { sku offer { sku } } cursor caughtUp } } }
"""
TENTS = [{"effect": "INCLUDE", "when": {"kind": "CATEGORY", "category": "tents"}}]
GREEN = {"sku": "FJORD-9", "values": [{"attribute": "color", "value": "forest"}]}
CODE, SKU = "fjord-2", "NL-TENT-FJORD-2-GRN"


async def save(client: Client, rules: Any, **given: Any) -> Any:
    row = {"idempotencyKey": key(), "channel": "web", "rules": rules}
    return await client.send(SAVE, input=row | given)


async def on_the_web(client: Client, code: str) -> Any:
    found = (await client.send(STATES, code=code))["listings"]
    return next(
        ({k: v for k, v in one.items() if k != "channel"} for one in found if one["channel"]["code"] == "web"), None
    )


async def synced(client: Client, after: str | None = None) -> tuple[dict[str, bool], str]:
    """What a copy of the shop is told until it has caught up: of each sku whether it is offered."""
    told: dict[str, bool] = {}
    while True:
        page = (await client.send(SYNC, after=after))["sync"]
        told |= {one["sku"]: one["offer"] is not None for one in page["items"]}
        after = page["cursor"]
        if page["caughtUp"]:
            return told, str(after)


async def test_rules_list_products_as_they_change(inside: Insides) -> None:
    async with inside() as hub:
        office = hub.client()
        tent = {"code": "fjord-9", "family": "tents", "categories": ["tents"], "variants": [GREEN]}
        upsert = {"idempotencyKey": key(), "products": [tent]}
        assert (await office.send(UPSERT, input=upsert))["results"] == [{"__typename": "UpsertedProduct"}]
        assert await on_the_web(office, "fjord-9") is None
        seen = await office.send(PREVIEW, channel="web", rules=TENTS)
        assert (seen["listed"], seen["someListed"], seen["withdrawn"]) == (1, ["fjord-9"], 0)
        made = await save(office, TENTS)
        assert made == {"__typename": "Assortment", "channel": {"code": "web"}, "rules": TENTS} | {
            "excludedProducts": [],
            "excludedSkus": [],
            "task": None,
        }
        assert await on_the_web(office, "fjord-9") == {"status": "PUBLISHED", "byRule": True}
        assert await on_the_web(office, CODE) == {"status": "PUBLISHED", "byRule": False}
        moved = {"idempotencyKey": key(), "products": [{"code": "fjord-9", "categories": []}]}
        await office.send(UPSERT, input=moved)
        assert await on_the_web(office, "fjord-9") == {"status": "WITHDRAWN", "byRule": True}


async def test_an_excluded_variant_is_gone_from_the_shop_and_from_copies_of_it(inside: Insides) -> None:
    async with inside() as hub:
        office = hub.client()
        told, cursor = await synced(office)
        assert told[SKU]
        await save(office, [], excludeSkus=[SKU])

        async def gone() -> bool:
            return (await synced(office, cursor))[0].get(SKU) is False

        await soon(gone)
        assert (await office.send("OffersBySku", channel="web", skus=[SKU]))["offers"] == []
        assert SKU not in (await synced(office))[0]
        _, cursor = await synced(office)
        assert (await office.send(READ, channel="web"))["excludedSkus"] == [SKU]
        await save(office, [], excludeSkus=[])

        async def back() -> bool:
            return (await synced(office, cursor))[0].get(SKU) is True

        await soon(back)
        assert [one["sku"] for one in (await office.send("OffersBySku", channel="web", skus=[SKU]))["offers"]] == [SKU]


async def test_what_a_rule_lists_is_in_stock_within_seconds(inside: Insides) -> None:
    listed = """
    query ($sku: String!) { shop(channel: "web") { listings(first: 1, filter: {skus: [$sku], inStock: true}) {
      totalCount } } }
    """
    async with inside() as hub:
        office = hub.client()
        await save(office, [], excludeSkus=[SKU])
        adjusted = {"sku": SKU, "location": "berlin-dc", "delta": 50}
        done = {"idempotencyKey": key(), "reason": "CORRECTION", "adjustments": [adjusted]}
        await office.send("AdjustStock", input=done)
        await save(office, [], excludeSkus=[])

        async def there() -> bool:
            return bool((await office.send(listed, sku=SKU))["listings"]["totalCount"])

        await soon(there, seconds=5)


async def test_rules_that_cannot_be_are_refused_with_the_place(inside: Insides) -> None:
    async with inside() as hub:
        office = hub.client("merchandiser")
        refused = await save(office, [{"when": {"kind": "CATEGORY", "category": "nowhere"}}])
        assert (refused["__typename"], refused["path"]) == ("InvalidInput", "rules.0.when.category")
        assert await office.code(PREVIEW, channel="web", rules=[{"when": 1}]) == "INVALID_INPUT"
        assert await office.code(READ, channel="nowhere") == "NOT_FOUND"
        assert await hub.client("marketplace").code(READ, channel="web") == "FORBIDDEN"


async def test_rules_stay_where_only_exclusions_are_given(inside: Insides) -> None:
    async with inside() as hub:
        office = hub.client()
        await save(office, TENTS)
        given = {"idempotencyKey": key(), "channel": "web", "excludeSkus": [SKU]}
        assert (await office.send(SAVE, input=given))["__typename"] == "Assortment"
        found = await office.send(READ, channel="web")
        assert (found["rules"], found["excludedSkus"]) == (TENTS, [SKU])
