import asyncio
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from kernel.db import Database, WriteConn
from kernel.errors import InvalidInput, NotFound
from kernel.paging import Window
from pim.catalog import operations as catalog
from pim.channels.model import Channel
from pim.listings import counting, filters, projecting, queries
from pim.listings import operations as listings
from pim.listings.model import AttributeFilter, ListingFilter, ListingQuery, Shop
from pim.prices.model import PriceInput
from pim.products import queries as product_queries
from pim.products.model import ProductInput, ValueInput, VariantInput
from tests import make

NOW = datetime.now(UTC)
SOON, LATER = NOW + timedelta(days=1), NOW + timedelta(days=2)


@pytest.fixture
async def shop(conn: WriteConn) -> Shop:
    return await a_shop(conn)


async def a_shop(conn: WriteConn) -> Shop:
    """A channel in German and English with two branches of categories, and what shirts are made of."""
    for code, parent in (("root", None), ("men", "root"), ("shirts", "men"), ("women", "root")):
        await make.a_category(conn, code=code, parent=parent)
    await make.an_attribute(conn, code="name", localizable=True, scopable=True, searchable=True)
    await make.an_attribute(conn, code="color", type="SELECT", options=["red", "blue"], filterable=True)
    await make.an_attribute(conn, code="use", type="MULTI_SELECT", options=["run", "swim"], filterable=True)
    await make.an_attribute(conn, code="organic", type="BOOLEAN", filterable=True)
    await make.an_attribute(conn, code="year", type="NUMBER", filterable=True)
    await make.an_attribute(
        conn, code="weight", type="MEASUREMENT", filterable=True, unit_family="mass", default_unit="gram"
    )
    await make.a_family(
        conn,
        *("name", "use", "organic", "year", "weight"),
        code="shirt",
        axes=["color"],
        label_attribute="name",
    )
    channel = await make.a_channel(conn, code="shop", locales=["de-DE", "en"], category_tree="root")
    return Shop(channel, "de-DE")


def shirt(
    code: str, name: str | None = None, *more: ValueInput, colors: str = "red", categories: str = ""
) -> ProductInput:
    values = (ValueInput("name", name or code, None, "de"), *more)
    variants = tuple(VariantInput(f"{code}-{one}", values=(ValueInput("color", one),)) for one in colors.split())
    return ProductInput(code, "shirt", tuple(categories.split()), values, variants)


async def publish(conn: WriteConn, *products: ProductInput, **given: Any) -> None:
    await catalog.save_products(conn, products, actor="Ada")
    await listings.publish(conn, channel="shop", products=[one.code for one in products], **given)


async def found(conn: WriteConn, shop: Shop, by: str = "POSITION", *, down: bool = False, **wanted: Any) -> list[str]:
    """The names of what a query finds, in its order; counted and paged alike."""
    query = await filters.resolve(conn, ListingQuery(shop, ListingFilter(**wanted), by, down))
    page = await queries.page_of_listings(conn, query, Window(100))
    assert (await counting.counts(conn, [query]))[query] == len(page.items)
    return [one.name for one in page.items]


async def test_what_is_published_is_found_in_the_order_given(conn: WriteConn, shop: Shop) -> None:
    await publish(conn, shirt("b"), shirt("a"), shirt("c"), position=1)
    assert await found(conn, shop) == ["b", "a", "c"]
    await listings.publish(conn, channel="shop", products=["c"], position=0)
    assert await found(conn, shop) == ["c", "b", "a"]
    await listings.publish(conn, channel="shop", products=["c"])
    assert await found(conn, shop) == ["c", "b", "a"]


@pytest.mark.parametrize(
    "given", [{"withdraw": True}, {"draft": True}, {"publish_from": SOON}, {"publish_until": NOW - timedelta(days=1)}]
)
async def test_what_is_not_published_now_is_not_found(conn: WriteConn, shop: Shop, given: dict[str, Any]) -> None:
    await publish(conn, shirt("a"))
    await listings.publish(conn, channel="shop", products=["a"], **given)
    assert await found(conn, shop) == []
    await listings.publish(conn, channel="shop", products=["a"])
    assert await found(conn, shop) == ["a"]


