"""A request reads each kind of thing once: no statement is executed twice, however much is asked."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kernel import principals
from kernel.db import Database
from kernel.feed import Feed
from kernel.files import Files
from pim.media.store import Store
from server.access import Doors
from server.graphql import engine
from server.graphql.engine import Request
from server.graphql.limits import Limits
from server.graphql.multipart import UploadLimits
from tests import contract
from tests.server.conftest import Inside

# What is shown at two levels is read once for each: the pictures of a listing, and of what goes with it.
DEEPER = {"ListingDetail": "FROM media JOIN product_media"}


@pytest.fixture
async def quiet(shop_url: str, shop: Any, http: Any) -> AsyncIterator[Inside]:
    """The demo shop without anything that runs in the background."""
    db = Database(shop_url)
    yield Inside(
        "",
        Doors(db, Feed(db), Limits(), 2**20, 1e6, 10**6, Store(Files.in_folder(shop[1] / "media")), UploadLimits()),
        shop[2],
        http,
    )
    await db.close()


async def skus(one: Inside, most: int) -> list[str]:
    found = await asked(one, "SyncOffers", channel="web", first=most)
    return [item["sku"] for item in found["shop"]["sync"]["items"]]


async def asked(one: Inside, name: str, **variables: Any) -> Any:
    async with one.db.read() as conn:
        caller = await principals.principal_by_secret(conn, one.tokens["head_office"])
    prepared = engine.prepare(Request(contract.text(name), variables), one.doors.limits)
    answer = await engine.execute(prepared, one.doors.context(caller))
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("ListingPage", {"channel": "web", "locale": "en", "first": 24}),
        ("ListingPage", {"channel": "web", "locale": "en", "first": 24, "filter": {"category": "camping"}}),
        (
            "ListingPage",
            {
                "channel": "web",
                "locale": "de",
                "first": 24,
                "filter": {"search": "zelt", "inStock": True},
                "sort": {"by": "PRICE"},
            },
        ),
        ("ListingDetail", {"channel": "web", "locale": "en", "slug": "fjord-2-dome-tent"}),
        ("OffersBySku", {"channel": "web", "skus": 100}),
        ("CategoryTree", {"channel": "web", "locale": "en"}),
        ("StockBySku", {"skus": 100}),
        ("StockAt", {"location": "berlin-dc", "first": 50}),
        ("Ledger", {"sku": "NL-CHR-RAST-NVY", "location": "berlin-dc", "first": 20}),
        ("SyncOffers", {"channel": "web", "first": 100}),
        ("Changes", {"first": 200}),
        ("Locations", {"first": 8, "near": {"latitude": 50, "longitude": 10}}),
        ("PriceHistory", {"sku": "NL-CHR-RAST-NVY", "priceList": "eur"}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
async def test_no_statement_is_executed_twice(quiet: Inside, name: str, variables: dict[str, Any]) -> None:
    if variables.get("skus") == 100:
        variables = variables | {"skus": await skus(quiet, 100)}
    with quiet.statements() as heard:
        answer = await asked(quiet, name, **variables)
    again = [statement for statement, count in Counter(heard).items() for _ in range(count - 1)]
    assert all(name in DEEPER and DEEPER[name] in one.replace("\n", "") for one in again), "\n\n".join(again)
    assert len(again) <= (name in DEEPER), "\n\n".join(heard)
    assert all(answer.values())
