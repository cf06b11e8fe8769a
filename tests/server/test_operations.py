"""The contract's operations over HTTP on the demo shop, compared with what the shop was loaded from."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from kernel.db import Database
from pim.attributes import units
from pim.listings import operations as listings
from server import embedded
from server.demo import content
from tests.server.conftest import Clients
from tests.server.hubs import Client, Hub, key, soon

BACKWARD = """
query ($last: Int!, $before: String, $filter: ListingFilter, $sort: ListingSort) {
  shop(channel: "web", locale: "en") {
    listings(last: $last, before: $before, filter: $filter, sort: $sort) {
      edges { cursor node { slug } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""
SORTS = [
    {"by": by, "direction": direction}
    for by in ("RELEVANCE", "NAME", "PRICE", "NEWEST", "POSITION")
    for direction in ("ASC", "DESC")
]


@dataclass(frozen=True)
class Source:
    """The demo shop as its files say."""

    shop: content.Content

    def on(self, channel: str) -> dict[str, Any]:
        """The products that a channel shows now, by code."""
        shown = {
            code
            for row in self.shop.listings
            if row["channel"] == channel and not row.get("from", "").startswith("+")
            for code in row["products"]
        }
        return {row["code"]: row for row in self.shop.products if row["code"] in shown}

    def values(self, product: Any, attribute: str) -> list[Any]:
        """What a product and its variants say of an attribute."""
        rows = itertools.chain(product["values"], *(one.get("values", ()) for one in product["variants"]))
        return [row["value"] for row in rows if row["attribute"] == attribute]

    def codes(self, product: Any, attribute: str) -> set[str]:
        found = self.values(product, attribute)
        return {str(one) for value in found for one in (value if isinstance(value, list) else [value])}

    def below(self, category: str) -> set[str]:
        found = {category}
        for row in self.shop.categories:
            if row.get("parent") in found:
                found.add(row["code"])
        return found


@pytest.fixture(scope="session")
def source() -> Source:
    return Source(content.load())


@pytest.fixture(scope="session")
async def db(hub: Hub) -> AsyncIterator[Database]:
    """The database of the hub, beside it."""
    with embedded.joined(hub.data_dir) as url:
        database = Database(url, readers=2, writers=2)
        yield database
        await database.close()


@pytest.fixture
def web(client: Clients) -> Client:
    return client("web")


async def pages(client: Client, first: int = 100, **variables: Any) -> AsyncIterator[Any]:
    after = None
    while True:
        found = await client.send(
            "ListingPage", **({"channel": "web", "locale": "en", "first": first, "after": after} | variables)
        )
        yield found["listings"]
        if not found["listings"]["pageInfo"]["hasNextPage"]:
            return
        after = found["listings"]["pageInfo"]["endCursor"]


async def walk(client: Client, first: int = 100, **variables: Any) -> list[Any]:
    """Every listing that a query finds, page after page."""
    return [edge["node"] async for page in pages(client, first, **variables) for edge in page["edges"]]


async def found_codes(source: Source, client: Client, **wanted: Any) -> set[str]:
    """The products that a filter lets through; their number must be the total count."""
    owners = {one["sku"]: row["code"] for row in source.shop.products for one in row["variants"]}
    found = [page async for page in pages(client, filter=wanted)]
    codes = [owners[edge["node"]["offers"][0]["sku"]] for page in found for edge in page["edges"]]
    assert {page["totalCount"] for page in found} == {len(codes)}
    assert len(set(codes)) == len(codes)
    return set(codes)


# --- the storefront: pages of listings


@pytest.mark.parametrize("sort", SORTS, ids=lambda one: f"{one['by']} {one['direction']}")
async def test_paging_shows_every_listing_once_forward_and_backward(source: Source, web: Client, sort: Any) -> None:
    forward = [page async for page in pages(web, 7, sort=sort)]
    slugs = [edge["node"]["slug"] for page in forward for edge in page["edges"]]
    assert len(slugs) == len(set(slugs)) == len(source.on("web")) == forward[0]["totalCount"]
    assert [page["pageInfo"]["hasPreviousPage"] for page in forward] == [False, *[True] * (len(forward) - 1)]

    backward: list[str] = []
    before = None
    while True:
        page = (await web.send(BACKWARD, last=7, before=before, sort=sort))["listings"]
        backward = [edge["node"]["slug"] for edge in page["edges"]] + backward
        assert page["pageInfo"]["hasNextPage"] == (before is not None)
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert backward == slugs


async def test_a_cursor_inside_a_page_goes_on_from_there_either_way(web: Client) -> None:
    sort = {"by": "PRICE"}
    page = (await web.send("ListingPage", channel="web", locale="en", first=9, sort=sort))["listings"]
    slugs = [edge["node"]["slug"] for edge in page["edges"]]
    middle = page["edges"][4]["cursor"]
    onward = await web.send("ListingPage", channel="web", locale="en", first=4, after=middle, sort=sort)
    back = await web.send(BACKWARD, last=4, before=middle, sort=sort)
    assert [edge["node"]["slug"] for edge in onward["listings"]["edges"]] == slugs[5:]
    assert [edge["node"]["slug"] for edge in back["listings"]["edges"]] == slugs[:4]


async def test_listings_are_sorted_as_asked(web: Client) -> None:
    prices = [
        min(Decimal(offer["price"]["current"]["amount"]) for offer in one["offers"])
        for one in await walk(web, sort={"by": "PRICE"})
    ]
    names = [one["name"] for one in await walk(web, sort={"by": "NAME", "direction": "DESC"})]
    assert prices == sorted(prices)
    assert names == sorted(names, key=str.casefold, reverse=True)


async def test_the_best_match_of_a_search_comes_first(web: Client) -> None:
    found = await walk(web, filter={"search": "Fjord 3"})
    assert found[0]["name"].startswith("Fjord 3")


@pytest.mark.parametrize("category", ["camping", "tents", "clothing"])
async def test_a_category_holds_its_subtree(source: Source, web: Client, category: str) -> None:
    inside = {code for code, row in source.on("web").items() if source.below(category) & set(row["categories"])}
    assert await found_codes(source, web, category=category) == inside


@pytest.mark.parametrize(
    ("locale", "search", "word"),
    [
        ("ru", "палатки", "палатк"),
        ("ru", "ПАЛАТКА фьорд", "палатка"),
        ("de", "Kuppelzelte", "kuppelzelt"),
        ("de", "zelt", "zelt"),
        ("de", "schlafsäcke", "schlafs"),
        ("en", "tents", "tent"),
    ],
)
async def test_search_finds_the_words_of_names_in_the_locale(
    source: Source, web: Client, locale: str, search: str, word: str
) -> None:
    owners = {one["sku"]: row["code"] for row in source.shop.products for one in row["variants"]}
    named = {
        code
        for code, row in source.on("web").items()
        for one in row["values"]
        if one["attribute"] == "name" and one.get("locale") == locale and word in one["value"].lower()
        if "фьорд" not in search or "фьорд" in one["value"].lower()
    }
    found = [owners[one["offers"][0]["sku"]] for one in await walk(web, locale=locale, filter={"search": search})]
    assert set(found[: len(named)]) == named
    assert named


async def test_search_finds_codes_and_brands(source: Source, web: Client) -> None:
    [one] = [code for code, row in source.on("web").items() if "NL-1010" in source.values(row, "model_number")]
    assert (await found_codes(source, web, search="NL-1010")) == {one}
    branded = {code for code, row in source.on("web").items() if "nordlicht" in source.values(row, "brand")}
    assert branded <= await found_codes(source, web, search="nordlicht")


async def test_what_is_searched_for_is_taken_literally(source: Source, web: Client) -> None:
    for pattern in ("100%_", "%", "_", "\\", "'; DROP TABLE listing; --"):
        assert await found_codes(source, web, search=f"zzz{pattern}") == set()


async def test_skus_find_the_listings_that_offer_them(source: Source, web: Client) -> None:
    skus = ["NL-CHR-RAST-RST", "NL-CHR-RAST-GRN", "NL-TENT-FJORD-2-GRN", "NO-SUCH-SKU"]
    assert await found_codes(source, web, skus=skus) == {"rast-chair", "fjord-2"}
    assert await found_codes(source, web, skus=[]) == set()


@pytest.mark.parametrize(
    ("attribute", "values"), [("brand", ["nordlicht"]), ("color", ["rust", "forest"]), ("waterproof", ["true"])]
)
async def test_attributes_find_products_and_variants_that_have_one_of_the_values(
    source: Source, web: Client, attribute: str, values: list[str]
) -> None:
    having = {
        code
        for code, row in source.on("web").items()
        if {one.lower() for one in source.codes(row, attribute)} & set(values)
    }
    assert await found_codes(source, web, attributes=[{"code": attribute, "values": values}]) == having


async def test_every_attribute_filter_must_hold(source: Source, web: Client) -> None:
    both = [{"code": "brand", "values": ["nordlicht"]}, {"code": "material", "values": ["wool"]}]
    alone = [await found_codes(source, web, attributes=[one]) for one in both]
    assert await found_codes(source, web, attributes=both) == alone[0] & alone[1]


@pytest.mark.parametrize(
    ("least", "most", "unit"),
    [("1", "2.5", "kilogram"), ("1000", "2500", None), ("2.2", "5.5", "pound"), ("3", None, "kg")],
)
async def test_a_range_of_a_measurement_is_in_the_unit_asked(
    source: Source, web: Client, least: str, most: str | None, unit: str | None
) -> None:
    def within(value: Any) -> bool:
        weight = units.base("mass", Decimal(value["amount"]), value["unit"])
        top = units.base("mass", Decimal(most), unit or "gram") if most else Decimal("Infinity")
        return units.base("mass", Decimal(least), unit or "gram") <= weight <= top

    having = {
        code for code, row in source.on("web").items() if any(within(value) for value in source.values(row, "weight"))
    }
    asked = [{"code": "weight", "min": least, "max": most, "unit": unit}]
    assert await found_codes(source, web, attributes=asked) == having
    assert having


async def test_a_range_of_a_number_needs_no_unit(source: Source, web: Client) -> None:
    having = {code for code, row in source.on("web").items() if any(n >= 3 for n in source.values(row, "persons"))}
    assert await found_codes(source, web, attributes=[{"code": "persons", "min": "3"}]) == having


async def test_a_price_range_holds_the_price_now(web: Client) -> None:
    def cheapest(one: Any) -> Decimal:
        return min(Decimal(offer["price"]["current"]["amount"]) for offer in one["offers"])

    everything = await walk(web)
    within = {one["slug"] for one in everything if 50 <= cheapest(one) <= 100}
    assert {one["slug"] for one in await walk(web, filter={"price": {"min": "50", "max": "100.00"}})} == within
    assert 0 < len(within) < len(everything)


async def test_in_stock_is_what_an_offer_says(web: Client) -> None:
    everything = await walk(web)
    there = {one["slug"] for one in everything if any(offer["availability"]["quantity"] for offer in one["offers"])}
    assert {one["slug"] for one in await walk(web, filter={"inStock": True})} == there
    assert {one["slug"] for one in await walk(web, filter={"inStock": False})} == {
        one["slug"] for one in everything
    } - there


@pytest.mark.parametrize("wanted", [{}, {"category": "camping"}, {"search": "tent"}, {"inStock": True}], ids=str)
async def test_facets_count_what_a_walk_finds(source: Source, web: Client, wanted: Any) -> None:
    codes = await found_codes(source, web, **wanted)
    page = (await web.send("ListingPage", channel="web", locale="en", first=1, filter=wanted))["listings"]
    for facet in page["facets"]:
        told = [source.values(source.on("web")[code], facet["code"]) for code in codes]
        if facet["code"] in ("weight", "capacity", "comfort_temperature", "persons"):
            assert facet["values"] == []
            assert any(told)
            continue
        counted = Counter(
            value.lower() for code in codes for value in source.codes(source.on("web")[code], facet["code"])
        )
        assert {one["value"]: one["count"] for one in facet["values"]} == counted
    assert {"brand", "color", "material"} <= {facet["code"] for facet in page["facets"]}


async def test_a_facet_value_filters_to_as_many_as_it_counts(web: Client) -> None:
    page = (await web.send("ListingPage", channel="web", locale="de", first=1))["listings"]
    for facet in page["facets"]:
        if not facet["values"]:
            continue
        value = facet["values"][-1]
        asked = {"attributes": [{"code": facet["code"], "values": [value["value"]]}]}
        assert len(await walk(web, filter=asked)) == value["count"]


async def test_the_category_tree_counts_what_a_walk_finds(web: Client) -> None:
    def flat(tree: Iterable[Any]) -> list[Any]:
        return [found for one in tree for found in (one, *flat(one.get("children", ())))]

    tree = (await web.send("CategoryTree", channel="web", locale="ru"))["categories"]
    categories = flat(tree)
    assert len(categories) > 10
    assert tree[0]["name"] == "Кемпинг"
    for one in categories:
        assert one["listingCount"] == len(await walk(web, filter={"category": one["slug"]})), one["slug"]


# --- the storefront: one listing, many offers


@pytest.mark.parametrize(
    ("locale", "served"), [("en", "en"), ("ru", "ru"), ("de-AT", "de"), ("fr", "en"), (None, "en")]
)
async def test_a_listing_speaks_the_language_asked(
    source: Source, web: Client, locale: str | None, served: str
) -> None:
    product = source.on("web")["fjord-2"]
    texts = {
        row["attribute"]: row["value"]
        for row in product["values"]
        if row.get("locale") == served and not row.get("channel")
    }
    slug = (await walk(web, filter={"skus": ["NL-TENT-FJORD-2-GRN"]}, locale=locale))[0]["slug"]
    one = (await web.send("ListingDetail", channel="web", locale=locale, slug=slug))["listing"]
    assert (one["name"], one["description"]) == (texts["name"], texts["description"])
    said = {attribute["code"]: attribute for attribute in one["attributes"]}
    assert said["care"]["display"] == texts["care"]
    assert said["weight"]["value"] == {"__typename": "MeasureValue", "amount": "2.4", "unit": "kilogram"}
    assert said["persons"]["value"] == {"__typename": "NumberValue", "number": "2"}
    assert said["launched_on"]["value"] == {"__typename": "DateValue", "date": "2023-03-01"}
    assert [option["code"] for option in said["material"]["value"]["options"]] == ["nylon", "aluminum"]
    assert [offer["sku"] for offer in one["offers"]] == [variant["sku"] for variant in product["variants"]]
    assert [crumb["slug"] for crumb in one["breadcrumbs"]] == ["camping", "tents"]
    assert one["media"]
    assert all(picture["url"] and picture["alt"] and picture["width"] for picture in one["media"])
    assert {axis["code"] for axis in one["axes"]} == {value["code"] for value in one["offers"][0]["axisValues"]}


async def test_a_slug_of_another_language_finds_the_same_listing(web: Client) -> None:
    russian = (await walk(web, filter={"skus": ["NL-TENT-FJORD-2-GRN"]}, locale="ru"))[0]
    german = (await web.send("ListingDetail", channel="web", locale="de", slug=russian["slug"]))["listing"]
    assert german["id"] == russian["id"]
    assert german["name"] == "Kuppelzelt Fjord 2"


async def test_a_listing_of_a_page_has_a_page_of_its_own_with_pictures_that_are_there(web: Client) -> None:
    for one in (await walk(web))[::5]:
        detail = (await web.send("ListingDetail", channel="web", locale="en", slug=one["slug"]))["listing"]
        assert {offer["sku"] for offer in detail["offers"]} == {offer["sku"] for offer in one["offers"]}
    for address in (one["thumbnail"]["url"], detail["media"][0]["url"]):
        picture = await web.http.get(address if address.startswith("http") else f"{web.base}{address}")
        assert picture.status_code == 200
        assert picture.headers["content-type"].startswith("image/")


async def test_drafts_and_listings_to_come_are_not_shown(web: Client) -> None:
    for skus in (["NL-BOOT-EBBE"], [], None):
        slugs = {one["slug"] for one in await walk(web, filter={"skus": skus} if skus else None)}
        assert not {slug for slug in slugs if "ebbe" in slug or "melker" in slug}
    assert (await web.send("ListingDetail", channel="web", locale="en", slug="no-such-slug"))["listing"] is None


async def test_a_hundred_skus_are_answered_in_the_order_asked(source: Source, web: Client) -> None:
    skus = [one["sku"] for row in source.on("web").values() for one in row["variants"]][:98]
    asked = [*skus[::-1], "NO-SUCH-SKU", skus[0]]
    offers = (await web.send("OffersBySku", channel="web", skus=asked))["offers"]
    assert [offer["sku"] for offer in offers] == [sku for sku in asked if sku != "NO-SUCH-SKU"]
    assert all(Decimal(offer["price"]["current"]["amount"]) > 0 for offer in offers)


async def test_a_reduced_offer_shows_the_prior_price(web: Client) -> None:
    [offer] = (await web.send("OffersBySku", channel="web", skus=["NL-CHR-RAST-GRN"]))["offers"]
    price = offer["price"]
    assert price["current"] == {"amount": "75.90", "currency": "EUR"}
    assert price["list"] == price["lowest30Days"] == {"amount": "89.90", "currency": "EUR"}
    assert price["validUntil"] is not None


async def test_prices_of_a_variant_are_kept(client: Clients) -> None:
    found = (await client().send("PriceHistory", sku="NL-CHR-RAST-GRN", priceList="eur"))["prices"]
    edges = [(row["validFrom"], row["validUntil"]) for row in found if row["minQuantity"] == 1]
    assert len(edges) > 1
    assert all(row["setBy"] and Decimal(row["amount"]["amount"]) > 0 for row in found)
    inner = sorted(edges)
    assert all(until is not None and until <= after for (_, until), (after, _) in itertools.pairwise(inner))


# --- stores


async def test_the_nearest_location_comes_first(client: Clients) -> None:
    vienna = {"latitude": 48.2, "longitude": 16.37}
    found = (await client("store").send("Locations", near=vienna, first=3))["edges"]
    assert found[0]["node"]["code"] == "vienna-store"
    assert [edge["distanceKm"] for edge in found] == sorted(edge["distanceKm"] for edge in found)
    assert found[0]["distanceKm"] == pytest.approx(1.54, abs=0.1)


async def test_stock_is_what_was_loaded(source: Source, client: Clients) -> None:
    row = next(row for row in source.shop.stock if row["location"] == "manchester-dc")
    [level] = await client().send("StockBySku", skus=[row["sku"]], locations=["manchester-dc"])
    assert level["onHand"] == row["quantity"]
    assert level["onHand"] == sum(
        level[state] for state in ("available", "committed", "reserved", "damaged", "qualityControl", "safetyStock")
    )


async def test_a_store_sees_its_own_stock_only(client: Clients) -> None:
    sku = "NL-CHR-RAST-NVY"
    assert len(await client().send("StockBySku", skus=[sku])) > 1
    mine = await client("store").send("StockBySku", skus=[sku])
    assert {level["location"]["code"] for level in mine} == {"hamburg-store"}


async def test_the_stock_of_a_location_is_paged_without_gap_or_repeat(source: Source, client: Clients) -> None:
    skus: list[str] = []
    after = None
    while True:
        found = (await client().send("StockAt", location="cologne-store", first=13, after=after))["stock"]
        skus += [edge["node"]["sku"] for edge in found["edges"]]
        if not found["pageInfo"]["hasNextPage"]:
            break
        after = found["pageInfo"]["endCursor"]
    assert skus == sorted({row["sku"] for row in source.shop.stock if row["location"] == "cologne-store"})


async def test_the_stock_of_a_location_is_filtered(client: Clients) -> None:
    async def levels(**wanted: Any) -> list[Any]:
        found = await client().send("StockAt", location="berlin-dc", first=100, filter=wanted)
        return [edge["node"] for edge in found["stock"]["edges"]]

    assert {level["sku"] for level in await levels(skus=["NL-CHR-RAST-GRN", "NONE"])} == {"NL-CHR-RAST-GRN"}
    below = await levels(below=10)
    assert below
    assert all(level["available"] < 10 for level in below)
    assert await levels(search="палатка")
    assert await levels(changedSince="2100-01-01T00:00:00Z") == []


async def test_an_adjustment_is_told_in_levels_and_ledger(client: Clients) -> None:
    one = {"sku": "NL-CHR-RAST-NVY", "location": "riga-store"}
    before = (await client().send("StockBySku", skus=[one["sku"]], locations=[one["location"]]) or [{"onHand": 0}])[0]
    for delta in (5, -2, 4):
        done = await client().send(
            "AdjustStock",
            input={
                "idempotencyKey": key(),
                "reason": "CORRECTION",
                "reference": f"count {delta}",
                "note": "Ящик за дверью",
                "adjustments": [one | {"delta": delta}],
            },
        )
        assert done["__typename"] == "StockAdjustment"
    assert done["levels"][0]["onHand"] == before["onHand"] + 7

    told: list[Any] = []
    after = None
    while len(told) < 3:
        page = await client().send("Ledger", **one, first=1, after=after)
        told += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert [row["reference"] for row in told] == ["count 4", "count -2", "count 5"]
    assert told[0]["actor"] == "Head office"
    assert told[0]["note"] == "Ящик за дверью"
    assert {row["state"]: row["delta"] for row in told[1]["deltas"]} == {"ON_HAND": -2, "AVAILABLE": -2}
    assert {row["state"]: row["quantity"] for row in told[0]["balance"]}["ON_HAND"] == before["onHand"] + 7


async def test_a_stale_expectation_answers_what_is_there(client: Clients) -> None:
    one = {"sku": "NL-CHR-RAST-NVY", "location": "cologne-store"}
    [level] = await client().send("StockBySku", skus=[one["sku"]], locations=[one["location"]])
    for name, change in (("AdjustStock", {"delta": 1}), ("SetStock", {"quantity": 1})):
        lines = [one | change | {"expected": level["onHand"] + 1}]
        given = {"idempotencyKey": key(), "reason": "COUNT", _lines(name): lines}
        refused = await client().send(name, input=given)
        assert refused == {
            "__typename": "StaleQuantity",
            "message": f"{one['sku']} at {one['location']} is {level['onHand']}, not {level['onHand'] + 1}.",
            **one,
            "expected": level["onHand"] + 1,
            "actual": level["onHand"],
        }


def _lines(mutation: str) -> str:
    return {"AdjustStock": "adjustments", "SetStock": "quantities"}[mutation]


async def test_setting_stock_says_what_is_there(client: Clients) -> None:
    one = {"sku": "NL-TBL-ROLLTISCH-STL", "location": "munich-store"}
    given = {"idempotencyKey": key(), "quantities": [one | {"quantity": 17, "safetyStock": 3}]}
    done = await client().send("SetStock", input=given)
    assert (done["levels"][0]["onHand"], done["levels"][0]["safetyStock"]) == (17, 3)
    assert done["levels"][0]["available"] == 14


# --- nodes

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


async def test_every_kind_of_node_is_read_again_by_its_id(web: Client, client: Clients) -> None:
    boss = client()
    listing = (await walk(web))[0]["id"]
    sheet = '{ product(code: "fjord-2") { id variants { id } listings { channel { id code } } } }'
    product = await boss.send(sheet)
    places = await boss.send(
        "{ locations(first: 1) { edges { node { id stock(first: 1) { edges { node { id } } } } } } }"
    )
    location = places["edges"][0]["node"]
    known = {
        "Listing": listing,
        "Product": product["id"],
        "Variant": product["variants"][0]["id"],
        "Channel": next(one["channel"]["id"] for one in product["listings"] if one["channel"]["code"] == "web"),
        "Location": location["id"],
        "StockLevel": location["stock"]["edges"][0]["node"]["id"],
    }
    for kind, given in known.items():
        assert await boss.send(NODE, id=given) == {"__typename": kind, "id": given}
    ids = list(known.values())
    assert [one["id"] for one in await boss.send(NODES, ids=[*ids, ids[0]])] == [*ids, ids[0]]
    seen = await web.send(NODES, ids=ids)
    assert [one and one["__typename"] for one in seen] == ["Listing", None, None, "Channel", "Location", None]


# --- machines that keep a copy


async def sync(client: Client, after: str | None = None, first: int = 50, channel: str = "marketplace") -> Any:
    """What is behind the cursor until caught up: offers by sku (None for one that is gone), and the next cursor."""
    copy: dict[str, Any] = {}
    while True:
        found = (await client.send("SyncOffers", channel=channel, after=after, first=first))["sync"]
        for item in found["items"]:
            copy[item["sku"]] = item["offer"]
        after = found["cursor"]
        if found["caughtUp"]:
            return copy, after


async def test_a_copy_of_a_channel_follows_its_changes(source: Source, hub: Hub, db: Database, client: Clients) -> None:
    market = client("marketplace")
    copy, cursor = await sync(market)
    offered = {one["sku"] for row in source.on("marketplace").values() for one in row["variants"]}
    assert {sku for sku, offer in copy.items() if offer} == offered
    assert (await sync(market, cursor))[0] == {}

    sku = min(sku for sku in offered if sku.startswith("NL-TENT"))
    before = copy[sku]["availability"]["quantity"]
    given = {"idempotencyKey": key(), "reason": "RECEIVED"}
    await client().send(
        "AdjustStock", input=given | {"adjustments": [{"sku": sku, "location": "manchester-dc", "delta": 6}]}
    )

    async def moved() -> Any:
        return (await sync(market, cursor))[0]

    news = await soon(moved)
    assert list(news) == [sku]
    assert news[sku]["availability"]["quantity"] == before + 6
    assert news[sku] | {"availability": None} == copy[sku] | {"availability": None}

    code = next(
        code for code, row in source.on("marketplace").items() if sku in {one["sku"] for one in row["variants"]}
    )
    _, cursor = await sync(market, cursor)
    async with db.write() as conn:
        await listings.publish(conn, channel="marketplace", products=[code], withdraw=True)
    gone = await soon(moved)
    assert gone == {one["sku"]: None for one in source.on("marketplace")[code]["variants"]}
    assert (await market.send("OffersBySku", channel="marketplace", skus=[sku]))["offers"] == []
    _, cursor = await sync(market, cursor)
    async with db.write() as conn:
        await listings.publish(conn, channel="marketplace", products=[code])
    back = await soon(moved)
    assert all(back.values())
    assert len(back) == len(gone)


async def test_small_pages_walk_a_channel_too(source: Source, client: Clients) -> None:
    copy, _ = await sync(client("marketplace"), first=3)
    offered = {one["sku"] for row in source.on("marketplace").values() for one in row["variants"]}
    assert {sku for sku, offer in copy.items() if offer} == offered


async def test_changes_are_pulled_without_gap_to_the_end(client: Clients) -> None:
    positions: list[int] = []
    after = None
    while True:
        batch = await client().send("Changes", first=300, after=after)
        assert batch["__typename"] == "ChangeBatch"
        positions += [int(item["position"]) for item in batch["items"]]
        after = batch["cursor"]
        if batch["caughtUp"]:
            break
    assert positions == list(range(1, len(positions) + 1))

    given = {"idempotencyKey": key(), "reason": "SOLD"}
    line = {"sku": "NL-TBL-ROLLTISCH-GPH", "location": "cologne-store", "delta": -1}
    done = await client().send("AdjustStock", input=given | {"adjustments": [line]})
    assert done["__typename"] == "StockAdjustment"

    async def news() -> Any:
        return (await client().send("Changes", first=10, after=after, topics=["STOCK"]))["items"]

    [change] = await soon(news)
    assert int(change["position"]) == positions[-1] + 1
    assert (change["topic"], change["event"]) == ("STOCK", "stock.adjusted")
    assert change["entity"]["__typename"] == "StockLevel"
    assert change["payload"]["skus"] == [line["sku"]]


async def test_who_may_not_read_stock_hears_nothing_of_it(client: Clients) -> None:
    found = await client("marketplace").send("Changes", first=1000)
    assert "STOCK" not in {item["topic"] for item in found["items"]}
    assert await client("marketplace").code("Changes", first=10, topics=["STOCK"]) == "FORBIDDEN"


async def test_the_hub_says_where_it_stands(client: Clients) -> None:
    said = await client().send("{ hub { version position lag { sequencer } } }")
    assert int(said["position"]) > 0
    assert said["lag"]["sequencer"] < 5
