import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from kernel.db import Database, WriteConn
from kernel.errors import InvalidInput, NotFound
from kernel.paging import Window
from pim.catalog import operations as catalog
from pim.drafts import jobs, model, operations, queries
from pim.drafts.model import Draft, NotApplicable
from pim.products import queries as product_queries
from pim.products.model import ProductInput, ValueInput, VariantInput
from tests import make

PAST = datetime.now(UTC) - timedelta(hours=1)
FUTURE = PAST + timedelta(days=1)


@pytest.fixture
async def chair(conn: WriteConn) -> None:
    await a_chair(conn)


async def a_chair(conn: WriteConn) -> None:
    await make.an_attribute(conn, code="name", localizable=True)
    await make.an_attribute(conn, code="legs", type="NUMBER")
    await make.a_family(conn, "name", "legs", code="chair")
    await put(conn, ProductInput("chair", "chair", values=(named("Chair"),), variants=(VariantInput("chair"),)))


async def put(conn: WriteConn, given: ProductInput) -> None:
    await catalog.save_products(conn, [given], actor="Bob")


def named(name: str | None) -> ValueInput:
    return ValueInput("name", name, None, "en")


def legs(number: object) -> ValueInput:
    return ValueInput("legs", number)


async def drafted(conn: WriteConn, *values: ValueInput, publish_at: datetime | None = None, **given: Any) -> Draft:
    return await operations.save(
        conn, ProductInput("chair", values=values, **given), publish_at=publish_at, actor="Ada"
    )


async def said(conn: WriteConn, code: str = "chair") -> dict[str, Any]:
    """What the product says, by attribute."""
    known = (await product_queries.products_by_code(conn, [code]))[code]
    return {code: next(iter(by_locale["*"].values())) for code, by_locale in known.content.items()}


def changes(draft: Draft) -> dict[str, tuple[Any, Any]]:
    return {one.name: (one.before, one.after) for one in draft.changes}


@pytest.mark.usefixtures("chair")
async def test_a_draft_changes_nothing_until_it_is_applied(conn: WriteConn) -> None:
    before = await said(conn)
    made = await drafted(conn, named("Throne"))
    assert changes(made) == {"values.name.*.en": ("Chair", "Throne")}
    assert (made.problems, made.actor, made.failed) == ((), "Ada", False)
    assert await said(conn) == before
    done = await operations.apply(conn, product="chair", actor="Eve")
    assert (await said(conn), done.revision) == ({"name": "Throne"}, 2)
    assert await queries.drafts_by_code(conn, ["chair"]) == {}


@pytest.mark.usefixtures("chair")
async def test_later_savings_are_laid_over_earlier_ones(conn: WriteConn) -> None:
    await drafted(conn, named("Throne"), legs("3"))
    made = await drafted(conn, legs("4"), variants=(VariantInput("chair", "4006381333931"),))
    assert {path: after for path, (_, after) in changes(made).items() if path.startswith("values")} == {
        "values.name.*.en": "Throne",
        "values.legs.*.*": "4",
    }
    await operations.apply(conn, product="chair", actor="Ada")
    assert (await product_queries.variants_by_sku(conn, ["chair"]))["chair"].gtin == "4006381333931"


def test_what_both_say_is_said_once() -> None:
    slugs = {"en": "a", "de": "a"}
    before = ProductInput(
        "a", "f", ("c",), (named("A"), legs("1")), (VariantInput("s", "1", (legs("1"),)),), slugs=slugs
    )
    new = ProductInput("a", None, (), (named("B"),), (VariantInput("s", None, (legs("2"),)),), slugs={"en": "b"})
    assert model.laid_over(before, new) == ProductInput(
        "a",
        "f",
        (),
        (named("B"), legs("1")),
        (VariantInput("s", "1", (legs("2"),)),),
        slugs={"en": "b", "de": "a"},
    )
    assert model.laid_over(before, ProductInput("a")) == before
    assert model.load(model.dump(before)) == before


@pytest.mark.usefixtures("chair")
async def test_what_others_changed_since_is_not_overwritten(conn: WriteConn) -> None:
    await drafted(conn, named("Throne"), legs("3"))
    await put(conn, ProductInput("chair", values=(named("Stool"),)))
    with pytest.raises(NotApplicable) as refused:
        await operations.apply(conn, product="chair", actor="Ada")
    assert [one.path for one in refused.value.problems] == ["values.name.*.en"]
    assert await said(conn) == {"name": "Stool"}
    await drafted(conn, base_revision=2)
    await operations.apply(conn, product="chair", actor="Ada")
    assert (await said(conn))["name"] == "Throne"


@pytest.mark.usefixtures("chair")
async def test_what_others_changed_elsewhere_stays(conn: WriteConn) -> None:
    await drafted(conn, legs("3"))
    await put(conn, ProductInput("chair", values=(named("Stool"),)))
    await operations.apply(conn, product="chair", actor="Ada")
    assert (await said(conn))["name"] == "Stool"


@pytest.mark.usefixtures("chair")
async def test_a_draft_with_problems_is_kept_with_them(conn: WriteConn) -> None:
    made = await drafted(conn, legs("three"))
    assert [one.path for one in made.problems] == ["values.0"]
    with pytest.raises(NotApplicable):
        await operations.apply(conn, product="chair", actor="Ada")
    assert (await drafted(conn, legs("3"))).problems == ()


