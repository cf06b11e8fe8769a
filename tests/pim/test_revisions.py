"""Every change of a product is a revision: told by path, read as of any moment, and undone by a revision of its own."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from kernel.db import Database, ReadConn, WriteConn
from kernel.errors import NotFound
from kernel.paging import Window
from pim.catalog import operations as catalog
from pim.families.model import FamilyAttribute
from pim.families.queries import all_families
from pim.products import queries, reading, revisions
from pim.products.model import NotRestorable, ProductInput, Refused, Upserted, ValueInput, VariantInput
from tests import make


async def the_catalog(conn: WriteConn) -> None:
    await make.a_channel(conn, code="web", locales=["de-DE", "en"])
    for code in ("shirts", "sale"):
        await make.a_category(conn, code=code)
    await make.an_attribute(conn, code="name", localizable=True)
    await make.an_attribute(conn, code="weight", type="MEASUREMENT", unit_family="mass", default_unit="gram")
    await make.an_attribute(conn, code="color", type="SELECT", options=["red", "blue", "green"])
    given = [FamilyAttribute(one, "PRODUCT") for one in ("name", "weight")]
    await make.a_family(conn, code="shirt", attributes=given, axes=["color"])
    await make.a_family(conn, code="plain", attributes=[FamilyAttribute("name", "PRODUCT")], axes=["color"])


@pytest.fixture
async def shop(conn: WriteConn) -> WriteConn:
    await the_catalog(conn)
    await save(conn, SHIRT, actor="Ada")
    return conn


def name(text: str | None, locale: str = "de") -> ValueInput:
    return ValueInput("name", text, None, locale)


def colored(sku: str, color: str, gtin: str | None = None) -> VariantInput:
    return VariantInput(sku, gtin, (ValueInput("color", color),))


SHIRT = ProductInput("shirt", "shirt", ("shirts",), (name("Hemd"),), (colored("r", "red", "96385074"),))


async def save(conn: WriteConn, *given: ProductInput, actor: str = "Bob") -> list[Any]:
    saved = await catalog.save_products(conn, given, actor=actor)
    return saved.results


async def edit(conn: WriteConn, actor: str = "Bob", **given: Any) -> int:
    [one] = await save(conn, ProductInput("shirt", **given), actor=actor)
    assert isinstance(one, Upserted), one
    return one.revision


async def problems(conn: WriteConn, **given: Any) -> dict[str, str]:
    [one] = await save(conn, ProductInput("shirt", **given))
    assert isinstance(one, Refused)
    return {problem.path: problem.message for problem in one.problems}


async def history(conn: ReadConn, code: str = "shirt") -> list[tuple[int, str, dict[str, tuple[Any, Any]]]]:
    """Each revision's number, actor and changes by path, the newest first."""
    product_id = (await queries.ids_by_code(conn, [code]))[code]
    key = (product_id, Window(50))
    page = (await revisions.page_by_product(conn, [key]))[key]
    told = await revisions.changes_by_version(conn, [one.version for one in page.items])
    return [
        (one.number, one.actor, {change.name: (change.before, change.after) for change in told[one.version]})
        for one in page.items
    ]


async def test_a_creation_tells_all_that_was_said(shop: WriteConn) -> None:
    creation = (
        1,
        "Ada",
        {
            "categories": (None, ["shirts"]),
            "family": (None, "shirt"),
            "values.name.*.de": (None, "Hemd"),
            "variants.r.gtin": (None, "96385074"),
            "variants.r.position": (None, 0),
            "variants.r.values.color.*.*": (None, "red"),
        },
    )
    assert await history(shop) == [creation]
    await edit(shop, values=(name("Hose"),), categories=(), variants=(VariantInput("r", ""),))
    assert (await history(shop))[-1] == creation


async def test_each_change_of_whatever_kind_is_one_revision(shop: WriteConn) -> None:
    await make.a_product(shop, "other")
    picture = await make.a_picture(shop)
    changes: list[tuple[dict[str, Any], str, tuple[Any, Any]]] = [
        ({"values": (name("Shirt", "en"),)}, "values.name.*.en", (None, "Shirt")),
        ({"values": (name(None),)}, "values.name.*.de", ("Hemd", None)),
        ({"categories": ("sale", "shirts")}, "categories", (["shirts"], ["sale", "shirts"])),
        ({"variants": (colored("r", "blue"),)}, "variants.r.values.color.*.*", ("red", "blue")),
        ({"variants": (VariantInput("r", ""),)}, "variants.r.gtin", ("96385074", None)),
        ({"associations": {"CROSS_SELL": ("other",)}}, "associations.CROSS_SELL", (None, ["other"])),
        ({"components": (("other", 2),)}, "associations.BUNDLE", (None, [{"sku": "other", "quantity": 2}])),
        ({"media": (picture,)}, "media", (None, [str(picture)])),
        ({"slugs": {"de": "ein-hemd"}}, "slugs.de", (None, "ein-hemd")),
        ({"family": "plain"}, "family", ("shirt", "plain")),
    ]
    for number, (given, path, change) in enumerate(changes, 2):
        assert await edit(shop, **given) == number
        assert (await history(shop))[0] == (number, "Bob", {path: change})
        assert await edit(shop, **given) == number, "saying it again changes nothing"


