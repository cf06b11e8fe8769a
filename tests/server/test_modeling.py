"""A merchandiser shapes the model over HTTP: attributes, families and categories of the demo shop."""

from typing import Any

import pytest

from tests.make import a_code
from tests.server.conftest import Clients, Insides
from tests.server.hubs import Client, key

ATTRIBUTE = """
query ($code: String!) {
  attribute(code: $code) {
    code type localizable scopable unique filterable searchable unitFamily defaultUnit validation position
    labels { locale text } group { code label labels { locale text } } options { code labels { locale text } }
  }
}
"""
ATTRIBUTES = """
query ($first: Int, $after: String, $search: String, $type: AttributeType, $group: String) {
  attributes(first: $first, after: $after, search: $search, type: $type, group: $group) {
    edges { node { code type group { code } } } pageInfo { hasNextPage endCursor }
  }
}
"""
SAVE_GROUP = """
mutation ($input: SaveAttributeGroupInput!) {
  saveAttributeGroup(input: $input) { ... on AttributeGroup { code position label } ... on Error { message } }
}
"""
FAMILIES = """
query ($first: Int, $after: String) {
  families(first: $first, after: $after) {
    edges { node { code labels { locale text } labelAttribute { code } axes { code }
      attributes { attribute { code } requiredOn { code } level } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
TREE = """
query ($root: String) {
  categories(root: $root, first: 50) {
    edges { node { code path position parent { code }
      children { edges { node { code path children(first: 1) { edges { node { path } } } } } } } }
  }
}
"""


@pytest.fixture
def merchandiser(client: Clients) -> Client:
    return client("merchandiser")


def labels(**texts: str) -> list[dict[str, str]]:
    return [{"locale": locale, "text": text} for locale, text in texts.items()]


async def define(client: Client, **given: Any) -> Any:
    row = {"idempotencyKey": key(), "code": a_code("x"), "type": "TEXT", "labels": labels(en="X")}
    return await client.send("DefineAttribute", input=row | given)


async def save_category(client: Client, **given: Any) -> Any:
    return await client.send("SaveCategory", input={"idempotencyKey": key(), "labels": labels(en="C")} | given)


async def test_an_attribute_is_defined_and_read_with_all_it_has(merchandiser: Client) -> None:
    code, group = a_code("length"), a_code("sizes")
    done = await define(
        merchandiser, code=code, type="MEASUREMENT", labels=labels(en="Length", de_AT="Länge"), group=group,
        localizable=None, scopable=True, filterable=True, unitFamily="length", defaultUnit="meter",
        validation={"min": 0, "units": ["meter", "inch"], "max": None},
    )  # fmt: skip
    assert done == {
        "__typename": "Attribute",
        "code": code,
        "type": "MEASUREMENT",
        "localizable": False,
        "scopable": True,
    }
    found = await merchandiser.send(ATTRIBUTE, code=code)
    assert found["labels"] == labels(**{"de-AT": "Länge", "en": "Length"})
    assert found["group"] == {"code": group, "label": f"[{group}]", "labels": []}
    assert found["validation"] == {"min": 0, "units": ["meter", "inch"]}
    assert (found["unitFamily"], found["defaultUnit"], found["filterable"]) == ("length", "meter", True)


async def test_defining_anew_says_all_again_but_keeps_options_and_position(merchandiser: Client) -> None:
    code = a_code("fit")
    options = [{"code": one, "labels": labels(en=one.title())} for one in ("slim", "wide")]
    given = {"code": code, "type": "SELECT", "filterable": True, "group": "technical"}
    await define(merchandiser, **given, options=options)
    before = await merchandiser.send(ATTRIBUTE, code=code)
    await define(merchandiser, code=code, type="SELECT", options=[{"code": "loose", "labels": labels(en="Loose")}])
    after = await merchandiser.send(ATTRIBUTE, code=code)
    assert [one["code"] for one in before["options"]] == ["slim", "wide"]
    assert {one["code"] for one in after["options"]} == {"slim", "wide", "loose"}
    assert after["position"] == before["position"]
    assert (after["filterable"], after["group"]) == (False, None)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"code": "a b"}, "code"),
        ({"labels": labels(xx="?")}, "labels.0.locale"),
        ({"labels": [*labels(de_AT="a"), *labels(**{"de-AT": "b"})]}, "labels.1.locale"),
        ({"labels": labels(en=" ")}, "labels.0.text"),
        ({"options": [{"code": "a", "labels": []}]}, "options"),
        ({"type": "SELECT", "options": [{"code": "a", "labels": []}] * 2}, "options.1.code"),
        ({"unitFamily": "mass"}, "unitFamily"),
        ({"validation": ["max"]}, "validation"),
        ({"validation": {"max": 5}}, "validation.max"),
        ({"validation": {"pattern": "("}}, "validation.pattern"),
        ({"validation": {"pattern": "(?=a)"}}, "validation.pattern"),
        ({"validation": {"pattern": "(a{1000}){1000}"}}, "validation.pattern"),
        ({"validation": {"minLength": 5, "maxLength": 4}}, "validation.minLength"),
        ({"type": "DATE", "validation": {"min": "2026-13-01"}}, "validation.min"),
        ({"type": "DATE", "validation": {"min": "2026-03-02", "max": "2026-03-01"}}, "validation.min"),
        ({"type": "MONEY", "validation": {"currencies": ["XXL"]}}, "validation.currencies"),
        ({"type": "MEDIA", "validation": {"extensions": ["../x"]}}, "validation.extensions"),
        ({"type": "MEASUREMENT", "unitFamily": "mass", "validation": {"units": ["meter"]}}, "validation.units"),
    ],
)  # fmt: skip
async def test_a_definition_that_makes_no_sense_is_refused_by_name(
    merchandiser: Client, given: dict[str, Any], path: str
) -> None:
    done = await define(merchandiser, **given)
    assert done["__typename"] == "InvalidInput"
    assert done["message"].startswith(f"{path}: ")


async def test_attributes_are_paged_and_found_by_word_type_and_group(merchandiser: Client) -> None:
    async def codes(**wanted: Any) -> list[str]:
        found, after = [], None
        while True:
            page = await merchandiser.send(ATTRIBUTES, first=4, after=after, **wanted)
            found += [edge["node"]["code"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return found

    every = await codes()
    assert every == sorted(every)
    assert {"brand", "manual", "weight"} <= set(every)
    assert await codes(search="ANLEITUNG") == ["manual"]
    assert await codes(search="%") == []
    assert "manual" not in await codes(search="de")  # in which it has a label
    assert "weight" in await codes(type="MEASUREMENT", group="technical")
    assert "season" not in await codes(type="MEASUREMENT", group="technical")


async def test_groups_are_saved_and_listed_in_their_order(merchandiser: Client) -> None:
    first, last = a_code("a"), a_code("b")
    for code, given in ((last, {}), (first, {"position": -1})):
        row = {"idempotencyKey": key(), "code": code, "labels": labels(en=code.upper())}
        assert (await merchandiser.send(SAVE_GROUP, input=row | given))["label"] == code.upper()
    found = await merchandiser.send("{ attributeGroups(first: 100) { edges { node { code position } } } }")
    codes = [edge["node"]["code"] for edge in found["edges"]]
    assert codes.index(first) < codes.index("technical") < codes.index(last)


async def test_a_family_is_defined_and_read(merchandiser: Client) -> None:
    code = a_code("cups")
    given = {
        "code": code,
        "labels": labels(en="Cups"),
        "attributes": [
            {"code": "name", "requiredOn": ["web", "pos"]},
            {"code": "weight", "level": "VARIANT"},
            {"code": "color", "level": None, "requiredOn": None},
        ],
        "axes": ["color"],
        "labelAttribute": "name",
    }
    done = await merchandiser.send("DefineFamily", input={"idempotencyKey": key()} | given)
    assert done == {
        "__typename": "Family",
        "code": code,
        "attributes": [
            {"attribute": {"code": "name"}, "requiredOn": [{"code": "web"}, {"code": "pos"}], "level": "PRODUCT"},
            {"attribute": {"code": "weight"}, "requiredOn": [], "level": "VARIANT"},
            {"attribute": {"code": "color"}, "requiredOn": [], "level": "VARIANT"},
        ],
        "axes": [{"code": "color"}],
    }
    found = await merchandiser.send(
        "query ($code: String!) { family(code: $code) { labelAttribute { code } } }", code=code
    )
    assert found == {"labelAttribute": {"code": "name"}}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"attributes": [{"code": "nothing"}]}, "attributes"),
        ({"attributes": [{"code": "name"}, {"code": "name"}]}, "attributes"),
        ({"attributes": [{"code": "name", "requiredOn": ["moon"]}]}, "attributes.0.requiredOn"),
        ({"axes": ["name"]}, "axes"),
        ({"axes": ["color", "color"]}, "axes"),
        ({"axes": ["color", "textile_size", "persons", "waterproof"]}, "axes"),
    ],
)
async def test_a_family_that_makes_no_sense_is_refused_by_name(
    merchandiser: Client, given: dict[str, Any], path: str
) -> None:
    row = {"idempotencyKey": key(), "code": a_code("family"), "labels": [], "attributes": []}
    done = await merchandiser.send("DefineFamily", input=row | given)
    assert done["__typename"] == "InvalidInput"
    assert done["message"].startswith(f"{path}: ")


async def test_families_are_paged_and_a_product_tells_its_own(merchandiser: Client) -> None:
    page = await merchandiser.send(FAMILIES, first=2)
    rest = await merchandiser.send(FAMILIES, first=100, after=page["pageInfo"]["endCursor"])
    codes = [edge["node"]["code"] for edge in [*page["edges"], *rest["edges"]]]
    assert codes == sorted(set(codes))
    assert "tents" in codes
    found = await merchandiser.send('{ product(code: "fjord-2") { family { code labelAttribute { code } } } }')
    assert found == {"family": {"code": "tents", "labelAttribute": {"code": "name"}}}


async def test_a_category_is_made_moved_and_read_as_a_tree(merchandiser: Client) -> None:
    root, a, b, leaf = (a_code(name) for name in ("root", "a", "b", "leaf"))
    assert await save_category(merchandiser, code=root) == {"__typename": "Category", "code": root, "path": root}
    for code, parent in ((a, root), (b, root), (leaf, a)):
        await save_category(merchandiser, code=code, parent=parent)
    moved = await save_category(merchandiser, code=a, parent=b)
    assert moved["path"] == f"{root}.{b}.{a}"
    [edge] = (await merchandiser.send(TREE, root=root))["edges"]
    assert (edge["node"]["code"], edge["node"]["parent"]) == (b, {"code": root})
    [below] = edge["node"]["children"]["edges"]
    assert below["node"]["children"]["edges"] == [{"node": {"path": f"{root}.{b}.{a}.{leaf}"}}]
    roots = await merchandiser.send(TREE)
    assert root in {edge["node"]["code"] for edge in roots["edges"]}
    again = await save_category(merchandiser, code=b, parent=leaf)
    assert (again["__typename"], again["message"]) == ("InvalidInput", f"parent: {leaf} is below {b}.")


async def test_siblings_keep_the_places_they_are_given(merchandiser: Client) -> None:
    root, a, b, c = (a_code(name) for name in ("root", "a", "b", "c"))
    await save_category(merchandiser, code=root)
    for code in (a, b, c):
        await save_category(merchandiser, code=code, parent=root)
    await save_category(merchandiser, code=c, parent=root, position=-1)
    await save_category(merchandiser, code=a, parent=root, labels=labels(en="renamed"))
    found = await merchandiser.send(TREE, root=root)
    assert [edge["node"]["code"] for edge in found["edges"]] == [c, a, b]


async def test_only_those_who_write_the_catalog_shape_it(client: Clients) -> None:
    given = {"idempotencyKey": key(), "code": "no", "type": "TEXT", "labels": []}
    answer = await client("web").ask("DefineAttribute", input=given)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await client("web").code("{ families(first: 1) { pageInfo { endCursor } } }") == "FORBIDDEN"


SAVE_ENTITY = """
mutation ($input: SaveReferenceEntityInput!) {
  saveReferenceEntity(input: $input) { __typename ... on ReferenceEntity { code attributes { code } } }
}
"""
SAVE_RECORDS = """
mutation ($input: SaveReferenceRecordsInput!) {
  saveReferenceRecords(input: $input) {
    ... on ReferenceRecordsSaved {
      results {
        ... on SavedRecord { code created changed record { id values { attribute { code } locale display } } }
        ... on RefusedRecord { code problems { path message } }
      }
    }
    ... on Error { message }
  }
}
"""
DELETE_RECORDS = """
mutation ($input: DeleteReferenceRecordsInput!) {
  deleteReferenceRecords(input: $input) { __typename ... on ReferenceRecordsDeleted { count } ... on Error { message } }
}
"""
RECORDS = """
query ($code: String!, $search: String) {
  referenceEntity(code: $code) { labels { text } records(first: 10, search: $search) { edges { node { code } } } }
}
"""


async def test_designers_are_made_described_found_and_deleted(merchandiser: Client) -> None:
    entity = a_code("designer")
    given = {"idempotencyKey": key(), "code": entity, "labels": labels(en="Designer"), "attributes": ["care", "manual"]}
    made = await merchandiser.send(SAVE_ENTITY, input=given)
    assert made["attributes"] == [{"code": "care"}, {"code": "manual"}]
    records = [
        {
            "code": "ada",
            "labels": labels(en="Ada L."),
            "values": [{"attribute": "care", "locale": "de", "value": "Ja"}],
        },
        {"code": "bob", "values": [{"attribute": "brand", "value": "nordlicht"}]},
    ]
    saved = await merchandiser.send(SAVE_RECORDS, input={"idempotencyKey": key(), "entity": entity, "records": records})
    [ada, bob] = saved["results"]
    assert (ada["created"], ada["changed"]) == (True, True)
    assert ada["record"]["values"] == [{"attribute": {"code": "care"}, "locale": "de", "display": "Ja"}]
    assert bob["problems"] == [{"path": "values.0", "message": "brand is no attribute of the reference entity"}]
    for word, codes in (("ada l", ["ada"]), ("zoe", []), ("en", [])):
        found = await merchandiser.send(RECORDS, code=entity, search=word)
        assert [edge["node"]["code"] for edge in found["records"]["edges"]] == codes
    node = await merchandiser.send(
        "query ($id: ID!) { node(id: $id) { ... on ReferenceRecord { code entity { code } } } }", id=ada["record"]["id"]
    )
    assert node == {"code": "ada", "entity": {"code": entity}}
    await define(merchandiser, code=a_code("by"), type="REFERENCE", referenceEntity=entity)
    gone = {"idempotencyKey": key(), "entity": entity, "codes": ["ada"]}
    assert await merchandiser.send(DELETE_RECORDS, input=gone) == {"__typename": "ReferenceRecordsDeleted", "count": 1}
    gone |= {"idempotencyKey": key()}
    assert (await merchandiser.send(DELETE_RECORDS, input=gone))["__typename"] == "NotFound"


# --- what a definition anew would break


WOULD_BREAK = """
mutation ($input: DefineAttributeInput!) {
  defineAttribute(input: $input) {
    __typename
    ... on Attribute { code type }
    ... on WouldBreak { message products variants forcible examples { code path reason } }
  }
}
"""
FAMILY_BREAK = """
mutation ($input: DefineFamilyInput!) {
  defineFamily(input: $input) { __typename ... on WouldBreak { products variants examples { code path } } }
}
"""


async def test_what_a_definition_would_break_is_said_before_it_does(inside: Insides) -> None:
    async with inside() as hub:
        boss = hub.client("merchandiser")
        given = {"code": "model_number", "type": "NUMBER", "labels": labels(en="Model")}
        asked = {"idempotencyKey": key()} | given
        refused = await boss.send(WOULD_BREAK, input=asked)
        assert refused["__typename"] == "WouldBreak"
        assert refused["products"] > 0
        assert refused["forcible"]
        assert refused["examples"][0]["reason"] == "must be a number"
        assert refused["message"].startswith("Values would be taken away, of ")
        kept = await boss.send(ATTRIBUTE, code="model_number")
        assert kept["type"] == "TEXT"
        forced = await boss.send(WOULD_BREAK, input={"idempotencyKey": key(), "force": True} | given)
        assert forced == {"__typename": "Attribute", "code": "model_number", "type": "NUMBER"}
        sheet = await boss.send('{ product(code: "fjord-2") { values { attribute { code } } } }')
        assert "model_number" not in {one["attribute"]["code"] for one in sheet["values"]}
        assert await boss.send(WOULD_BREAK, input=asked) | {"__typename": "Attribute"} == forced
        smaller = {"idempotencyKey": key(), "code": "tents", "labels": [], "attributes": [{"code": "name"}]}
        refused = await boss.send(FAMILY_BREAK, input=smaller)
        assert refused["__typename"] == "WouldBreak"
        assert refused["products"] > 0


# --- what counts, and where it came from


RESOLVED = """
query ($code: String!, $channel: String!, $locale: String) {
  product(code: $code) {
    resolved(channel: $channel, locale: $locale) { ...said }
    variants { sku resolved(channel: $channel, locale: $locale) { ...said } }
  }
}
fragment said on ResolvedValue {
  attribute { code } display from { level channel { code } locale }
  value { __typename ... on TextValue { text } ... on SelectValue { options { code label } } }
}
"""


async def test_a_product_tells_what_counts_and_where_it_came_from(merchandiser: Client) -> None:
    found = await merchandiser.send(RESOLVED, code="fjord-2", channel="marketplace", locale="de_AT")
    said = {one["attribute"]["code"]: one for one in found["resolved"]}
    assert said["short_description"]["from"] == {"level": "PRODUCT", "channel": {"code": "marketplace"}, "locale": "de"}
    assert said["name"]["from"] == {"level": "PRODUCT", "channel": None, "locale": "de"}
    assert said["name"]["value"] == {"__typename": "TextValue", "text": "Kuppelzelt Fjord 2"}
    assert said["persons"]["from"] == {"level": "PRODUCT", "channel": None, "locale": None}
    own = {one["attribute"]["code"]: one for one in found["variants"][0]["resolved"]}
    assert own["color"]["from"]["level"] == "VARIANT"
    assert own["color"]["value"]["options"][0]["code"] == "forest"
    assert own["name"] == said["name"]
    assert await merchandiser.code(RESOLVED, code="fjord-2", channel="moon") == "NOT_FOUND"
    assert await merchandiser.code(RESOLVED, code="fjord-2", channel="web", locale="?") == "INVALID_INPUT"


async def test_a_category_is_deleted_once_it_is_empty(merchandiser: Client) -> None:
    delete = """
    mutation ($input: DeleteCategoryInput!) {
      deleteCategory(input: $input) { __typename ... on CategoryNotEmpty { children products } }
    }
    """
    full = await merchandiser.send(delete, input={"idempotencyKey": key(), "code": "tents"})
    assert full["__typename"] == "CategoryNotEmpty"
    assert full["products"] > 0
    code = a_code("short-lived")
    await save_category(merchandiser, code=code)
    gone = await merchandiser.send(delete, input={"idempotencyKey": key(), "code": code})
    assert gone == {"__typename": "CategoryDeleted"}
