"""A merchandiser changes products of the demo shop over HTTP, with the documents of the contract."""

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.make import a_code
from tests.server.conftest import Clients
from tests.server.hubs import Client, key

SHEET = """
query ($code: String!, $at: DateTime, $first: Int = 10, $after: String) {
  product(code: $code, at: $at) {
    id code family { code } categories { code } revision updatedAt
    values { attribute { code } channel { code } locale display }
    variants { sku gtin digitalLink axisValues { code value } values { attribute { code } display } }
    associations { kind products { code } } components { sku quantity variant { id } }
    media { id } slugs { locale text }
    revisions(first: $first, after: $after) {
      edges { node { number at actor changes { path before after } } } pageInfo { hasNextPage endCursor }
    }
  }
}
"""
DRY = """
mutation ($input: UpsertProductsInput!) {
  upsertProducts(input: $input) {
    ... on ProductsUpserted { results { code __typename
      ... on UpsertedProduct { created changed revision product { code revision } changes { path before after } }
      ... on RefusedProduct { problems { path message } } } }
    ... on Error { message }
  }
}
"""
ADDRESS = """
query ($slug: String!) { shop(channel: "web", locale: "de") { listing(slug: $slug) { slug name
  related(kind: ACCESSORY, first: 5) { slug }
  components { sku quantity offer { sku name listing { name } } } } } }
"""
KIND = """
mutation ($input: SaveAssociationKindInput!) {
  saveAssociationKind(input: $input) { ... on AssociationKindSaved { kind twoWay } ... on Error { message } }
}
"""
NO_FILE = base64.urlsafe_b64encode(b"Media:00000000-0000-0000-0000-000000000000").decode().rstrip("=")
TAKEN = "NL-TENT-SOLVEI-1-MOS"
BUNDLE = "associations.0.components.0"


def bundle(sku: str, quantity: int) -> dict[str, Any]:
    return {"associations": [{"kind": "BUNDLE", "components": [{"sku": sku, "quantity": quantity}]}]}


BAD: list[tuple[dict[str, Any], str]] = [
    ({"family": "nothing"}, "family"),
    ({"categories": ["tents", "nowhere"]}, "categories.1"),
    ({"values": [{"attribute": "nothing", "value": 1}]}, "values.0"),
    ({"variants": [{"sku": ""}]}, "variants.0.sku"),
    ({"variants": [{"sku": "x", "gtin": "4006381333930"}]}, "variants.0.gtin"),
    ({"variants": [{"sku": TAKEN}]}, "variants.0.sku"),
    ({"slugs": [{"locale": "de", "text": "Nicht Gut"}]}, "slugs.0.text"),
    ({"slugs": [{"locale": "??", "text": "gut"}]}, "slugs.0.text"),
    ({"slugs": [{"locale": "de", "text": "a"}, {"locale": "de", "text": "b"}]}, "slugs.1.locale"),
    ({"media": ["x"]}, "media.0"),
    ({"media": [NO_FILE]}, "media.0"),
    ({"associations": [{"kind": "UP_SELL", "products": ["nowhere"]}]}, "associations.0.products.0"),
    ({"associations": [{"kind": "UP_SELL"}]}, "associations.0.products"),
    ({"associations": [{"kind": "UP_SELL", "products": [], "components": []}]}, "associations.0.components"),
    ({"associations": [{"kind": "BOUGHT_TOGETHER", "products": ["fjord-3"]}]}, "associations.0.products"),
    (bundle("nowhere", 1), f"{BUNDLE}.sku"),
    (bundle("x", 0), f"{BUNDLE}.quantity"),
    ({"baseRevision": 999}, "baseRevision"),
]  # fmt: skip
WRONG: dict[str, list[Any]] = {
    "name": [1, True, [], {}, "", "x" * 3000],
    "weight": [1, "1 kg", [], {}, {"amount": "x", "unit": "gram"}, {"amount": "1", "unit": "meter"}, {"unit": "gram"}],
    "persons": ["two", True, [], {}, "1e999", "NaN", 1e300],
    "vegan": ["yes", 1, [], {}],
    "launched_on": [1, "yesterday", [], {}, "2026-02-30"],
    "brand": [1, "nobody", [], ["nordlicht"], {}],
    "material": [1, "x", ["nothing"], [[]], [{}], {}],
    "repair_fee": [1, "5 EUR", [], {}, {"amount": "x", "currency": "EUR"}, {"amount": "1", "currency": "XXXX"}],
    "fits_with": [1, [], {}, "nothing-there", ""],
    "manual": [1, [], {}, ""],
}


@pytest.fixture
def merchandiser(client: Clients) -> Client:
    return client("merchandiser")