@pytest.mark.parametrize(
    ("since", "until", "status"),
    [
        (None, None, "PUBLISHED"),
        (SOON, LATER, "SCHEDULED"),
        (NOW - timedelta(days=2), NOW - timedelta(days=1), "WITHDRAWN"),
        (NOW - timedelta(days=1), SOON, "PUBLISHED"),
    ],
)
async def test_the_status_of_a_listing_is_what_its_window_makes_of_it(
    conn: WriteConn, shop: Shop, since: datetime | None, until: datetime | None, status: str
) -> None:
    await publish(conn, shirt("a"), publish_from=since, publish_until=until)
    known = await product_queries.products_by_code(conn, ["a"])
    [[one]] = (await queries.product_listings(conn, [(known["a"].id, None)])).values()
    assert (one.status, one.channel) == (status, "shop")


async def test_unknown_products_are_skipped_with_the_reason(conn: WriteConn, shop: Shop) -> None:
    await catalog.save_products(conn, [shirt("a")], actor="Ada")
    done = await listings.publish(conn, channel="shop", products=["a", "x", "a\0"])
    assert (done.published, [one.code for one in done.skipped]) == (1, ["x", "a\0"])


async def test_what_cannot_be_published_is_refused(conn: WriteConn, shop: Shop) -> None:
    with pytest.raises(NotFound):
        await listings.publish(conn, channel="nowhere", products=[])
    with pytest.raises(InvalidInput):
        await listings.publish(conn, channel="shop", products=["a"] * 1_001)
    with pytest.raises(InvalidInput):
        await listings.publish(conn, channel="shop", products=["a"], publish_from=LATER, publish_until=SOON)


async def test_publishing_is_told_once_and_again_only_when_it_changes(conn: WriteConn, shop: Shop) -> None:
    async def told() -> list[Any]:
        return [
            (payload["status"], payload["shown"], channel)
            for payload, channel in await conn.execute(
                text("DELETE FROM outbox WHERE topic = 'LISTING' RETURNING payload, channel")
            )
        ]

    await publish(conn, shirt("a"))
    assert await told() == [("PUBLISHED", True, "shop")]
    await listings.publish(conn, channel="shop", products=["a"])
    assert await told() == []
    await listings.publish(conn, channel="shop", products=["a"], withdraw=True)
    assert await told() == [("WITHDRAWN", False, "shop")]


async def test_a_category_finds_what_is_below_it(conn: WriteConn, shop: Shop) -> None:
    await publish(conn, shirt("a", categories="shirts"), shirt("b", categories="men women"), shirt("c"), position=1)
    by_category = [await found(conn, shop, category=one) for one in ("men", "shirts", "women")]
    assert by_category == [["a", "b"], ["a"], ["b"]]
    assert await found(conn, shop, category="root") == []  # the tree itself is no category of the shop
    with pytest.raises(InvalidInput):
        await found(conn, shop, category="nothing")


WEIGHT = ValueInput("weight", {"amount": "0.5", "unit": "kilogram"})
CASES: list[tuple[AttributeFilter, list[str]]] = [
    (AttributeFilter("color", ("red",)), ["a", "b"]),
    (AttributeFilter("color", ("red", "blue")), ["a", "b", "c"]),
    (AttributeFilter("color", ()), []),
    (AttributeFilter("use", ("swim",)), ["a"]),
    (AttributeFilter("organic", ("true",)), ["b"]),
    (AttributeFilter("year", None, Decimal(2024)), ["b", "c"]),
    (AttributeFilter("year", None, None, Decimal(2024)), ["a", "b"]),
    (AttributeFilter("weight", None, Decimal(400), Decimal(600)), ["c"]),
    (AttributeFilter("weight", None, Decimal("0.5"), None, "kg"), ["c"]),
    (AttributeFilter("weight", None, Decimal("0.51"), None, "kg"), []),
]


@pytest.mark.parametrize(("one", "names"), CASES)
async def test_attributes_narrow_what_is_found(
    conn: WriteConn, shop: Shop, one: AttributeFilter, names: list[str]
) -> None:
    await publish(
        conn,
        shirt("a", None, ValueInput("use", ["run", "swim"]), ValueInput("year", 2023), colors="red blue"),
        shirt("b", None, ValueInput("organic", value=True), ValueInput("year", 2024)),
        shirt("c", None, WEIGHT, ValueInput("year", 2025), colors="blue"),
        position=1,
    )
    assert await found(conn, shop, attributes=(one,)) == names


