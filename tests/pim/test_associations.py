"""What products have to do with each other, and what only one of them may have, also when two ask at once."""

import asyncio
import itertools
import uuid
from typing import Any

import pytest

from kernel.db import Database, ReadConn, WriteConn
from kernel.errors import InvalidInput
from pim.catalog import operations as catalog
from pim.listings import operations as listings
from pim.listings import queries as listing_queries
from pim.listings.model import Shop
from pim.products import operations as products
from pim.products import queries, reading
from pim.products.model import ProductInput, Refused, Upserted, VariantInput
from tests import make

SLUGS = {"de": "ein-ding"}


async def save(conn: WriteConn, *given: ProductInput) -> list[Any]:
    return (await catalog.save_products(conn, given, actor="Ada")).results


async def at_once(db: Database, *given: ProductInput) -> list[Any]:
    """What became of each, saved in transactions of their own."""

    async def one(given: ProductInput) -> Any:
        return (await db.transact(lambda conn: save(conn, given)))[0]

    return await asyncio.gather(*map(one, given))


async def some(conn: WriteConn, *codes: str) -> None:
    for code in codes:
        await make.a_product(conn, code)


async def links(conn: ReadConn, code: str) -> dict[str, tuple[str, ...]]:
    key = (await queries.ids_by_code(conn, [code]))[code]
    return {one.kind: one.codes for one in (await reading.associations_by_product(conn, [key]))[key]}


async def revision(conn: ReadConn, code: str) -> int:
    return (await queries.products_by_code(conn, [code]))[code].revision


def alike(code: str, *targets: str) -> ProductInput:
    return ProductInput(code, associations={"SUBSTITUTE": targets})


@pytest.fixture
async def mutual(conn: WriteConn) -> WriteConn:
    await some(conn, "a", "b", "c")
    await products.save_kind(conn, kind="SUBSTITUTE", two_way=True)
    return conn


async def test_a_link_that_goes_both_ways_is_a_revision_on_both_sides(mutual: WriteConn) -> None:
    await save(mutual, alike("a", "c", "b"))
    assert [await links(mutual, code) for code in "abc"] == [
        {"SUBSTITUTE": ("c", "b")},
        {"SUBSTITUTE": ("a",)},
        {"SUBSTITUTE": ("a",)},
    ]
    assert [await revision(mutual, code) for code in "abc"] == [2, 2, 2]
    await save(mutual, alike("b"))
    assert [(await links(mutual, code)).get("SUBSTITUTE") for code in "abc"] == [("c",), None, ("a",)]
    assert [await revision(mutual, code) for code in "abc"] == [3, 3, 2]


async def test_a_product_that_is_made_with_its_links_is_linked_back(mutual: WriteConn) -> None:
    await save(mutual, alike("new", "a"), alike("b", "new"))
    assert (await links(mutual, "new"))["SUBSTITUTE"] == ("a", "b")
    assert (await links(mutual, "a"))["SUBSTITUTE"] == ("new",)


async def test_a_refused_product_links_nothing(mutual: WriteConn) -> None:
    [refused, also] = await save(
        mutual, ProductInput("a", "nothing", associations={"SUBSTITUTE": ("b",)}), alike("c", "x")
    )
    assert isinstance(refused, Refused)
    assert isinstance(also, Refused)
    assert await links(mutual, "b") == {}


async def test_a_link_to_a_product_that_is_refused_is_refused_too(conn: WriteConn) -> None:
    await some(conn, "a")
    taken = ProductInput("new", variants=(VariantInput("a"),))
    assert all(isinstance(one, Refused) for one in await save(conn, alike("a", "new"), taken))


async def test_kinds_that_are_not_linked_by_hand_cannot_go_both_ways(conn: WriteConn) -> None:
    for kind in ("BUNDLE", "BOUGHT_TOGETHER", "x"):
        with pytest.raises(InvalidInput):
            await products.save_kind(conn, kind=kind, two_way=True)


async def test_links_made_from_both_ends_at_once_are_all_kept(db: Database) -> None:
    async with db.write() as conn:
        await some(conn, *"abcd")
        await products.save_kind(conn, kind="SUBSTITUTE", two_way=True)
    pairs = list(itertools.permutations("abcd", 2))
    await at_once(db, *(alike(*pair) for pair in ("ab", "bc", "ca", "da")))
    async with db.read() as reader:
        held = {code: (await links(reader, code)).get("SUBSTITUTE", ()) for code in "abcd"}
    assert all((one in held[other]) == (other in held[one]) for one, other in pairs)


# --- what is bought together