async def upsert(client: Client, *products: dict[str, Any], document: str = "UpsertProducts", **given: Any) -> Any:
    found = await client.send(document, input={"idempotencyKey": key(), "products": list(products)} | given)
    return found["results"]


async def sheet(client: Client, code: str, **given: Any) -> Any:
    return await client.send(SHEET, code=code, **given)


async def a_tent(client: Client, **given: Any) -> str:
    code = a_code("tent")
    row = {"code": code, "family": "tents", "values": [name("en", code)], "variants": [{"sku": code}]}
    [one] = await upsert(client, row | given)
    assert one["__typename"] == "UpsertedProduct", one
    return code


def name(locale: str, text: str | None) -> dict[str, Any]:
    return {"attribute": "name", "locale": locale, "value": text}


async def test_a_product_is_made_and_changed_and_told_by_path(merchandiser: Client) -> None:
    code = a_code("tent")
    given = {
        "code": code,
        "family": "tents",
        "categories": ["tents"],
        "values": [name("en", "Tent"), {"attribute": "weight", "value": {"amount": "2.5", "unit": "kilogram"}}],
        "variants": [{"sku": f"{code}-1", "gtin": "04252614", "values": [{"attribute": "color", "value": "moss"}]}],
    }
    assert [(one["__typename"], one["created"]) for one in await upsert(merchandiser, given)] == [
        ("UpsertedProduct", True)
    ]
    await upsert(merchandiser, {"code": code, "values": [name("en", "A tent"), name("de", "Zelt")]})
    one = await sheet(merchandiser, code)
    assert one["variants"][0]["digitalLink"] == "https://id.gs1.org/01/00042100005264"
    newest, creation = (edge["node"] for edge in one["revisions"]["edges"])
    assert (newest["number"], newest["actor"]) == (2, "Merchandiser")
    assert newest["changes"] == [
        {"path": "values.name.*.de", "before": None, "after": "Zelt"},
        {"path": "values.name.*.en", "before": "Tent", "after": "A tent"},
    ]
    assert {"path": "categories", "before": None, "after": ["tents"]} in creation["changes"]
    page = await sheet(merchandiser, code, first=1, after=None)
    assert page["revisions"]["pageInfo"]["hasNextPage"]
    rest = await sheet(merchandiser, code, first=1, after=page["revisions"]["pageInfo"]["endCursor"])
    assert [edge["node"]["number"] for edge in rest["revisions"]["edges"]] == [1]


@pytest.mark.parametrize(("given", "path"), BAD, ids=[path for _, path in BAD])
async def test_a_product_with_a_problem_is_answered_by_itself(
    merchandiser: Client, given: dict[str, Any], path: str
) -> None:
    code = a_code("tent")
    good, bad = await upsert(merchandiser, {"code": code}, {"code": "fjord-2"} | given)
    assert (good["__typename"], bad["__typename"]) == ("UpsertedProduct", "RefusedProduct")
    assert [one["path"] for one in bad["problems"]] == [path]


async def test_a_value_of_a_wrong_type_is_a_problem_with_its_path(merchandiser: Client) -> None:
    for attribute, some in WRONG.items():
        locale = "en" if attribute in ("name", "manual") else None
        given = [
            {"code": "fjord-2", "values": [{"attribute": attribute, "value": one, "locale": locale}]} for one in some
        ]
        for value, one in zip(some, await upsert(merchandiser, *given), strict=True):
            assert one["__typename"] == "RefusedProduct", (attribute, value)
            assert [problem["path"] for problem in one["problems"]] == ["values.0"], (attribute, value)


@pytest.mark.parametrize("written", ["9" * 400, "-9" + "9" * 25, "1e999", "[[[[{}]]]]", "{amount: 1e999, unit: ENUM}"])
async def test_a_value_written_into_the_document_is_answered_too(merchandiser: Client, written: str) -> None:
    values = f'[{{attribute: "weight", value: {written}}}, {{attribute: "persons", value: {written}}}]'
    given = f'{{idempotencyKey: "{key()}", products: [{{code: "fjord-2", values: {values}}}]}}'
    document = DRY.replace("($input: UpsertProductsInput!)", "").replace("$input", given)
    [one] = (await merchandiser.send(document))["results"]
    assert {problem["path"] for problem in one["problems"]} == {"values.0", "values.1"}


async def test_more_than_500_products_are_refused_as_a_whole(merchandiser: Client) -> None:
    given = {"idempotencyKey": key(), "products": [{"code": f"p{n}"} for n in range(501)]}
    assert "500" in (await merchandiser.send("UpsertProducts", input=given))["message"]