@pytest.mark.usefixtures("chair")
async def test_a_draft_that_cannot_be_is_refused(conn: WriteConn) -> None:
    for given in (ProductInput("a b"), ProductInput("chair", values=(named("\0"),))):
        with pytest.raises(InvalidInput):
            await operations.save(conn, given, publish_at=None, actor="Ada")
    for work in (operations.discard(conn, product="chair"), operations.apply(conn, product="\0", actor="Ada")):
        with pytest.raises(NotFound):
            await work


@pytest.mark.usefixtures("chair")
async def test_a_draft_may_be_of_a_new_product_and_be_forgotten(conn: WriteConn) -> None:
    table = ProductInput("table", "chair", variants=(VariantInput("table"),))
    await operations.save(conn, table, publish_at=None, actor="Ada")
    await drafted(conn, legs("3"))
    page = await queries.page_of_drafts(conn, Window(10))
    assert [one.code for one in page.items] == ["chair", "table"]
    await operations.discard(conn, product="chair")
    await operations.apply(conn, product="table", actor="Ada")
    assert (await queries.page_of_drafts(conn, Window(10))).items == []
    assert "table" in await product_queries.products_by_code(conn, ["table"])


async def test_drafts_are_applied_at_their_time_and_those_that_cannot_be_tell_why(db: Database) -> None:
    async with db.write() as conn:
        await a_chair(conn)
        await put(conn, ProductInput("stool", "chair", variants=(VariantInput("stool"),)))
        stool = ProductInput("stool", values=(legs("three"),))
        await operations.save(conn, stool, publish_at=PAST, actor="Bob")
        await drafted(conn, legs("3"), publish_at=FUTURE)
        assert await queries.is_due(conn)
    await jobs.APPLY.work(db, {})
    async with db.write() as conn:
        assert not await queries.is_due(conn), "it is not tried over and over"
        kept = await queries.drafts_by_code(conn, ["chair", "stool"])
        assert {code: (one.failed, bool(one.problems)) for code, one in kept.items()} == {
            "stool": (True, True),
            "chair": (False, False),
        }
        await drafted(conn, publish_at=PAST)
        await operations.save(conn, ProductInput("stool", values=(legs("3"),)), publish_at=PAST, actor="Bob")
    await jobs.APPLY.work(db, {})
    async with db.write() as conn:
        assert await queries.drafts_by_code(conn, ["chair", "stool"]) == {}
        assert (await said(conn, "stool"))["legs"] == (await said(conn))["legs"]


async def test_a_draft_that_nobody_thought_of_does_not_keep_the_others(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with db.write() as conn:
        await a_chair(conn)
        await put(conn, ProductInput("stool", "chair", variants=(VariantInput("stool"),)))
        for code in ("chair", "stool"):
            await operations.save(conn, ProductInput(code, values=(legs("3"),)), publish_at=PAST, actor="Ada")
    save_products = catalog.save_products

    async def breaking(conn: WriteConn, products: Any, **given: Any) -> Any:
        if any(one.code == "chair" for one in products):
            raise ZeroDivisionError
        return await save_products(conn, products, **given)

    monkeypatch.setattr(catalog, "save_products", breaking)
    await jobs.APPLY.work(db, {})
    async with db.write() as conn:
        [kept] = (await queries.drafts_by_code(conn, ["chair", "stool"])).values()
        assert (kept.code, kept.failed) == ("chair", True)
        assert "was logged as" in kept.problems[0].message


async def test_the_draft_that_failed_is_the_one_that_was_tried(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with db.write() as conn:
        await a_chair(conn)
        await put(conn, ProductInput("stool", "chair", variants=(VariantInput("stool"),)))
        await drafted(conn, legs("3"), publish_at=PAST)
        await operations.save(conn, ProductInput("stool", values=(legs("3"),)), publish_at=PAST, actor="Ada")
    save_products = catalog.save_products

    async def breaking(conn: WriteConn, products: Any, **given: Any) -> Any:
        if products[0].code == "stool":
            raise ZeroDivisionError
        return await save_products(conn, products, **given)

    monkeypatch.setattr(catalog, "save_products", breaking)
    async with db.write() as conn:
        await conn.execute(text("SELECT FROM draft WHERE code = 'chair' FOR UPDATE"))
        applying = asyncio.ensure_future(jobs.APPLY.work(db, {}))
        await asyncio.sleep(0.5)
    await applying
    async with db.write() as conn:
        kept = await queries.drafts_by_code(conn, ["chair", "stool"])
        assert {code: one.failed for code, one in kept.items()} == {"stool": True}
        assert (await said(conn))["legs"] == "3"


async def test_two_who_apply_one_draft_do_it_once(db: Database) -> None:
    async with db.write() as conn:
        await a_chair(conn)
        await drafted(conn, legs("3"))

    async def once() -> bool:
        try:
            await db.transact(lambda conn: operations.apply(conn, product="chair", actor="Ada"))
        except NotFound:
            return False
        return True

    assert sorted(await asyncio.gather(*(once() for _ in range(4)))) == [False, False, False, True]
    async with db.write() as conn:
        assert (await product_queries.products_by_code(conn, ["chair"]))["chair"].revision == 2