async def test_the_event_of_a_change_names_its_revision(shop: WriteConn) -> None:
    await shop.execute(text("DELETE FROM outbox"))
    await edit(shop, values=(name("Hose"),))
    told = (await shop.execute(text("SELECT payload FROM outbox WHERE event = 'product.changed'"))).scalars().all()
    assert told == [{"code": "shirt", "revision": 2, "skus": ["r"]}]


async def test_revisions_are_paged_from_the_newest(shop: WriteConn) -> None:
    for n in range(4):
        await edit(shop, values=(name(f"Hemd {n}"),))
    product_id = (await queries.ids_by_code(shop, ["shirt"]))["shirt"]
    numbers, cursor = list[int](), None
    while True:
        key = (product_id, Window(2, cursor))
        page = (await revisions.page_by_product(shop, [key]))[key]
        numbers += [one.number for one in page.items]
        if not page.has_next:
            break
        cursor = page.cursors[-1]
    assert numbers == [5, 4, 3, 2, 1]


# --- as of a moment


async def moments(conn: WriteConn) -> list[datetime]:
    """When each revision was made, from the first."""
    product_id = (await queries.ids_by_code(conn, ["shirt"]))["shirt"]
    key = (product_id, Window(50))
    return [one.at for one in (await revisions.page_by_product(conn, [key]))[key].items][::-1]


async def test_a_product_is_read_as_it_was(shop: WriteConn) -> None:
    await edit(shop, family="plain", categories=("sale",), values=(name("Hose"),), variants=(colored("b", "blue"),))
    await edit(shop, values=(name("Rock"),))
    first, second, third = await moments(shop)

    async def then(at: datetime) -> Any:
        [one] = (await reading.products_at(shop, [("shirt", at)])).values()
        assert one.then
        family = {known.id: known.code for known in await all_families(shop)}
        return (
            one.revision,
            one.family_id and family[one.family_id],
            [value.display for value in one.then.values],
            [category.code for category in one.then.categories],
            [(variant.sku, variant.gtin) for variant in one.then.variants],
        )

    assert await then(first) == (1, "shirt", ["Hemd"], ["shirts"], [("r", "96385074")])
    assert await then(second) == (2, "plain", ["Hose"], ["sale"], [("r", "96385074"), ("b", None)])
    assert (await then(third))[2] == ["Rock"]
    assert await then(third + timedelta(days=1)) == await then(third)
    assert await reading.products_at(shop, [("shirt", first - timedelta(microseconds=1)), ("gone", third)]) == {}


# --- restore


async def restore(conn: WriteConn, revision: int) -> Upserted:
    return await catalog.restore_revision(conn, product="shirt", revision=revision, actor="Eve")


async def test_a_restored_revision_is_a_revision_and_keeps_what_came_since(shop: WriteConn) -> None:
    weighed = ValueInput("weight", {"amount": "200", "unit": "gram"})
    await edit(shop, values=(weighed,), slugs={"de": "hemd"})
    await edit(shop, family="plain", values=(name("Hose"), ValueInput("weight", None)), categories=(), slugs={"de": ""})
    await edit(shop, variants=(colored("b", "blue"), VariantInput("r", "")))
    done = await restore(shop, 2)
    assert done.revision == 5
    [now] = (
        await queries.states_by_product(shop, list((await queries.products_by_code(shop, ["shirt"])).values()))
    ).values()
    assert (now.family, now.categories, now.slugs) == ("shirt", ("shirts",), {"de": "hemd"})
    assert now.content["weight"]["*"]["*"]["amount"] == "200"
    assert {sku: one.gtin for sku, one in now.variants.items()} == {"r": "96385074", "b": None}
    assert (await history(shop))[0][1] == "Eve"
    assert await restore(shop, 5) == done.__class__("shirt", done.product_id, created=False, changed=False, revision=5)


async def test_what_cannot_be_restored_is_told_place_by_place(shop: WriteConn) -> None:
    await edit(shop, values=(name("Hose"),), categories=("sale",), variants=(colored("r", "blue", ""),))
    await shop.execute(text("DELETE FROM attribute_option WHERE code = 'red'"))
    await shop.execute(text("DELETE FROM category WHERE code = 'shirts'"))
    await make.a_product(shop, "thief", variants=(VariantInput("t", "96385074"),))
    with pytest.raises(NotRestorable) as refused:
        await restore(shop, 1)
    assert {one.path for one in refused.value.problems} == {"categories.0", "variants.r.values.color.*.*"}
    await make.a_category(shop, code="shirts")
    await make.an_attribute(shop, code="color", type="SELECT", options=["red"])
    with pytest.raises(NotRestorable) as refused:
        await restore(shop, 1)
    assert [one.path for one in refused.value.problems] == ["variants.r.gtin"]


