import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from kernel.db import Database, WriteConn
from kernel.errors import InvalidInput
from pim.families.model import FamilyAttribute
from pim.products import gtins, queries, writing
from pim.products import operations as products
from pim.products.model import ProductInput, Refused, Upserted, ValueInput, VariantInput
from tests import make

GTIN, OTHER_GTIN = "4006381333931", "96385074"


async def the_catalog(conn: WriteConn) -> None:
    """Shoes: named per language, described per channel, in sizes, each with a part number of its own."""
    await make.a_channel(conn, code="web")
    await make.a_category(conn, code="shoes")
    await make.an_attribute(conn, code="name", localizable=True, searchable=True)
    await make.an_attribute(conn, code="claim", scopable=True)
    await make.an_attribute(conn, code="part", unique=True)
    await make.an_attribute(conn, code="size", type="SELECT", options=["41", "42", "43"])
    await make.an_attribute(conn, code="other")
    given = [FamilyAttribute(one, "PRODUCT") for one in ("name", "claim", "part")]
    await make.a_family(conn, code="shoe", attributes=given, axes=["size"])


@pytest.fixture
async def catalog(conn: WriteConn) -> WriteConn:
    await the_catalog(conn)
    return conn


def sized(sku: str, size: str | None = None, gtin: str | None = None) -> VariantInput:
    return VariantInput(sku, gtin, (ValueInput("size", size),) if size else ())


SHOE = ProductInput(
    "shoe-1",
    "shoe",
    ("shoes",),
    (ValueInput("name", "Schuh", None, "de"), ValueInput("claim", "Nur hier", "web"), ValueInput("part", "P1")),
    (sized("s41", "41", GTIN), sized("s42", "42")),
)


async def upsert(conn: WriteConn, *given: ProductInput) -> list[Any]:
    return (await products.upsert(conn, given, actor="Ada")).results


async def save(conn: WriteConn, *given: ProductInput) -> list[tuple[bool, bool]]:
    """Whether each was created, and whether it changed; none may be refused."""
    results = await upsert(conn, *given)
    assert all(isinstance(one, Upserted) for one in results), results
    return [(one.created, one.changed) for one in results]


async def refusals(conn: WriteConn, *given: ProductInput) -> list[str]:
    """Where each refused product is wrong."""
    return [p.path for one in await upsert(conn, *given) if isinstance(one, Refused) for p in one.problems]


async def test_a_product_is_what_was_said_of_it(catalog: WriteConn) -> None:
    assert await save(catalog, SHOE) == [(True, True)]
    one = (await queries.products_by_code(catalog, ["shoe-1"]))["shoe-1"]
    assert one.content == {
        "name": {"*": {"de": "Schuh"}},
        "claim": {"web": {"*": "Nur hier"}},
        "part": {"*": {"*": "P1"}},
    }
    variants = (await queries.variants_by_product(catalog, [one.id]))[one.id]
    assert [(v.sku, v.gtin, v.axes) for v in variants] == [("s41", GTIN, {"size": "41"}), ("s42", None, {"size": "42"})]
    assert (await queries.category_codes_by_product(catalog, [one.id]))[one.id] == ("shoes",)


async def test_what_says_nothing_new_changes_nothing(catalog: WriteConn) -> None:
    linked = replace(SHOE, code="shoe-2", variants=(), values=(), associations={"like": ("shoe-1",), "unlike": ()})
    await save(catalog, SHOE, linked)
    await catalog.execute(text("DELETE FROM outbox"))
    assert await save(catalog, SHOE, linked, ProductInput("shoe-1")) == [(False, False)] * 3
    assert (await catalog.execute(text("SELECT count(*) FROM outbox"))).scalar_one() == 0
    assert (await queries.products_by_code(catalog, ["shoe-1"]))["shoe-1"].revision == 1


