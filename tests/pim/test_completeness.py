"""How far products are filled in, kept as they change."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from kernel.db import Database, ReadConn, WriteConn
from pim.akeneo import operations as akeneo
from pim.catalog import operations as catalog
from pim.completeness import operations, queries
from pim.families.model import FamilyAttribute
from pim.listings import operations as listings
from pim.products import queries as products
from pim.products.model import ProductInput, Refused, ValueInput, VariantInput
from tests import make
from tests.pim.recounting import kept, recounted

CHANNELS = {"web": ["de-AT", "en"], "print": ["de"]}


async def the_catalog(conn: WriteConn) -> None:
    for code, locales in CHANNELS.items():
        await make.a_channel(conn, code=code, locales=locales)
    await make.an_attribute(conn, code="name", localizable=True)
    await make.an_attribute(conn, code="claim", localizable=True, scopable=True)
    await make.an_attribute(conn, code="care", type="MULTI_SELECT", options=["cold", "iron"])
    await make.an_attribute(conn, code="size", type="SELECT", options=["s", "m"])
    await make.an_attribute(conn, code="weight", type="NUMBER")
    wanted = [
        FamilyAttribute("name", "PRODUCT", ("web", "print")),
        FamilyAttribute("claim", "PRODUCT", ("web",)),
        FamilyAttribute("care", "PRODUCT", ("print",)),
        FamilyAttribute("size", "VARIANT", ("web",)),
        FamilyAttribute("weight", "VARIANT", ()),
    ]
    await make.a_family(conn, code="shirt", attributes=wanted, axes=["size"])
    await make.a_family(conn, code="loose", attributes=[FamilyAttribute("name", "PRODUCT")])


async def save(conn: WriteConn, *given: ProductInput) -> None:
    saved = await catalog.save_products(conn, given, actor="Ada")
    assert not [one for one in saved.results if isinstance(one, Refused)], saved.results


def valued(attribute: str, value: Any, channel: str | None = None, locale: str | None = None) -> ProductInput:
    return ProductInput("one", "shirt", values=(ValueInput(attribute, value, channel, locale),))


NOTHING, SIZELESS = (0, ("claim", "name", "size")), (33, ("claim", "size"))
BARE = (0, ("care", "name"))
CASES: list[tuple[list[ProductInput], dict[tuple[str, str], tuple[int, tuple[str, ...]]]]] = [
    ([], {("web", "de-AT"): NOTHING, ("print", "de"): BARE}),
    ([valued("name", "x", None, "de")], {("web", "de-AT"): SIZELESS, ("web", "en"): NOTHING}),
    ([valued("name", "x", None, "de-AT")], {("web", "de-AT"): SIZELESS, ("print", "de"): BARE}),
    ([valued("name", "x")], {("web", "en"): SIZELESS, ("print", "de"): (50, ("care",))}),
    ([valued("claim", "x", "print", "en")], {("web", "en"): NOTHING}),
    ([valued("claim", "x", "web", "en")], {("web", "en"): (33, ("name", "size"))}),
    ([valued("claim", "x", None, "en")], {("web", "en"): (33, ("name", "size"))}),
    ([valued("care", [])], {("print", "de"): BARE}),
    ([valued("care", ["cold"]), valued("name", "x")], {("print", "de"): (100, ())}),
    ([valued("name", "x"), valued("name", None)], {("print", "de"): BARE}),
]


@pytest.mark.parametrize(("edits", "expected"), CASES)
async def test_what_counts_for_a_channel_and_locale(conn: WriteConn, edits: list[ProductInput], expected: Any) -> None:
    await the_catalog(conn)
    await save(conn, ProductInput("one", "shirt", variants=(VariantInput("a"),)), *edits)
    found = await kept(conn)
    assert {scope: found["one", *scope] for scope in expected} == expected


async def test_every_variant_must_have_what_variants_need(conn: WriteConn) -> None:
    await the_catalog(conn)
    sized = VariantInput("a", values=(ValueInput("size", "s"),))
    steps = [(), (sized,), (VariantInput("b"),), (VariantInput("b", values=(ValueInput("size", "m"),)),)]
    found = []
    for variants in steps:
        await save(conn, ProductInput("one", "shirt", variants=variants))
        found.append("size" in (await kept(conn))["one", "web", "en"][1])
    assert found == [True, False, True, False]


async def test_a_product_without_a_family_has_none_and_one_that_needs_nothing_is_complete(conn: WriteConn) -> None:
    await the_catalog(conn)
    await save(conn, ProductInput("free"), ProductInput("easy", "loose"))
    assert await kept(conn) == {("easy", *one): (100, ()) for one in [("web", "de-AT"), ("web", "en"), ("print", "de")]}


async def test_only_what_differs_is_written(conn: WriteConn) -> None:
    await the_catalog(conn)
    await save(conn, ProductInput("one", "shirt"))
    one = (await products.products_by_code(conn, ["one"]))["one"]
    assert await operations.refresh(conn, [one.id]) == 0
    await conn.execute(text("UPDATE channel SET locales = '{en,fr}' WHERE code = 'web'"))
    assert await operations.refresh(conn, [one.id]) == 1
    assert await kept(conn) == await recounted(conn)


async def test_it_is_read_for_one_scope_or_all(conn: WriteConn) -> None:
    await the_catalog(conn)
    await save(conn, ProductInput("one", "shirt"), ProductInput("two", "shirt"))
    one, two = (found.id for found in (await products.products_by_code(conn, ["one", "two"])).values())
    keys = [(one, None, None), (two, "web", None), (one, "web", "en"), (one, "nowhere", None)]
    found = await queries.completeness_by_product(conn, keys)
    scopes = [[(c.channel, c.locale) for c in found[key]] for key in keys]
    web = [("web", "de-AT"), ("web", "en")]
    assert scopes == [[("print", "de"), *web], web, [("web", "en")], []]


LOCALES = st.sampled_from([None, "de", "de-AT", "en", "fr"])
TEXT = st.sampled_from(["x", None])
EDIT = st.one_of(
    st.builds(lambda v, locale: {"values": (ValueInput("name", v, None, locale),)}, TEXT, LOCALES),
    st.builds(
        lambda v, channel, locale: {"values": (ValueInput("claim", v, channel, locale),)},
        TEXT,
        st.sampled_from([None, "web", "print"]),
        LOCALES,
    ),
    st.builds(lambda v: {"values": (ValueInput("care", v),)}, st.sampled_from([None, [], ["cold"], ["cold", "iron"]])),
    st.builds(
        lambda sku, v: {"variants": (VariantInput(sku, values=(ValueInput("weight", v),)),)},
        st.sampled_from("ab"),
        st.sampled_from(["1", None]),
    ),
    st.builds(
        lambda v: {"variants": (VariantInput("a", values=(ValueInput("size", v),)),)}, st.sampled_from(["s", "m", None])
    ),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDIT, max_size=8))
async def test_after_any_edits_it_is_what_a_recount_finds(conn: WriteConn, edits: list[dict[str, Any]]) -> None:
    async with conn.begin_nested() as undone:
        await the_catalog(conn)
        for edit in edits:
            await catalog.save_products(conn, [ProductInput("one", "shirt", **edit)], actor="Ada")
        assert await kept(conn) == await recounted(conn)
        await undone.rollback()


async def test_the_icecat_catalog_is_as_complete_as_a_recount_finds(db: Database, data: Path) -> None:
    await akeneo.load(db, data / "akeneo-icecat", now=datetime.now(UTC))
    async with db.read() as reading:
        found = await kept(ReadConn(reading))
        assert found == await recounted(ReadConn(reading))
    assert len({(channel, locale) for _, channel, locale in found}) == 9
    assert len({percent for percent, _ in found.values()}) > 10
    assert len({code for code, _, _ in found}) > 1_000


async def test_a_channel_shows_what_is_complete_enough(conn: WriteConn) -> None:
    await the_catalog(conn)
    await conn.execute(text("UPDATE channel SET required_completeness = 50 WHERE code = 'print'"))
    named = ProductInput("half", "shirt", values=(ValueInput("name", "x"),))
    await save(conn, named, ProductInput("bare", "shirt"), ProductInput("free"))
    codes = ["half", "bare", "free", "nothing"]
    done = await listings.publish(conn, channel="print", products=codes)
    assert (done.published, {one.code: one.reason for one in done.skipped}) == (
        1,
        {
            "bare": "50 % must be filled in, but there is 0 % in de, without care, name",
            "free": "it has no family, which says what must be filled in",
            "nothing": "there is no such product",
        },
    )
    assert (await listings.publish(conn, channel="print", products=codes, draft=True)).published == 3
    assert (await listings.publish(conn, channel="print", products=codes, withdraw=True)).published == 3
    assert (await listings.publish(conn, channel="web", products=codes)).published == 3
