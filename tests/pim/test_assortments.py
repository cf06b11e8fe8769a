import asyncio
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from kernel import tasks
from kernel.db import Database, WriteConn
from kernel.errors import InvalidInput, NotFound
from kernel.paging import Window
from oms.offers import operations as offers
from oms.offers import sync
from oms.stock import operations as stock
from oms.stock.model import Adjusting
from oms.stock.operations import Why
from pim.assortments import following, jobs, model, operations, queries
from pim.catalog import operations as catalog
from pim.channels import operations as channel_operations
from pim.channels.model import Channel
from pim.families.model import FamilyAttribute
from pim.listings import counting, filters
from pim.listings import offers as offering
from pim.listings import operations as listings
from pim.listings import queries as listing_queries
from pim.listings.model import AttributeFilter, ListingFilter, ListingQuery, Shop
from pim.modeling import operations as modeling
from pim.modeling import refreshing
from pim.prices.model import PriceInput
from pim.products.model import ProductInput, ValueInput, VariantInput
from tests import make

NOW = datetime.now(UTC)
ALL = {"when": {"kind": "ALL"}}
SHIRTS = {"when": {"kind": "CATEGORY", "category": "shirts"}}
RED = {"when": {"kind": "ATTRIBUTE", "attribute": "color", "values": ["red"]}}


def heavy(**bounds: Any) -> dict[str, Any]:
    return {"when": {"kind": "ATTRIBUTE", "attribute": "weight", "unit": "kilogram"} | bounds}


@pytest.fixture
async def shop(conn: WriteConn) -> Shop:
    return await a_shop(conn)


async def a_shop(conn: WriteConn) -> Shop:
    for code, parent in (("root", None), ("clothes", "root"), ("shirts", "clothes"), ("sale", "root")):
        await make.a_category(conn, code=code, parent=parent)
    await make.an_attribute(conn, code="name", searchable=True)
    await make.an_attribute(conn, code="color", type="SELECT", options=["red", "blue"], filterable=True)
    await make.an_attribute(conn, code="weight", type="MEASUREMENT", unit_family="mass", default_unit="gram")
    await make.a_family(conn, "name", "weight", code="shirt", axes=["color"], label_attribute="name")
    channel = await make.a_channel(conn, code="shop", category_tree="root")
    return Shop(channel, "de-DE")


def shirt(code: str, *values: ValueInput, colors: str = "red blue", categories: str = "shirts") -> ProductInput:
    variants = tuple(VariantInput(f"{code}-{one}", values=(ValueInput("color", one),)) for one in colors.split())
    named = (ValueInput("name", code), *values)
    return ProductInput(code, "shirt", tuple(categories.split()), named, variants)


def weighing(kilograms: str) -> ValueInput:
    return ValueInput("weight", {"amount": kilograms, "unit": "kilogram"})


async def save(conn: WriteConn, *products: ProductInput) -> None:
    done = await catalog.save_products(conn, products, actor="Ada")
    assert all(hasattr(one, "revision") for one in done.results), done.results


async def follow(conn: WriteConn, *rules: Any, **given: Any) -> model.Assortment:
    return await operations.save(conn, channel="shop", rules=list(rules), actor="Ada", **given)