@pytest.mark.parametrize("revision", [0, -1, 2, 2**31 - 1])
async def test_a_revision_that_is_none_is_not_found(shop: WriteConn, revision: int) -> None:
    with pytest.raises(NotFound):
        await restore(shop, revision)
    with pytest.raises(NotFound):
        await catalog.restore_revision(shop, product="gone", revision=1, actor="Eve")


# --- two merchandisers


async def test_who_saves_what_another_changed_is_refused_there(shop: WriteConn) -> None:
    await edit(shop, "Ada", values=(name("Hose"), name("Trousers", "en")), categories=("sale",))
    found = await problems(shop, values=(name("Rock"), name("Trousers", "en")), base_revision=1)
    assert found == {"values.name.*.de": "was changed by Ada in revision 2"}


async def test_who_changed_something_else_goes_in(shop: WriteConn) -> None:
    await edit(shop, "Ada", values=(name("Trousers", "en"),))
    assert await edit(shop, values=(name("Hose"),), categories=("shirts",), base_revision=1) == 3


async def test_a_form_that_would_put_back_an_old_value_is_refused(shop: WriteConn) -> None:
    await edit(shop, "Ada", categories=("sale",))
    found = await problems(shop, values=(name("Hose"),), categories=("shirts",), base_revision=1)
    assert list(found) == ["categories"]


async def test_a_change_that_was_taken_back_is_in_nobodys_way(shop: WriteConn) -> None:
    await edit(shop, "Ada", values=(name("Hose"),))
    await edit(shop, "Ada", values=(name("Hemd"),))
    assert await edit(shop, values=(name("Rock"),), base_revision=1) == 4


@pytest.mark.parametrize("base", [0, 7, -3])
async def test_a_base_that_never_was_is_refused(shop: WriteConn, base: int) -> None:
    await edit(shop, values=(name("Hose"),))
    assert list(await problems(shop, values=(name("Rock"),), base_revision=base)) == ["baseRevision"]


async def test_of_many_who_save_at_once_none_loses_what_another_said(db: Database) -> None:
    async with db.write() as conn:
        await the_catalog(conn)
        await save(conn, SHIRT, actor="Ada")

    async def one(n: int) -> Any:
        given = ProductInput(
            "shirt", values=(name(f"Hemd {n}"), name(f"{n}", f"{'de-AT' if n % 2 else 'en'}")), base_revision=1
        )
        [done] = await db.transact(lambda conn: save(conn, given, actor=f"Actor {n}"))
        return done

    done = await asyncio.gather(*map(one, range(8)))
    winners = [n for n, result in enumerate(done) if isinstance(result, Upserted)]
    assert len(winners) == 1
    async with db.read() as reading_conn:
        told = await history(reading_conn)
    assert [(number, actor) for number, actor, _ in told] == [(2, f"Actor {winners[0]}"), (1, "Ada")]
    refused = [result for result in done if isinstance(result, Refused)]
    assert all("values.name.*.de" in {one.path for one in result.problems} for result in refused)


async def test_different_places_saved_at_once_are_all_kept(db: Database) -> None:
    async with db.write() as conn:
        await the_catalog(conn)
        await save(conn, SHIRT, actor="Ada")
    tongues = ["en", "fr", "it", "es", "pl", "cs"]

    async def one(locale: str) -> Any:
        given = ProductInput("shirt", values=(name(locale, locale),), base_revision=1)
        return (await db.transact(lambda conn: save(conn, given, actor=locale)))[0]

    assert all(isinstance(done, Upserted) for done in await asyncio.gather(*map(one, tongues)))
    async with db.read() as reading_conn:
        found = (await queries.products_by_code(reading_conn, ["shirt"]))["shirt"]
    assert found.content["name"]["*"] == {"de": "Hemd"} | {locale: locale for locale in tongues}
    assert found.revision == 1 + len(tongues)


# --- a dry run


async def test_a_dry_run_answers_what_would_happen_and_changes_nothing(shop: WriteConn) -> None:
    before = await history(shop)
    await shop.execute(text("DELETE FROM outbox"))
    given = [ProductInput("shirt", values=(name("Hose"),)), ProductInput("new", "nothing"), ProductInput("more")]
    tried = await catalog.preview_products(shop, given, actor="Bob")
    assert await history(shop) == before
    assert (await shop.execute(text("SELECT count(*) FROM outbox"))).scalar_one() == 0
    done = await save(shop, *given)
    assert [type(one) for one in tried.results] == [type(one) for one in done]
    changes = [[change.name for change in one.changes or ()] for one in tried.results if isinstance(one, Upserted)]
    assert changes == [["values.name.*.de"], []]