async def test_what_is_not_named_stays_and_a_value_of_nothing_is_cleared(catalog: WriteConn) -> None:
    await save(catalog, SHOE)
    edit = ProductInput(
        "shoe-1",
        values=(ValueInput("name", "Shoe", None, "en"), ValueInput("claim", None, "web")),
        variants=(sized("s43", "43"), VariantInput("s41", "")),
    )
    assert await save(catalog, edit) == [(False, True)]
    one = (await queries.products_by_code(catalog, ["shoe-1"]))["shoe-1"]
    assert one.content == {"name": {"*": {"de": "Schuh", "en": "Shoe"}}, "part": {"*": {"*": "P1"}}}
    assert one.revision == 2
    variants = (await queries.variants_by_product(catalog, [one.id]))[one.id]
    assert [(v.sku, v.gtin) for v in variants] == [("s41", None), ("s42", None), ("s43", None)]


async def test_a_change_is_told_with_its_skus(catalog: WriteConn) -> None:
    await save(catalog, SHOE)
    told = await catalog.execute(text("SELECT payload FROM outbox WHERE event = 'product.changed'"))
    [payload] = told.scalars()
    assert payload == {"code": "shoe-1", "revision": 1, "skus": ["s41", "s42"]}


N = ProductInput("new", "shoe")


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        (ProductInput("a b"), ["code"]),
        (ProductInput("a\0"), ["code"]),
        (ProductInput("new", "nothing"), ["family"]),
        (replace(N, categories=("shoes", "x", "a\0")), ["categories.1", "categories.2"]),
        (replace(N, values=(ValueInput("nothing", "x"),)), ["values.0"]),
        (replace(N, values=(ValueInput("other", "x"),)), ["values.0"]),
        (replace(N, values=(ValueInput("size", "41"),)), ["values.0"]),
        (replace(N, values=(ValueInput("name", 5, None, "de"),)), ["values.0"]),
        (replace(N, values=(ValueInput("name", "x", None, "Klingon"),)), ["values.0"]),
        (replace(N, values=(ValueInput("name", "x", "web"),)), ["values.0"]),
        (replace(N, values=(ValueInput("claim", "x", "nowhere"),)), ["values.0"]),
        (replace(N, values=(ValueInput("claim", "x", "web", "de"),)), ["values.0"]),
        (replace(N, variants=(VariantInput(""),)), ["variants.0.sku"]),
        (replace(N, variants=(VariantInput("a\0"),)), ["variants.0.sku"]),
        (replace(N, variants=(sized("a", "44"),)), ["variants.0.values.0"]),
        (replace(N, variants=(VariantInput("a", None, (ValueInput("part", "x"),)),)), ["variants.0.values.0"]),
        (replace(N, variants=(VariantInput("a", "4006381333930"),)), ["variants.0.gtin"]),
        (replace(N, variants=(sized("a"), sized("b"))), ["variants.1"]),
        (replace(N, variants=(sized("a", "41"), sized("b", "41"))), ["variants.1"]),
        (replace(N, variants=(sized("a", "41", GTIN), sized("b", "42", GTIN))), ["variants.1.gtin"]),
        (replace(N, associations={"like": ("shoe-1", "nothing")}), ["associations.like.1"]),
        (replace(N, values=(ValueInput("nothing"), ValueInput("other"))), ["values.0", "values.1"]),
        (ProductInput("new", variants=(sized("a"), sized("b"))), ["variants.1"]),
    ],
)
async def test_a_refused_product_says_where_it_is_wrong(
    catalog: WriteConn, given: ProductInput, paths: list[str]
) -> None:
    assert await refusals(catalog, given, SHOE) == paths
    assert set(await queries.products_by_code(catalog, ["new", "shoe-1"])) == {"shoe-1"}


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        (replace(N, variants=(sized("s41", "41"),)), ["variants.0.sku"]),
        (replace(N, variants=(sized("a", "41", GTIN),)), ["variants.0.gtin"]),
        (replace(N, values=(ValueInput("part", "P1"),)), ["values.part"]),
    ],
)
async def test_what_another_product_has_is_refused(catalog: WriteConn, given: ProductInput, paths: list[str]) -> None:
    assert await refusals(catalog, SHOE, given) == paths  # in one input
    assert await refusals(catalog, given) == paths  # and with the database


async def test_two_variants_of_a_product_swap_their_gtins_and_sizes(catalog: WriteConn) -> None:
    await save(catalog, replace(SHOE, variants=(sized("a", "41", GTIN), sized("b", "42", OTHER_GTIN))))
    await save(catalog, replace(SHOE, variants=(sized("a", "42", OTHER_GTIN), sized("b", "41", GTIN))))
    found = await queries.variants_by_sku(catalog, ["a", "b"])
    assert [(found[sku].gtin, found[sku].axes["size"]) for sku in "ab"] == [(OTHER_GTIN, "42"), (GTIN, "41")]