async def test_a_dry_run_tells_every_change_and_makes_none(merchandiser: Client) -> None:
    code, new = await a_tent(merchandiser), a_code("tent")
    given: list[dict[str, Any]] = [
        {"code": code, "values": [name("en", "Other")]},
        {"code": new, "family": "tents"},
        {"code": "x y"},
    ]
    tried = await upsert(merchandiser, *given, document=DRY, dryRun=True)
    assert tried[0]["product"] == {"code": code, "revision": 1}
    assert tried[0]["changes"] == [{"path": "values.name.*.en", "before": code, "after": "Other"}]
    assert (tried[1]["created"], tried[1]["product"]) == (True, None)
    assert tried[1]["changes"] == [{"path": "family", "before": None, "after": "tents"}]
    assert tried[2]["__typename"] == "RefusedProduct"
    assert (await sheet(merchandiser, code))["revision"] == 1
    assert await sheet(merchandiser, new) is None
    done = await upsert(merchandiser, *given, document=DRY)
    assert [one["changes"] for one in done[:2]] == [one["changes"] for one in tried[:2]]


async def test_the_same_key_answers_the_same_again(merchandiser: Client) -> None:
    given = {
        "idempotencyKey": key(),
        "products": [{"code": await a_tent(merchandiser), "values": [name("en", "Once")]}],
    }
    first = await merchandiser.send(DRY, input=given)
    assert await merchandiser.send(DRY, input=given) == first
    assert first["results"][0]["revision"] == 2


async def test_a_product_is_shown_as_it_was(merchandiser: Client) -> None:
    before = datetime.now(UTC)
    code = await a_tent(merchandiser, categories=["tents"], slugs=[{"locale": "de", "text": a_code("zelt")}])
    first = await sheet(merchandiser, code)
    await upsert(
        merchandiser,
        {
            "code": code,
            "categories": [],
            "values": [name("en", None), name("de", "Zelt")],
            "variants": [{"sku": code, "values": [{"attribute": "color", "value": "moss"}]}, {"sku": f"{code}-2"}],
            "slugs": [{"locale": "de", "text": ""}],
            "associations": [{"kind": "UP_SELL", "products": ["fjord-3"]}],
        },
    )
    then = await sheet(merchandiser, code, at=first["updatedAt"])
    assert {**then, "revisions": None} == {**first, "revisions": None}
    assert await sheet(merchandiser, code, at=before.isoformat()) is None
    now = await sheet(merchandiser, code, at=datetime.now(UTC).isoformat())
    assert [one["sku"] for one in now["variants"]] == [code, f"{code}-2"]
    assert now["associations"] == [{"kind": "UP_SELL", "products": [{"code": "fjord-3"}]}]


async def test_a_revision_is_restored_or_the_refusal_says_why(merchandiser: Client) -> None:
    code = await a_tent(merchandiser)
    await upsert(merchandiser, {"code": code, "values": [name("en", "Changed")]})
    given = {"idempotencyKey": key(), "product": code, "revision": 1}
    found = await merchandiser.send("RestoreRevision", input=given)
    assert found == {"__typename": "Product", "code": code, "revision": 3}
    assert await merchandiser.send("RestoreRevision", input=given) == found
    for wrong in ({"revision": 9}, {"product": "nowhere"}):
        refused = await merchandiser.send("RestoreRevision", input=given | {"idempotencyKey": key()} | wrong)
        assert refused["__typename"] == "NotFound"


async def test_of_two_who_edit_the_same_text_the_second_is_told(client: Clients) -> None:
    one, other = client("merchandiser"), client("head_office")
    code = await a_tent(one)
    edits = [
        upsert(who, {"code": code, "values": [name("en", text)], "baseRevision": 1})
        for who, text in ((one, "Anna"), (other, "Berta"))
    ]
    results = [found for [found] in await asyncio.gather(*edits)]
    assert sorted(one["__typename"] for one in results) == ["RefusedProduct", "UpsertedProduct"], results
    [refused] = [one for one in results if one["__typename"] == "RefusedProduct"]
    assert [problem["path"] for problem in refused["problems"]] == ["values.name.*.en"]
    assert (await sheet(one, code))["revision"] == 2


