"""Category trees: moved and raced for, and what shops show of them."""

import asyncio
from typing import Any

import pytest

from kernel.db import Database, WriteConn
from kernel.errors import InvalidInput, NotFound
from pim.assortments import operations as assortments
from pim.catalog import operations as catalog
from pim.categories import operations as categories
from pim.categories import queries, trees
from pim.categories.model import CategoryNotEmpty
from pim.categories.trees import CategoryInput
from pim.listings import browsing
from pim.listings import operations as listings
from pim.listings import queries as listing_queries
from pim.listings.model import Shop
from pim.modeling import operations as modeling
from pim.products import queries as product_queries
from pim.products.model import ProductInput, VariantInput
from tests import make


async def a_shop(conn: WriteConn) -> Shop:
    """A shop with the tree root > (a > leaf, b), and the product p in the leaf."""
    for code, parent in (("root", None), ("a", "root"), ("b", "root"), ("leaf", "a")):
        await make.a_category(conn, code=code, parent=parent)
    shop = Shop(await make.a_channel(conn, code="web", category_tree="root"), "de-DE")
    given = ProductInput("p", categories=("leaf",), variants=(VariantInput("p"),))
    await catalog.save_products(conn, [given], actor="Ada")
    await listings.publish(conn, channel="web", products=["p"])
    return shop


async def counts(conn: WriteConn, shop: Shop) -> dict[str, int]:
    def flat(tree: Any) -> dict[str, int]:
        return {code: n for one in tree for code, n in ({one.slug: one.count} | flat(one.below)).items()}

    return flat(await browsing.category_tree(conn, shop))


async def home(conn: WriteConn, shop: Shop) -> list[str]:
    product = (await product_queries.products_by_code(conn, ["p"]))["p"]
    found = await listing_queries.listings_by_product(conn, [(shop, product.id)])
    [(at, category)] = [one.category_in_shop for one in found.values()]
    crumbs = await browsing.breadcrumbs(conn, [(at, category)]) if category else {}
    return [one.slug for some in crumbs.values() for one in some]


async def test_a_moved_subtree_takes_its_listings_along(conn: WriteConn) -> None:
    shop = await a_shop(conn)
    assert await counts(conn, shop) == {"a": 1, "leaf": 1, "b": 0}
    await modeling.save_category(conn, code="leaf", parent="b", labels={}, actor="Ada")
    assert await counts(conn, shop) == {"a": 0, "b": 1, "leaf": 1}
    assert await home(conn, shop) == ["b", "leaf"]
    await modeling.save_category(conn, code="b", parent="a", labels={}, actor="Ada")
    assert await counts(conn, shop) == {"a": 1, "b": 1, "leaf": 1}
    assert await home(conn, shop) == ["a", "b", "leaf"]


async def test_what_leaves_the_tree_of_a_shop_is_counted_there_no_more(conn: WriteConn) -> None:
    shop = await a_shop(conn)
    await modeling.save_category(conn, code="leaf", parent=None, labels={}, actor="Ada")
    assert await counts(conn, shop) == {"a": 0, "b": 0}
    assert await home(conn, shop) == []
    await modeling.save_category(conn, code="leaf", parent="b", labels={}, actor="Ada")
    assert (await counts(conn, shop))["leaf"] == 1
    await make.a_category(conn, code="outside")
    await catalog.save_products(conn, [ProductInput("p", categories=("outside",))], actor="Ada")
    assert set((await counts(conn, shop)).values()) == {0}


async def test_what_comes_below_a_category_that_a_shop_lists_is_listed(conn: WriteConn) -> None:
    shop = await a_shop(conn)
    await listings.publish(conn, channel="web", products=["p"], withdraw=True)
    other = Shop(await make.a_channel(conn, category_tree="root"), "de-DE")
    rules = [{"when": {"kind": "CATEGORY", "category": "b"}}]
    await assortments.save(conn, channel=other.channel.code, rules=rules, actor="Ada")
    assert (await counts(conn, other))["leaf"] == 0
    await modeling.save_category(conn, code="leaf", parent="b", labels={}, actor="Ada")
    assert (await counts(conn, other))["leaf"] == 1
    assert (await counts(conn, shop))["leaf"] == 0