async def test_a_unique_value_is_free_again_once_it_is_given_up(catalog: WriteConn) -> None:
    await save(catalog, SHOE)
    await save(catalog, ProductInput("shoe-1", values=(ValueInput("part", "P2"),)))
    assert await save(catalog, replace(N, values=(ValueInput("part", "P1"),))) == [(True, True)]


async def test_one_product_named_twice_is_laid_twice(catalog: WriteConn) -> None:
    first, second = (replace(N, values=(ValueInput("name", one, None, one),)) for one in ("de", "en"))
    assert await save(catalog, first, second) == [(True, True), (True, True)]
    one = (await queries.products_by_code(catalog, ["new"]))["new"]
    assert (one.content["name"]["*"], one.revision) == ({"de": "de", "en": "en"}, 1)


async def test_five_hundred_go_in_at_once_and_the_bad_ones_do_not_stop_them(catalog: WriteConn) -> None:
    many = [
        ProductInput(
            f"p{n}", "shoe", values=(ValueInput("name", n if n % 100 == 7 else f"{n}"),), variants=(sized(f"v{n}"),)
        )
        for n in range(500)
    ]
    results = await upsert(catalog, *many)
    assert [one.code for one in results if isinstance(one, Refused)] == [f"p{n}" for n in (7, 107, 207, 307, 407)]
    assert (await catalog.execute(text("SELECT count(*) FROM variant"))).scalar_one() == 495
    with pytest.raises(InvalidInput):
        await products.upsert(catalog, [*many, many[0]], actor="Ada")


async def at_once(db: Database, *given: ProductInput) -> list[Any]:
    """Each upserted by itself, all of them having looked before the first one writes."""
    looked, write, tries = asyncio.Barrier(len(given)), writing.write, itertools.count()

    async def held(*args: Any, **named: Any) -> Any:
        if next(tries) < len(given):
            await looked.wait()
        return await write(*args, **named)

    async def one(given: ProductInput) -> Any:
        return (await db.transact(lambda conn: products.upsert(conn, [given], actor="Ada"))).results[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "write", held)
        return await asyncio.gather(*map(one, given))


async def test_a_product_made_twice_at_once_has_what_both_said(db: Database) -> None:
    async with db.write() as conn:
        await the_catalog(conn)
    first, second = (replace(N, values=(ValueInput("name", one, None, one),)) for one in ("de", "en"))
    found = await at_once(db, first, second)
    assert sorted(one.created for one in found) == [False, True]
    async with db.read() as reading:
        one = (await queries.products_by_code(reading, ["new"]))["new"]
    assert one.content["name"]["*"] == {"de": "de", "en": "en"}


SAME: dict[str, Callable[[str], dict[str, Any]]] = {
    "sku": lambda _: {"variants": (sized("s", "41"),)},
    "gtin": lambda code: {"variants": (sized(code, "41", GTIN),)},
    "unique value": lambda _: {"values": (ValueInput("part", "P"),)},
}


@pytest.mark.parametrize("what", SAME)
async def test_of_two_products_that_want_the_same_at_once_one_is_refused(db: Database, what: str) -> None:
    async with db.write() as conn:
        await the_catalog(conn)
    found = await at_once(db, *(ProductInput(code, "shoe", **SAME[what](code)) for code in "ab"))
    assert sorted(type(one).__name__ for one in found) == ["Refused", "Upserted"]


@pytest.mark.parametrize("gtin", ["", "96385074", "036000291452", "4006381333931", "14006381333938"])
def test_codes_of_all_four_lengths_are_gtins(gtin: str) -> None:
    assert gtins.problem(gtin) is None


@pytest.mark.parametrize(
    "gtin", ["4006381333930", "400638133393", "1", "400638133393X", "4006381333931 ", "٤٠٠٦٣٨١٣٣٣٩٣١"]
)
def test_what_is_no_gtin_is_told(gtin: str) -> None:
    assert gtins.problem(gtin)