async def test_what_is_bought_together_is_kept_for_many_at_once_and_shown(conn: WriteConn) -> None:
    await some(conn, "a", "b", "c")
    channel = await make.a_channel(conn)
    await listings.publish(conn, channel=channel.code, products=["a", "b", "c"])
    ids = await queries.ids_by_code(conn, "abc")
    gone = uuid.uuid4()
    found = {ids["a"]: [ids["c"], ids["a"], gone, ids["b"]], ids["b"]: [ids["a"]], gone: [ids["a"]]}
    assert await products.store_bought_together(conn, found) == 3
    assert await products.store_bought_together(conn, found) == 0
    assert await links(conn, "a") == {"BOUGHT_TOGETHER": ("c", "b")}
    key = ((Shop(channel, channel.locales[0]), ids["a"]), "BOUGHT_TOGETHER")
    assert [one.name for one in (await listing_queries.related(conn, [key]))[key]] == ["c", "b"]
    assert await products.store_bought_together(conn, {ids["a"]: [ids["b"]], ids["b"]: []}) == 3
    assert [await links(conn, code) for code in "ab"] == [{"BOUGHT_TOGETHER": ("b",)}, {}]
    assert await revision(conn, "a") == 1


# --- bundles


def bundle(code: str, *skus: str) -> ProductInput:
    return ProductInput(code, components=tuple((sku, 1) for sku in skus))


async def test_a_bundle_may_consist_of_what_is_made_with_it_but_not_of_itself(conn: WriteConn) -> None:
    await some(conn, "a", "b", "c")
    fresh = ProductInput("new", variants=(VariantInput("n"),), components=(("a", 2),))
    assert all(isinstance(one, Upserted) for one in await save(conn, bundle("b", "n"), fresh, bundle("c", "b")))
    for code, sku in (("a", "c"), ("a", "a"), ("new", "c")):
        [refused] = await save(conn, bundle(code, sku))
        assert [one.path for one in refused.problems] == ["associations.BUNDLE.0.sku"]
    both = await save(conn, bundle("a"), ProductInput("b", components=(("a", 1),)), bundle("a", "b"))
    assert isinstance(both[2], Refused)


async def test_two_bundles_that_would_close_a_circle_at_once_do_not(db: Database) -> None:
    async with db.write() as conn:
        await some(conn, *"abc")
    ring = [("a", "b"), ("b", "c"), ("c", "a")]
    done = await at_once(db, *(bundle(*one) for one in ring))
    assert sorted(type(one).__name__ for one in done) == ["Refused", "Upserted", "Upserted"]


# --- slugs and GTINs


async def test_one_slug_asked_for_by_two_at_once_goes_to_one(db: Database) -> None:
    async with db.write() as conn:
        channel = await make.a_channel(conn)
        await some(conn, *"ab")
        await listings.publish(conn, channel=channel.code, products=["a", "b"])
    done = await at_once(db, ProductInput("a", slugs=SLUGS), ProductInput("b", slugs={"de-DE": "ein-ding"}))
    assert sorted(type(one).__name__ for one in done) == ["Refused", "Upserted"]


async def test_two_products_swap_their_slugs(conn: WriteConn) -> None:
    channel = await make.a_channel(conn)
    await some(conn, *"ab")
    await listings.publish(conn, channel=channel.code, products=["a", "b"])
    for first, second in (("x", "y"), ("y", "x")):
        done = await save(conn, ProductInput("a", slugs={"de": first}), ProductInput("b", slugs={"de": second}))
        assert all(isinstance(one, Upserted) for one in done)
        shown = await listing_queries.slugs_shown(conn, ["x", "y"])
        assert sorted(shown) == sorted([("de-DE", first, "a"), ("de-DE", second, "b")])


async def test_a_listing_does_not_take_an_address_that_a_product_was_given(conn: WriteConn) -> None:
    channel = await make.a_channel(conn)
    await some(conn, "ein-ding", "other")
    await save(conn, ProductInput("other", slugs=SLUGS))
    await listings.publish(conn, channel=channel.code, products=["ein-ding"])
    await listings.publish(conn, channel=channel.code, products=["other"])
    assert await listing_queries.slugs_shown(conn, ["ein-ding"]) == [("de-DE", "ein-ding", "other")]


async def test_one_number_written_in_two_lengths_is_one(conn: WriteConn) -> None:
    await save(conn, ProductInput("a", variants=(VariantInput("a", "4006381333931"),)))
    [refused] = await save(conn, ProductInput("b", variants=(VariantInput("b", "04006381333931"),)))
    assert [one.path for one in refused.problems] == ["variants.0.gtin"]