async def test_a_category_cannot_stand_below_itself(conn: WriteConn) -> None:
    await a_shop(conn)
    for parent in ("root", "a", "leaf"):
        with pytest.raises(InvalidInput):
            await categories.save(conn, code="root", parent=parent, labels={})


async def test_two_who_would_put_each_others_category_below_their_own_make_no_circle(db: Database) -> None:
    async with db.write() as conn:
        await a_shop(conn)

    async def move(code: str, parent: str) -> bool:
        try:
            await db.transact(lambda conn: categories.save(conn, code=code, parent=parent, labels={}))
        except InvalidInput:
            return False
        return True

    moved = await asyncio.gather(move("a", "b"), move("b", "a"))
    assert sorted(moved) == [False, True]
    async with db.read() as reader:
        known = await queries.categories_by_code(reader, ["a", "b", "leaf"])
    paths = {one.path for one in known.values()}
    assert paths in ({"root.a", "root.a.b", "root.a.leaf"}, {"root.b", "root.b.a", "root.b.a.leaf"})


async def test_two_who_save_one_new_category_below_two_parents_leave_it_below_one(db: Database) -> None:
    async with db.write() as conn:
        await a_shop(conn)

    async def save(parent: str) -> None:
        await db.transact(lambda conn: categories.save(conn, code="new", parent=parent, labels={}))

    await asyncio.gather(save("a"), save("b"), save("root"))
    async with db.read() as reader:
        known = await queries.categories_by_code(reader, ["new", "a", "b", "root"])
    new = known.pop("new")
    assert new.path in {f"{one.path}.new" for one in known.values() if one.id == new.parent_id}


async def test_who_moves_a_category_back_while_it_is_moved_takes_its_listings_back(db: Database) -> None:
    async with db.write() as conn:
        shop = await a_shop(conn)

    async def move(conn: WriteConn, parent: str) -> None:
        await modeling.save_category(conn, code="leaf", parent=parent, labels={}, actor="Ada")

    async with db.write() as conn:
        await move(conn, "b")
        back = asyncio.create_task(db.transact(lambda conn: move(conn, "a")))
        await asyncio.sleep(0.2)
        assert not back.done()
    await back
    async with db.write() as conn:
        assert await counts(conn, shop) == {"a": 1, "leaf": 1, "b": 0}


async def test_a_tree_is_not_deeper_than_may_be(conn: WriteConn) -> None:
    parent = None
    for place in range(categories.DEEPEST):
        await categories.save(conn, code=f"c{place}", parent=parent, labels={})
        parent = f"c{place}"
    with pytest.raises(InvalidInput, match="deeper"):
        await categories.save(conn, code="below", parent=parent, labels={})
    await make.a_category(conn, code="top")
    with pytest.raises(InvalidInput, match="deeper"):
        await categories.save(conn, code="c0", parent="top", labels={})


async def test_a_category_of_which_the_slug_got_a_number_keeps_it(conn: WriteConn) -> None:
    await make.a_category(conn, code="sofa")
    assert await trees.save_many(conn, [CategoryInput("SOFA", None, {})]) == [trees.CREATED]
    assert (await make.a_category(conn, code="SOFA", labels={"en": "Sofas"})).slug == "sofa-2"
    with pytest.raises(InvalidInput):
        await make.a_category(conn, code="Sofa")


async def test_only_an_empty_category_is_deleted(conn: WriteConn) -> None:
    await a_shop(conn)
    for code, holds in (("root", (2, 0, 1)), ("a", (1, 0, 0)), ("leaf", (0, 1, 0))):
        with pytest.raises(CategoryNotEmpty) as refused:
            await categories.delete(conn, code=code)
        assert (refused.value.children, refused.value.products, refused.value.channels) == holds
    await categories.delete(conn, code="b")
    assert await queries.categories_by_code(conn, ["b"]) == {}
    with pytest.raises(NotFound):
        await categories.delete(conn, code="b")