async def listed(conn: WriteConn) -> list[str]:
    """What is published on the shop, as it is found and as it is counted."""
    rows = await conn.execute(
        text("""
        SELECT p.code FROM listing l JOIN product p ON p.id = l.product_id JOIN channel c ON c.id = l.channel_id
        WHERE l.status = 'PUBLISHED' AND c.code = 'shop' ORDER BY p.code
    """)
    )
    codes = list(rows.scalars())
    counted = await conn.execute(text("SELECT count FROM listing_term WHERE attribute = '*'"))
    assert sum(counted.scalars()) == len(codes)
    return codes


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ([], []),
        ([ALL], ["a", "b", "c", "d"]),
        ([{"when": {"kind": "CATEGORY", "category": "clothes"}}], ["a", "b"]),
        ([{"when": {"kind": "FAMILY", "family": "shirt"}}], ["a", "b", "c"]),
        ([RED], ["a", "c"]),
        ([heavy(min="1.5")], ["b"]),
        ([heavy(max=1.5)], ["a"]),
        ([heavy()], ["a", "b"]),
        ([SHIRTS, RED], ["a", "b", "c"]),
        ([{"when": {"kind": "EVERY", "of": [SHIRTS["when"], RED["when"]]}}], ["a"]),
        ([ALL, {"effect": "EXCLUDE"} | RED], ["b", "d"]),
        ([{"effect": "EXCLUDE"} | RED], []),
    ],
)
async def test_a_channel_lists_what_its_rules_include(
    conn: WriteConn, shop: Shop, rules: list[Any], found: list[str]
) -> None:
    before = (
        shirt("a", weighing("1")),
        shirt("b", weighing("2"), colors="blue"),
        shirt("c", categories="sale"),
        ProductInput("d", variants=(VariantInput("d"),)),
    )
    await save(conn, *before[:2])
    seen = await queries.preview(conn, channel="shop", rules=rules)
    await follow(conn, *rules)
    assert await listed(conn) == [one for one in found if one in "ab"]
    assert (seen.listed, list(seen.some_listed), seen.withdrawn) == (len(await listed(conn)), await listed(conn), 0)
    await save(conn, *before[2:])
    assert await listed(conn) == found


async def test_a_product_that_no_longer_fits_is_withdrawn_and_comes_back(conn: WriteConn, shop: Shop) -> None:
    await follow(conn, SHIRTS)
    await save(conn, shirt("a"))
    assert await listed(conn) == ["a"]
    await save(conn, shirt("a", categories="sale"))
    assert await listed(conn) == []
    await save(conn, shirt("a"))
    assert await listed(conn) == ["a"]
    seen = await queries.preview(conn, channel="shop", rules=[])
    assert (seen.listed, seen.withdrawn, seen.some_withdrawn) == (0, 1, ("a",))
    await follow(conn)
    assert await listed(conn) == []


async def test_what_is_decided_by_hand_stays(conn: WriteConn, shop: Shop) -> None:
    await save(conn, *(shirt(code) for code in "abcd"))
    await listings.publish(conn, channel="shop", products=["a"])
    await listings.publish(conn, channel="shop", products=["b"], draft=True)
    await follow(conn, SHIRTS)
    assert await listed(conn) == ["a", "c", "d"]
    await listings.publish(conn, channel="shop", products=["c"], withdraw=True)
    await save(conn, *(shirt(code, weighing("1")) for code in "abcd"))
    assert await listed(conn) == ["a", "d"]
    await listings.publish(conn, channel="shop", products=["d"])
    await follow(conn)
    assert await listed(conn) == ["a", "d"]


async def test_what_was_decided_by_hand_can_be_left_to_the_rules(conn: WriteConn, shop: Shop) -> None:
    await save(conn, *(shirt(code) for code in "abcd"), shirt("e", categories="sale"))
    await listings.publish(conn, channel="shop", products=["a", "e"])
    await listings.publish(conn, channel="shop", products=["b"], draft=True)
    await listings.publish(conn, channel="shop", products=["c"], publish_from=NOW + timedelta(days=1))
    await follow(conn, SHIRTS, leave_to_rules=["a", "b", "c", "e"])
    assert await listed(conn) == ["a", "b", "c", "d"]
    assert sorted(await found(conn, shop)) == ["a", "b", "c", "d"]
    await follow(conn)
    assert await listed(conn) == []


async def test_an_excluded_product_is_listed_by_no_rule(conn: WriteConn, shop: Shop) -> None:
    await save(conn, shirt("a"), shirt("b"))
    await follow(conn, ALL, exclude_products=["a"])
    assert await listed(conn) == ["b"]
    await follow(conn, ALL)
    assert await listed(conn) == ["b"]
    seen = await queries.preview(conn, channel="shop", rules=[ALL], exclude_products=["b"])
    assert (seen.some_listed, seen.some_withdrawn) == (("a",), ("b",))
    await follow(conn, ALL, exclude_products=[])
    assert await listed(conn) == ["a", "b"]


