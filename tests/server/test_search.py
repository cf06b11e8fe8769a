"""Searching the demo shop over GraphQL, in its languages."""

from typing import Any

import pytest

from tests.server.conftest import Clients
from tests.server.hubs import Client

SUGGEST = """
query Suggest($query: String!, $first: Int!, $locale: String!) {
  shop(channel: "web", locale: $locale) {
    suggest(query: $query, first: $first) { searches listings { slug name offers { sku } } categories { slug name } }
  }
}
"""
RANGES = """
query Ranges($filter: ListingFilter) {
  shop(channel: "web", locale: "en") {
    listings(first: 1, filter: $filter) {
      totalCount priceSpan { min { amount currency } max { amount currency } }
      facets { code range { min max unit first last } values { value count } }
    }
  }
}
"""


@pytest.fixture
def web(client: Clients) -> Client:
    return client("web")


async def page(web: Client, locale: str, **wanted: Any) -> Any:
    return (await web.send("ListingPage", channel="web", locale=locale, first=24, filter=wanted))["listings"]


def names(found: Any) -> list[str]:
    return [edge["node"]["name"] for edge in found["edges"]]


@pytest.mark.parametrize(
    ("locale", "typed", "first"),
    [
        ("en", "dome tnet", "Dome Tent"),
        ("en", "insulatd bottel", "Bottle"),
        ("de", "kupelzelt", "Kuppelzelt"),
        ("de", "schlafsacke", "schlafsack"),
        ("de", "regenjacken", "jacke"),
        ("ru", "палатки", "палатка"),
        ("ru", "полатка", "палатка"),
        ("en", "NL-TENT-FJORD-2-GRN", "Fjord 2"),
        ("en", "nl-tent-fj", "Fjord"),
    ],
)
async def test_the_demo_shop_finds_what_is_meant(web: Client, locale: str, typed: str, first: str) -> None:
    found = names(await page(web, locale, search=typed))
    assert first.lower() in found[0].lower()


async def test_a_search_is_narrowed_down_by_facets_that_keep_their_own_values(web: Client) -> None:
    whole = await page(web, "en", search="jacket")
    color = next(one for one in whole["facets"] if one["code"] == "color")
    picked = {"code": "color", "values": [color["values"][0]["value"]]}
    some = await page(web, "en", search="jacket", attributes=[picked])
    assert some["totalCount"] == color["values"][0]["count"] < whole["totalCount"]
    assert next(one for one in some["facets"] if one["code"] == "color") == color
    assert (await page(web, "en", search="jacket", category="clothing"))["totalCount"] <= whole["totalCount"]


async def test_facets_of_measurements_and_prices_say_from_where_to_where(web: Client) -> None:
    found = (await web.send(RANGES, filter={"category": "tents"}))["listings"]
    weight = next(one for one in found["facets"] if one["code"] == "weight")["range"]
    assert float(weight["min"]) < float(weight["max"])
    assert weight["unit"] == "gram"
    lightest = {"code": "weight", "max": weight["min"], "unit": weight["unit"]}
    assert (await web.send(RANGES, filter={"category": "tents", "attributes": [lightest]}))["listings"]["totalCount"]
    least, most = (found["priceSpan"][one]["amount"] for one in ("min", "max"))
    within = {"category": "tents", "price": {"min": least, "max": most}}
    assert (await web.send(RANGES, filter=within))["listings"]["totalCount"] == found["totalCount"]


@pytest.mark.parametrize(
    ("locale", "typed", "completed"),
    [
        ("en", "wat", "waterproof"),
        ("en", "dome t", "dome tent"),
        ("de", "kuppelz", "kuppelzelt"),
        ("ru", "купольная пал", "купольная палатка"),
        ("en", "insulated bo", "insulated bottle"),
    ],
)
async def test_what_is_typed_is_completed_as_names_write_it(
    web: Client, locale: str, typed: str, completed: str
) -> None:
    found = (await web.send(SUGGEST, query=typed, first=5, locale=locale))["suggest"]
    assert completed in found["searches"]
    assert len(found["listings"]) <= 5
    assert bool(found["categories"]) == bool(found["listings"])


@pytest.mark.parametrize("typed", ["", "   ", "!?", "zzzzzz", "'\\:*&|"])
async def test_nothing_is_suggested_where_nothing_is_meant(web: Client, typed: str) -> None:
    found = (await web.send(SUGGEST, query=typed, first=5, locale="en"))["suggest"]
    assert found == {"searches": [], "listings": [], "categories": []}