async def test_links_of_a_kind_that_goes_both_ways_are_made_and_taken_back_on_both_sides(merchandiser: Client) -> None:
    saved = await merchandiser.send(KIND, input={"idempotencyKey": key(), "kind": "SUBSTITUTE", "twoWay": True})
    assert saved == {"kind": "SUBSTITUTE", "twoWay": True}
    one, other = await a_tent(merchandiser), await a_tent(merchandiser)

    async def linked(*codes: str) -> list[Any]:
        await upsert(merchandiser, {"code": one, "associations": [{"kind": "SUBSTITUTE", "products": list(codes)}]})
        there = await sheet(merchandiser, other)
        return [
            there["revision"],
            [product["code"] for found in there["associations"] for product in found["products"]],
        ]

    assert await linked(other) == [2, [one]]
    assert await linked(other) == [2, [one]]
    assert await linked() == [3, []]
    await merchandiser.send(KIND, input={"idempotencyKey": key(), "kind": "SUBSTITUTE", "twoWay": False})


async def test_a_bundle_shows_its_parts_and_cannot_hold_itself(merchandiser: Client, client: Clients) -> None:
    part = (await sheet(merchandiser, "fjord-3"))["variants"][0]["sku"]
    outer, inner = await a_tent(merchandiser), await a_tent(merchandiser)

    async def consists(code: str, *parts: tuple[str, int]) -> Any:
        components = [{"sku": sku, "quantity": quantity} for sku, quantity in parts]
        [one] = await upsert(
            merchandiser, {"code": code, "associations": [{"kind": "BUNDLE", "components": components}]}
        )
        return one

    await consists(inner, (part, 2))
    assert (await consists(outer, (inner, 1), (part, 3)))["__typename"] == "UpsertedProduct"
    for code, sku in ((inner, outer), (outer, outer)):
        assert (await consists(code, (sku, 1)))["problems"][0]["path"] == "associations.0.components.0.sku"
    shown = (await sheet(merchandiser, outer))["components"]
    assert [(one["sku"], one["quantity"], bool(one["variant"])) for one in shown] == [(inner, 1, True), (part, 3, True)]


async def test_a_given_slug_is_the_address_of_the_listing_and_of_no_other(
    merchandiser: Client, client: Clients
) -> None:
    slug, web = a_code("mein-zelt"), client("web")
    part = (await sheet(merchandiser, "fjord-3"))["variants"][0]["sku"]
    [one] = await upsert(merchandiser, {"code": "fjord-2", "slugs": [{"locale": "de", "text": slug}]} | bundle(part, 2))
    assert one["__typename"] == "UpsertedProduct"
    found = (await web.ask(ADDRESS, slug=slug))["data"]["shop"]["listing"]
    assert found["slug"] == slug
    assert [(one["sku"], one["quantity"], one["offer"]["sku"]) for one in found["components"]] == [(part, 2, part)]
    for taken in (slug, "ultraleichtzelt-solvei-1"):  # given to another, and made for another
        [refused] = await upsert(merchandiser, {"code": "fjord-3", "slugs": [{"locale": "de", "text": taken}]})
        assert [problem["path"] for problem in refused["problems"]] == ["slugs.0.text"]
    await upsert(merchandiser, {"code": "fjord-2", "associations": [{"kind": "BUNDLE", "components": []}]})


async def test_files_are_attached_in_the_order_given(merchandiser: Client) -> None:
    shown = [one for code in ("fjord-2", "sturm-shell") for one in (await sheet(merchandiser, code))["media"]]
    files = list(dict.fromkeys(one["id"] for one in shown))
    assert len(files) > 1
    code = await a_tent(merchandiser, media=files[::-1])
    assert [one["id"] for one in (await sheet(merchandiser, code))["media"]] == files[::-1]
    await upsert(merchandiser, {"code": code, "media": files[:1]})
    changed = await sheet(merchandiser, code)
    assert changed["revisions"]["edges"][0]["node"]["changes"] == [
        {"path": "media", "before": files[::-1], "after": files[:1]}
    ]


async def test_who_may_only_read_the_catalog_may_not_change_it(client: Clients) -> None:
    given = {"idempotencyKey": key(), "products": [{"code": "fjord-2"}]}
    assert await client("store").code("UpsertProducts", input=given) == "FORBIDDEN"


async def test_the_sheet_of_a_product_shows_it_now_and_then(merchandiser: Client) -> None:
    now = await merchandiser.send("ProductSheet", code="fjord-3")
    assert (now["family"]["code"], now["completeness"][0]["channel"]["code"]) == ("tents", "app")
    assert {one["status"] for one in now["listings"]} == {"PUBLISHED"}
    then = await merchandiser.send("ProductSheet", code="fjord-3", at=now["updatedAt"])
    assert [one["display"] for one in then["values"]] == [one["display"] for one in now["values"]]
    assert [one["axisValues"] for one in then["variants"]] == [one["axisValues"] for one in now["variants"]]
    assert await merchandiser.send("ProductSheet", code="fjord-3", at="1999-12-31T23:59:59Z") is None