async def test_what_is_too_incomplete_for_the_channel_is_not_listed_yet(conn: WriteConn, shop: Shop) -> None:
    await channel_operations.save(
        conn,
        code="shop",
        name="A shop",
        kind="WEB",
        currency="EUR",
        locales=["de-DE"],
        category_tree="root",
        required_completeness=100,
    )
    needed = [FamilyAttribute("name", "PRODUCT", ("shop",)), FamilyAttribute("color", "VARIANT", ("shop",))]
    await make.a_family(conn, code="tie", attributes=needed)
    tie = VariantInput("b", values=(ValueInput("color", "red"),))
    await follow(conn, ALL)
    await save(conn, ProductInput("a", variants=(VariantInput("a"),)), ProductInput("b", "tie", variants=(tie,)))
    assert await listed(conn) == []
    await save(conn, ProductInput("b", values=(ValueInput("name", "b"),)))
    assert await listed(conn) == ["b"]
    await save(conn, ProductInput("b", values=(ValueInput("name", None),)))
    assert await listed(conn) == ["b"], "what becomes incomplete later stays"


async def requiring(conn: WriteConn, percent: int | None, *codes: str) -> list[Channel]:
    given: dict[str, Any] = {"name": "A shop", "kind": "WEB", "currency": "EUR", "locales": ["de-DE"]}
    given |= {"category_tree": "root", "required_completeness": percent}
    return [await channel_operations.save(conn, code=code, **given) for code in codes]


async def test_one_channel_is_refreshed_without_listing_half_of_what_another_needs(conn: WriteConn, shop: Shop) -> None:
    await requiring(conn, 100, "shop", "other")
    await make.a_family(conn, code="tie", attributes=[FamilyAttribute("name", "PRODUCT", ("shop", "other"))])
    for code in ("shop", "other"):
        await operations.save(conn, channel=code, rules=[ALL], actor="Ada")
    await save(conn, ProductInput("a", "tie", variants=(VariantInput("a"),)))
    on_shop, other = await requiring(conn, None, "shop", "other")
    written = text("""
        SELECT c.code, t.name FROM listing l JOIN channel c ON c.id = l.channel_id
        LEFT JOIN listing_text t ON t.listing_id = l.id
    """)
    await offers.refresh_channel(conn, on_shop, after=None, most=10)
    assert [tuple(row) for row in await conn.execute(written)] == [("shop", "a")]
    await offers.refresh_channel(conn, other, after=None, most=10)
    assert sorted(map(tuple, await conn.execute(written))) == [("other", "a"), ("shop", "a")]