@pytest.mark.parametrize(
    "one",
    [
        AttributeFilter("nothing", ("x",)),
        AttributeFilter("name", ("x",)),
        AttributeFilter("color", None, Decimal(1)),
        AttributeFilter("weight", None, Decimal(1), None, "meter"),
    ],
)
async def test_what_cannot_narrow_is_refused(conn: WriteConn, shop: Shop, one: AttributeFilter) -> None:
    with pytest.raises(InvalidInput):
        await found(conn, shop, attributes=(one,))


async def test_prices_and_names_order_and_narrow(conn: WriteConn, shop: Shop) -> None:
    eur = (await make.a_price_list(conn, channels=["shop"])).code
    await publish(conn, shirt("a", "Zebra"), shirt("b", "Äpfel"), shirt("c", "apfelmus"), position=1)
    given = [PriceInput("a-red", Decimal(3)), PriceInput("b-red", Decimal(2))]
    await catalog.set_prices(conn, price_list=eur, prices=given, set_by="Ada", now=NOW - timedelta(days=1))
    assert await found(conn, shop, "PRICE") == ["Äpfel", "Zebra", "apfelmus"]
    assert await found(conn, shop, "NAME") == ["Äpfel", "apfelmus", "Zebra"]
    assert await found(conn, shop, "NAME", down=True) == ["Zebra", "apfelmus", "Äpfel"]
    assert await found(conn, shop, min_price=Decimal("2.01")) == ["Zebra"]
    assert await found(conn, shop, max_price=Decimal(2)) == ["Äpfel"]


async def test_a_search_finds_words_in_names_and_skus(conn: WriteConn, shop: Shop) -> None:
    await publish(conn, shirt("a1", "Rotes Hemd"), shirt("b2", "Blaues Hemd"), position=1)
    assert await found(conn, shop, search="hemd rot") == ["Rotes Hemd"]
    assert await found(conn, shop, search="B2-RED") == ["Blaues Hemd"]
    assert await found(conn, shop, search="100%") == []


async def test_a_listing_is_called_as_its_channel_and_locale_call_it(conn: WriteConn, shop: Shop) -> None:
    values = (ValueInput("name", "Hemd", None, "de"), ValueInput("name", "Shirt", "shop", "en"))
    await catalog.save_products(conn, [ProductInput("a", "shirt", values=values)], actor="Ada")
    await listings.publish(conn, channel="shop", products=["a"])
    assert await found(conn, shop) == ["Hemd"]
    assert await found(conn, Shop(shop.channel, "en")) == ["Shirt"]


async def slugs(conn: WriteConn, locale: str = "de-DE") -> dict[str, str]:
    rows = await conn.execute(
        text("""
            SELECT p.code, t.slug FROM listing_text t JOIN listing l ON l.id = t.listing_id
            JOIN product p ON p.id = l.product_id WHERE t.locale = :locale
        """),
        {"locale": locale},
    )
    return dict(tuple(row) for row in rows)


async def test_a_slug_once_made_stays(conn: WriteConn, shop: Shop) -> None:
    await publish(conn, shirt("a", "Blaues Hemd"))
    await catalog.save_products(conn, [shirt("a", "Rotes Hemd")], actor="Ada")
    assert await slugs(conn) == {"a": "blaues-hemd"}
    [one] = (await queries.listings_by_slug(conn, [(shop, "blaues-hemd")])).values()
    assert one.name == "Rotes Hemd"


async def test_no_two_listings_have_the_same_slug(conn: WriteConn, shop: Shop) -> None:
    await publish(conn, shirt("red", "Shirt"), shirt("x", "Shirt"), shirt("Y.1", "Shirt"), shirt("Y-1", "Shirt"))
    await publish(conn, shirt("z", "Shirt x"), shirt("z2", "!"), shirt("p", "?"))
    made = await slugs(conn)
    assert len(set(made.values())) == len(made) == 7
    assert sorted(made.values())[1:3] == ["shirt", "shirt-red"]