@pytest.mark.parametrize("at_once", [10, 0])
async def test_what_a_family_no_longer_requires_keeps_nothing_from_being_listed(
    db: Database, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(refreshing, "AT_ONCE", at_once)
    async with db.write() as conn:
        await a_shop(conn)
        await requiring(conn, 100, "shop")
        required = [FamilyAttribute("name", "PRODUCT", ("shop",)), FamilyAttribute("weight", "PRODUCT", ())]
        tie: dict[str, Any] = {"code": "tie", "labels": {}, "label_attribute": "name", "actor": "Ada"}
        await modeling.define_family(conn, attributes=required, **tie)
        await follow(conn, ALL)
        await save(conn, ProductInput("a", "tie", variants=(VariantInput("a"),)))
        assert await listed(conn) == []
        anyhow = [FamilyAttribute("name", "PRODUCT", ()), FamilyAttribute("weight", "PRODUCT", ())]
        await modeling.define_family(conn, attributes=anyhow, **tie)
        given = await conn.execute(text("SELECT id FROM task WHERE kind = 'model.refresh'"))
        waiting = list(given.scalars())
    monkeypatch.setattr(refreshing, "AT_ONCE", 10)
    for one in waiting:
        await refreshing.JOB.work(db, {"task": str(one)})
    async with db.write() as conn:
        assert (await listed(conn), bool(waiting)) == (["a"], at_once == 0)


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ("all", "rules"),
        ([ALL] * 101, "rules"),
        ([ALL, {"when": {"kind": "SOME"}}], "rules.1.when"),
        ([{"when": {"kind": "ALL", "but": 1}}], "rules.0.when.but"),
        ([{"when": {"kind": "CATEGORY", "category": "x"}}], "rules.0.when.category"),
        ([{"when": {"kind": "CATEGORY", "category": "x\0"}}], "rules.0.when.category"),
        ([{"when": {"kind": "FAMILY", "family": "x"}}], "rules.0.when.family"),
        ([{"when": {"kind": "ATTRIBUTE", "attribute": "x"}}], "rules.0.when.attribute"),
        ([{"when": {"kind": "ATTRIBUTE", "attribute": "color", "min": 1}}], "rules.0.when.min"),
        ([{"when": {"kind": "ATTRIBUTE", "attribute": "color", "values": [1]}}], "rules.0.when.values.0"),
        ([heavy(min="1e999999")], "rules.0.when.min"),
        ([heavy(min="NaN")], "rules.0.when.min"),
        ([heavy(min="1") | {"effect": "MAYBE"}], "rules.0.effect"),
        ([{"when": {"kind": "EVERY", "of": [{"kind": "EVERY", "of": []}]}}], "rules.0.when.of.0"),
        ([{"when": {"kind": "EVERY", "of": [{"kind": "FAMILY", "family": "x"}]}}], "rules.0.when.of.0.family"),
    ],
)
async def test_rules_that_say_nothing_sensible_are_refused_with_the_place(
    conn: WriteConn, shop: Shop, rules: Any, path: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await operations.save(conn, channel="shop", rules=rules, actor="Ada")
    assert refused.value.path == path
    with pytest.raises(InvalidInput):
        await queries.preview(conn, channel="shop", rules=rules)


async def test_rules_of_nothing_known_are_refused(conn: WriteConn, shop: Shop) -> None:
    with pytest.raises(NotFound):
        await operations.save(conn, channel="nowhere", rules=[], actor="Ada")
    for given, path in (
        ({"exclude_products": ["x"]}, "excludeProducts.0"),
        ({"exclude_skus": ["x\0"]}, "excludeSkus.0"),
        ({"exclude_skus": ["x"] * 1001}, "excludeSkus"),
        ({"leave_to_rules": ["x"]}, "leaveToRules.0"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await follow(conn, ALL, **given)
        assert refused.value.path == path
    for codes, path in ((["x"], "excludeProducts.0"), (["x"] * 1001, "excludeProducts")):
        with pytest.raises(InvalidInput) as refused:
            await queries.preview(conn, channel="shop", rules=[ALL], exclude_products=codes)
        assert refused.value.path == path


async def found(conn: WriteConn, shop: Shop, **wanted: Any) -> list[str]:
    query = await filters.resolve(conn, ListingQuery(shop, ListingFilter(**wanted)))
    page = await listing_queries.page_of_listings(conn, query, Window(100))
    assert (await counting.counts(conn, [query]))[query] == len(page.items)
    return [one.name for one in page.items]


async def test_an_excluded_variant_is_offered_nowhere(conn: WriteConn, shop: Shop) -> None:
    place = await make.a_location(conn, code="store")
    given = {"channel": shop.channel.id, "location": place.id}
    await conn.execute(
        text("INSERT INTO channel_location (channel_id, location_id) VALUES (:channel, :location)"), given
    )
    await make.a_price_list(conn, code="prices", channels=["shop"])
    await save(conn, shirt("a"))
    for sku, price in (("a-red", "5"), ("a-blue", "9")):
        await catalog.set_prices(
            conn,
            price_list="prices",
            prices=[PriceInput(sku, Decimal(price))],
            set_by="Ada",
            now=NOW,
        )
    everywhere = make.a_principal(name="Ada")
    await stock.adjust(conn, everywhere, why=Why("CORRECTION", "Ada"), adjustments=[Adjusting("a-red", "store", 3)])
    await follow(conn, ALL)
    await offers.settle(conn)
    red = AttributeFilter("color", ("red",))

    async def shown() -> dict[str, Any]:
        [one] = (await listing_queries.listings_by_slug(conn, [(shop, "a")])).values()
        mine = (await offering.offers_by_listing(conn, [one]))[one]
        by_sku = await offering.offers_by_sku(conn, [(shop, "a-red"), (shop, "a-blue")])
        query = await filters.resolve(conn, ListingQuery(shop))
        span = (await counting.price_spans(conn, [query])).get(query)
        facets = (await counting.facets(conn, [query]))[query]
        walked = await sync.read(conn, shop, first=100, after=None)
        return {
            "offers": sorted(offer.sku for offer in mine),
            "axes": sorted(value.value for axis in offering.axes_of(mine) for value in axis.values),
            "by sku": sorted(sku for _, sku in by_sku),
            "price": span and str(span.min),
            "in stock": await found(conn, shop, in_stock=True),
            "sku filter": await found(conn, shop, skus=("a-red",)),
            "red": await found(conn, shop, attributes=(red,)),
            "search": await found(conn, shop, search="a-red"),
            "facets": sorted(value.value for one in facets if one.code == "color" for value in one.values),
            "walk": [item.sku for item in walked.items],
        }

    before = await shown()
    assert before["offers"] == before["by sku"] == before["walk"] == ["a-blue", "a-red"]
    assert [before[key] for key in ("in stock", "sku filter", "red", "search")] == [["a"]] * 4
    await follow(conn, ALL, exclude_skus=["a-red"])
    await offers.settle(conn)
    after = await shown()
    assert after["offers"] == after["by sku"] == after["walk"] == ["a-blue"]
    assert after["axes"] == after["facets"] == ["blue"]
    assert [after[key] for key in ("in stock", "sku filter", "red", "search")] == [[]] * 4
    assert "5" in before["price"]
    assert "9" in after["price"]
    told = (await conn.execute(text("SELECT payload FROM outbox WHERE topic = 'LISTING'"))).scalars().all()
    assert told[-1]["skus"] == ["a-blue", "a-red"], "so that followers hear that one is gone"
    await follow(conn, ALL, exclude_skus=["a-red", "a-blue"])
    assert (await shown())["price"] is None
    await follow(conn, ALL, exclude_skus=[])
    await offers.settle(conn)
    assert await shown() == before


async def test_an_excluded_variant_is_offered_on_other_channels(conn: WriteConn, shop: Shop) -> None:
    other = Shop(await make.a_channel(conn, code="other", category_tree="root"), "de-DE")
    await save(conn, shirt("a"))
    await follow(conn, ALL, exclude_skus=["a-red"])
    await listings.publish(conn, channel="other", products=["a"])
    keys = [(one, sku) for one in (shop, other) for sku in ("a-red", "a-blue")]
    assert set(await offering.offers_by_sku(conn, keys)) == set(keys) - {(shop, "a-red")}
    assert await found(conn, other, search="a-red") == ["a"]


async def test_rules_and_products_that_change_at_once_end_alike(db: Database) -> None:
    async with db.write() as conn:
        await a_shop(conn)
        await save(conn, *(shirt(f"p{n}") for n in range(8)))

    async def change_products(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(6):
            codes = chance.sample(range(8), 3)
            some = [shirt(f"p{n}", categories=chance.choice(["shirts", "sale"])) for n in codes]
            await db.transact(lambda conn, some=some: save(conn, *some))  # type: ignore[misc]

    async def change_rules() -> None:
        sale = {"when": {"kind": "CATEGORY", "category": "sale"}}
        for rules in ([SHIRTS], [sale], [SHIRTS, sale], [SHIRTS]):
            await db.transact(lambda conn, rules=rules: follow(conn, *rules))  # type: ignore[misc]

    await asyncio.gather(change_products(1), change_products(2), change_rules())
    async with db.write() as conn:
        wanted = await conn.execute(
            text("""
            SELECT p.code FROM product p JOIN product_category pc ON pc.product_id = p.id
            JOIN category c ON c.id = pc.category_id AND c.code = 'shirts' ORDER BY 1
        """)
        )
        assert await listed(conn) == list(wanted.scalars())


async def test_many_products_are_listed_by_a_task_that_can_be_begun_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "AT_ONCE", 3)
    monkeypatch.setattr(operations, "AT_ONCE", 3)
    codes = [f"p{n}" for n in range(8)]
    async with db.write() as conn:
        await a_shop(conn)
        await save(conn, *(shirt(code) for code in codes))
        done = await follow(conn, ALL)
        assert await listed(conn) == []
    assert done.task_id
    async with db.write() as conn:
        channel_id = done.channel_id
        changed, last = await following.follow_some(conn, channel_id, None)
        assert (changed, len(await listed(conn))) == (3, 3)
        assert last
    await jobs.FOLLOW.work(db, {"task": str(done.task_id)})
    async with db.read() as conn:
        [task] = (await tasks.tasks_by_id(conn, [done.task_id])).values()
        assert (task.status, task.done) == ("DONE", 5)
    async with db.write() as conn:
        assert await listed(conn) == codes