async def test_listings_of_one_name_are_published_at_once(db: Database) -> None:
    async with db.write() as conn:
        await a_shop(conn)
        await catalog.save_products(conn, [shirt(f"s{n}", "Shirt") for n in range(6)], actor="Ada")

    async def one(n: int) -> None:
        async with db.write() as conn:
            await listings.publish(conn, channel="shop", products=[f"s{n}"], publish_from=SOON)

    await asyncio.gather(*(one(n) for n in range(6)))
    async with db.write() as conn:
        assert len(set((await slugs(conn)).values())) == 6


RECOUNT = text("""
    SELECT b.term_id, count(*) FROM listing_by_term b JOIN listing l ON l.id = b.listing_id
    WHERE l.status = 'PUBLISHED' AND coalesce(l.publish_from <= now(), true) AND coalesce(l.publish_until > now(), true)
    GROUP BY 1
""")
COUNTED = text("SELECT id, count FROM listing_term WHERE count <> 0")


@pytest.mark.parametrize("seed", range(6))
async def test_the_counters_are_what_a_recount_finds(conn: WriteConn, shop: Shop, seed: int) -> None:
    chosen = random.Random(seed)
    other = await make.a_channel(conn, code="other", category_tree="men")
    for _ in range(40):
        codes = [f"p{n}" for n in chosen.sample(range(8), chosen.randint(1, 4))]
        if chosen.random() < 0.5:
            await catalog.save_products(conn, [_edited(chosen, code) for code in codes], actor="Ada")
        else:
            window = chosen.choice([{}, {}, {"publish_from": SOON}, {"publish_until": NOW}, {"withdraw": True}])
            channel = chosen.choice(["shop", other.code])
            await listings.publish(conn, channel=channel, products=codes, **window)  # type: ignore[arg-type]
        recounted = {tuple(row) for row in await conn.execute(RECOUNT)}
        assert {tuple(row) for row in await conn.execute(COUNTED)} == recounted
    await _facets_agree(conn, shop.channel)


def _edited(chosen: random.Random, code: str) -> ProductInput:
    more = (
        ValueInput("use", chosen.sample(["run", "swim"], chosen.randint(0, 2))),
        ValueInput("organic", chosen.choice([True, False, None])),
    )
    categories = " ".join(chosen.sample(["men", "shirts", "women"], chosen.randint(0, 3)))
    return shirt(code, None, *more, colors=chosen.choice(["red", "blue", "red blue"]), categories=categories)


async def _facets_agree(conn: WriteConn, channel: Channel) -> None:
    """Facets from the kept counters are those counted anew under a filter that lets everything through."""
    shop, every = Shop(channel, "de-DE"), tuple(f"p{n}-{color}" for n in range(8) for color in ("red", "blue"))
    kept = await filters.resolve(conn, ListingQuery(shop))
    anew = await filters.resolve(conn, ListingQuery(shop, ListingFilter(skus=every)))
    facets = await counting.facets(conn, [kept, anew])
    assert facets[kept] == facets[anew]


async def test_counters_hold_while_many_publish_and_withdraw_at_once(db: Database) -> None:
    async with db.write() as conn:
        await a_shop(conn)
        await catalog.save_products(conn, [shirt(f"p{n}", categories="shirts") for n in range(8)], actor="Ada")

    async def client(seed: int) -> None:
        chosen = random.Random(seed)
        for _ in range(10):
            codes, withdraw = [f"p{n}" for n in chosen.sample(range(8), 3)], chosen.random() < 0.4

            async def work(conn: WriteConn, codes: list[str] = codes, *, withdraw: bool = withdraw) -> None:
                await listings.publish(conn, channel="shop", products=codes, withdraw=withdraw)

            await db.transact(work)

    await asyncio.gather(*(client(seed) for seed in range(6)))
    async with db.write() as conn:
        recounted = {tuple(row) for row in await conn.execute(RECOUNT)}
        assert {tuple(row) for row in await conn.execute(COUNTED)} == recounted


def test_names_are_sorted_without_case_and_accents() -> None:
    assert [projecting.sort_key(one) for one in ("Äpfel", "STRASSE", "straße")] == ["apfel", "strasse", "strasse"]
