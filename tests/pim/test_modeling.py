"""Definitions anew: what would be lost is told, what can be kept is brought into the new form."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from kernel import tasks
from kernel.db import Database, ReadConn, WriteConn
from kernel.errors import InvalidInput
from pim.attributes import queries as attribute_queries
from pim.attributes.model import Attribute
from pim.catalog import operations as catalog
from pim.channels.model import Channel
from pim.completeness import queries as completeness
from pim.entities import operations as entities
from pim.entities.model import RecordInput
from pim.families.model import FamilyAttribute
from pim.listings import counting, filters
from pim.listings import operations as listings
from pim.listings.model import AttributeFilter, ListingFilter, ListingQuery, Shop, Span
from pim.modeling import converting, fitting, following, operations, refreshing
from pim.modeling.model import Example, WouldBreak
from pim.products import queries as product_queries
from pim.products.model import ProductInput, Refused, Upserted, ValueInput, VariantInput
from tests import make


async def put(conn: WriteConn, code: str, *values: ValueInput, **given: Any) -> None:
    given.setdefault("variants", (VariantInput(code),))
    [saved] = (await catalog.save_products(conn, [ProductInput(code, values=values, **given)], actor="Ada")).results
    assert isinstance(saved, Upserted), saved


async def content(conn: ReadConn, code: str) -> Any:
    return (await product_queries.products_by_code(conn, [code]))[code].content


async def sku_content(conn: WriteConn, sku: str) -> Any:
    return (await product_queries.variants_by_sku(conn, [sku]))[sku].content


async def redefine(conn: WriteConn, one: Attribute, *, force: bool = False, **given: Any) -> Attribute:
    row: dict[str, Any] = {"code": one.code, "type": one.type, "labels": {}}
    return await operations.define_attribute(conn, actor="Ada", force=force, **row | given)


def plain(value: Any) -> Any:
    return {"*": {"*": value}}


async def test_a_type_is_changed_where_every_value_can_follow(conn: WriteConn) -> None:
    one = await make.an_attribute(conn)
    await put(conn, "p", ValueInput(one.code, "5.50"))
    before = (await product_queries.products_by_code(conn, ["p"]))["p"].revision
    assert (await redefine(conn, one, type="NUMBER")).type == "NUMBER"
    assert await content(conn, "p") == {one.code: plain("5.5")}
    assert (await product_queries.products_by_code(conn, ["p"]))["p"].revision == before + 1


async def test_a_type_that_not_every_value_can_follow_is_refused_until_forced(conn: WriteConn) -> None:
    one = await make.an_attribute(conn)
    await put(conn, "p", ValueInput(one.code, "5"))
    await put(
        conn, "q", ValueInput(one.code, "many"), variants=(VariantInput("q", values=(ValueInput(one.code, "x"),)),)
    )
    with pytest.raises(WouldBreak) as refused:
        await redefine(conn, one, type="NUMBER")
    assert (refused.value.products, refused.value.variants, refused.value.forcible) == (1, 1, True)
    assert Example("q", one.code, "must be a number") in refused.value.examples
    assert Example("q", f"q.{one.code}", "must be a number") in refused.value.examples
    await redefine(conn, one, type="NUMBER", force=True)
    assert await content(conn, "p") == {one.code: plain("5")}
    assert (await content(conn, "q"), await sku_content(conn, "q")) == ({}, {})


@pytest.mark.parametrize(
    ("type", "value", "given"),
    [
        ("TEXT", "abc", {"validation": {"maxLength": 2}}),
        ("TEXT", "abc", {"validation": {"pattern": "[0-9]+"}}),
        ("NUMBER", 5, {"validation": {"max": 4}}),
        ("DATE", "2026-01-01", {"validation": {"min": "2026-01-02"}}),
        ("MEASUREMENT", {"amount": 5, "unit": "gram"}, {"unit_family": "length", "default_unit": "meter"}),
        ("MEASUREMENT", {"amount": 5, "unit": "gram"}, {"validation": {"units": ["kilogram"]}}),
        ("MONEY", {"amount": 5, "currency": "EUR"}, {"validation": {"currencies": ["USD"]}}),
    ],
)
async def test_what_stricter_rules_would_refuse_is_told(
    conn: WriteConn, type: str, value: Any, given: dict[str, Any]
) -> None:
    units = {"unit_family": "mass", "default_unit": "gram"} if type == "MEASUREMENT" else {}
    one = await make.an_attribute(conn, type=type, **units)
    await put(conn, "p", ValueInput(one.code, value))
    with pytest.raises(WouldBreak):
        await redefine(conn, one, **units | given)
    await redefine(conn, one, **units | given, force=True)
    assert await content(conn, "p") == {}


async def test_what_is_only_named_or_sorted_anew_looks_at_no_value(conn: WriteConn) -> None:
    one = await make.an_attribute(conn, validation={"maxLength": 5, "minLength": 2})
    await put(conn, "p", ValueInput(one.code, "abc"))
    for given in ({"labels": {"en": "X"}}, {"position": 7}, {"localizable": True}, {"scopable": True}):
        assert not converting.narrows(one, await redefine(conn, one, **given))


async def test_a_value_no_longer_by_locale_keeps_what_all_locales_say(conn: WriteConn) -> None:
    one = await make.an_attribute(conn, localizable=True)
    await put(conn, "p", ValueInput(one.code, "a", locale="de"), ValueInput(one.code, "a", locale="en"))
    await put(conn, "q", ValueInput(one.code, "a", locale="de"), ValueInput(one.code, "b", locale="en"))
    with pytest.raises(WouldBreak) as refused:
        await redefine(conn, one)
    assert [(x.code, x.path) for x in refused.value.examples] == [("q", f"{one.code}.de")]
    await redefine(conn, one, force=True)
    assert (await content(conn, "p"), await content(conn, "q")) == ({one.code: plain("a")}, {one.code: plain("b")})


async def test_values_that_several_have_keep_an_attribute_from_being_unique(conn: WriteConn) -> None:
    one = await make.an_attribute(conn)
    for code, value in (("p", "x"), ("q", "x"), ("r", "y")):
        await put(conn, code, ValueInput(one.code, value))
    with pytest.raises(WouldBreak) as refused:
        await redefine(conn, one, unique=True)
    assert [(x.code, x.reason) for x in refused.value.examples] == [("q", "is the value of p too")]
    await redefine(conn, one, unique=True, force=True)
    assert (await content(conn, "p"), await content(conn, "q")) == ({one.code: plain("x")}, {})
    given = ProductInput("s", values=(ValueInput(one.code, "y"),))
    assert isinstance((await catalog.save_products(conn, [given], actor="Ada")).results[0], Refused)
    await redefine(conn, one)
    assert isinstance((await catalog.save_products(conn, [given], actor="Ada")).results[0], Upserted)


async def test_a_select_becomes_a_reference_to_the_records_of_its_codes(conn: WriteConn) -> None:
    one = await make.an_attribute(conn, type="SELECT", options=["acme", "other"])
    for code, value in (("p", "acme"), ("q", "other")):
        await put(conn, code, ValueInput(one.code, value))
    await entities.save_entity(conn, code="brand", labels={})
    await entities.save_records(conn, entity="brand", records=[RecordInput("acme")])
    with pytest.raises(WouldBreak) as refused:
        await redefine(conn, one, type="REFERENCE", reference_entity="brand")
    assert [(x.code, x.reason) for x in refused.value.examples] == [("q", "there is no brand other")]
    await entities.save_records(conn, entity="brand", records=[RecordInput("other")])
    assert (await redefine(conn, one, type="REFERENCE", reference_entity="brand")).reference_entity == "brand"


async def family(conn: WriteConn, code: str, *, force: bool = False, **given: Any) -> Any:
    """A family defined anew; ``given`` are its attributes with their levels, and its ``axes``."""
    axes = given.pop("axes", ())
    attributes = [FamilyAttribute(name, level) for name, level in given.items()]
    return await operations.define_family(
        conn, code=code, labels={}, attributes=attributes, axes=axes, actor="Ada", force=force
    )


async def test_an_attribute_that_leaves_its_family_is_told_by_what_products_say(conn: WriteConn) -> None:
    for code in ("a", "b"):
        await make.an_attribute(conn, code=code)
    await family(conn, "f", a="PRODUCT", b="VARIANT")
    b = VariantInput("p", values=(ValueInput("b", "2"),))
    await put(conn, "p", ValueInput("a", "1"), family="f", variants=(b,))
    with pytest.raises(WouldBreak) as refused:
        await family(conn, "f")
    assert (refused.value.products, refused.value.variants) == (1, 1)
    assert refused.value.examples == (
        Example("p", "a", "is not in the family"),
        Example("p", "p.b", "is not in the family"),
    )
    await family(conn, "f", force=True)
    assert (await content(conn, "p"), await sku_content(conn, "p")) == ({}, {})


async def test_an_attribute_goes_down_to_the_variants_and_up_again_where_they_agree(conn: WriteConn) -> None:
    await make.an_attribute(conn, code="a")
    await make.an_attribute(conn, code="n")
    await family(conn, "f", a="PRODUCT", n="VARIANT", axes=["n"])
    variants = tuple(VariantInput(sku, values=(ValueInput("n", sku),)) for sku in ("p1", "p2"))
    await put(conn, "p", ValueInput("a", "1"), family="f", variants=variants)
    await family(conn, "f", a="VARIANT", n="VARIANT", axes=["n"])
    assert await content(conn, "p") == {}
    assert await sku_content(conn, "p2") == {"a": plain("1"), "n": plain("p2")}
    await family(conn, "f", a="PRODUCT", n="VARIANT", axes=["n"])
    assert await content(conn, "p") == {"a": plain("1")}
    await family(conn, "f", a="VARIANT", n="VARIANT", axes=["n"])
    await put(conn, "p", family="f", variants=(VariantInput("p1", values=(ValueInput("a", "2"),)),))
    with pytest.raises(WouldBreak) as refused:
        await family(conn, "f", a="PRODUCT", n="VARIANT", axes=["n"])
    assert (refused.value.products, refused.value.variants) == (0, 2)


async def test_axes_that_do_not_tell_variants_apart_are_refused_even_by_force(conn: WriteConn) -> None:
    for code in ("size", "color"):
        await make.an_attribute(conn, code=code, type="SELECT", options=["s", "m", "red"])
    await family(conn, "f", size="VARIANT", color="VARIANT", axes=["size"])
    variants = tuple(
        VariantInput(f"p-{size}", values=(ValueInput("size", size), ValueInput("color", "red"))) for size in "sm"
    )
    await put(conn, "p", family="f", variants=variants)
    for axes in (["color"], []):
        with pytest.raises(WouldBreak) as refused:
            await family(conn, "f", size="VARIANT", color="VARIANT", axes=axes, force=True)
        assert (refused.value.products, refused.value.forcible) == (1, False)
        assert [x.code for x in refused.value.examples] == ["p"]
    await family(conn, "f", size="VARIANT", color="VARIANT", axes=["size", "color"])
    found = await product_queries.variants_by_sku(conn, ["p-s"])
    assert found["p-s"].axes == {"size": "s", "color": "red"}


async def test_a_definition_that_makes_no_sense_is_refused_before_anything_is_looked_at(conn: WriteConn) -> None:
    one = await make.an_attribute(conn)
    with pytest.raises(InvalidInput):
        await redefine(conn, one, type="MEASUREMENT", force=True)
    assert (await attribute_queries.attributes_by_code(conn, [one.code]))[one.code].type == "TEXT"


async def test_many_products_follow_a_definition_by_a_task_that_goes_on_where_it_was(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "AT_ONCE", 2)
    async with db.write() as conn:
        one = await make.an_attribute(conn, code="a")
        for number in range(5):
            await put(conn, f"p{number}", ValueInput("a", f"{number}.0" if number else "none"))
    async with db.write() as conn:
        await redefine(conn, one, type="NUMBER", force=True)
    async with db.read() as reader:
        [task] = (await following.tasks_by_where(reader, [("attribute", "a")]))["attribute", "a"]
        assert (task.total, await content(reader, "p0")) == (5, {"a": plain("none")})

    async def once(*_: Any, **__: Any) -> Any:
        raise ConnectionResetError

    progress = tasks.progress
    monkeypatch.setattr(tasks, "progress", _then(progress, once))
    with pytest.raises(ConnectionResetError):
        await tasks.run(db, task.id, fitting.work)
    monkeypatch.setattr(tasks, "progress", progress)
    async with db.read() as reader:
        assert (await tasks.tasks_by_id(reader, [task.id]))[task.id].done == 2
    await tasks.run(db, task.id, fitting.work)
    async with db.read() as reader:
        done = (await tasks.tasks_by_id(reader, [task.id]))[task.id]
        assert (done.status, done.done) == ("DONE", 5)
        assert [await content(reader, f"p{number}") for number in range(2)] == [{}, {"a": plain("1")}]
        assert await following.tasks_by_where(reader, [("attribute", "a")]) == {}


def _then(first: Any, rest: Any) -> Any:
    """Does ``first`` once, then ``rest``."""
    left = [first]

    async def do(*args: Any, **given: Any) -> Any:
        return await (left.pop() if left else rest)(*args, **given)

    return do


async def test_what_is_found_otherwise_is_refreshed_by_a_task_where_it_is_much(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "AT_ONCE", 1)
    async with db.write() as conn:
        one = await make.an_attribute(conn, code="a", type="SELECT", options=["x"])
        channel = await make.a_channel(conn)
        for code in "pq":
            await put(conn, code, ValueInput("a", "x"))
        await listings.publish(conn, channel=channel.code, products=["p", "q"])
        await redefine(conn, one, filterable=True)
    shop = Shop(channel, channel.locales[0])
    async with db.read() as reader:
        [task] = (await following.tasks_by_where(reader, [("attribute", "a")]))["attribute", "a"]
        assert await counting.kept_counts(reader, shop, [("a", "x")]) == {}
    await tasks.run(db, task.id, refreshing.work)
    async with db.read() as reader:
        assert await counting.kept_counts(reader, shop, [("a", "x")]) == {("a", "x"): 2}
        assert (await tasks.tasks_by_id(reader, [task.id]))[task.id].status == "DONE"


async def test_what_is_of_another_type_is_found_by_it_though_no_value_changes(conn: WriteConn) -> None:
    one = await make.an_attribute(conn, code="a", filterable=True)
    channel = await make.a_channel(conn)
    for code, value in (("p", "5"), ("q", "30")):
        await put(conn, code, ValueInput("a", value))
    await listings.publish(conn, channel=channel.code, products=["p", "q"])
    await redefine(conn, one, type="NUMBER", filterable=True)
    large = ListingFilter(attributes=(AttributeFilter("a", min=Decimal(10)),))
    for given, count in ((large, 1), (ListingFilter(), 2)):
        query = await filters.resolve(conn, ListingQuery(Shop(channel, channel.locales[0]), given))
        assert (await counting.counts(conn, [query]))[query] == count
    assert [x.range for x in (await counting.facets(conn, [query]))[query]] == [Span(Decimal(5), Decimal(30))]


async def test_what_refers_to_records_from_now_on_is_found_by_their_labels(conn: WriteConn) -> None:
    one = await make.an_attribute(conn, code="by", type="SELECT", options=["b"], searchable=True)
    channel = await make.a_channel(conn)
    await put(conn, "p", ValueInput("by", "b"))
    await listings.publish(conn, channel=channel.code, products=["p"])
    await entities.save_entity(conn, code="brand", labels={})
    await entities.save_records(conn, entity="brand", records=[RecordInput("b", {"de": "Zebra"})])
    await redefine(conn, one, type="REFERENCE", reference_entity="brand", searchable=True)
    assert await found(conn, channel, "zebra") == 1


async def test_what_a_family_requires_anew_is_recounted(conn: WriteConn) -> None:
    channel = await make.a_channel(conn)
    await make.an_attribute(conn, code="a")
    await family(conn, "f", a="PRODUCT")
    await put(conn, "p", family="f")

    async def percent() -> int:
        product = (await product_queries.products_by_code(conn, ["p"]))["p"]
        key = product.id, channel.code, None
        return (await completeness.completeness_by_product(conn, [key]))[key][0].percent

    assert await percent() == 100
    required = [FamilyAttribute("a", "PRODUCT", (channel.code,))]
    await operations.define_family(conn, code="f", labels={}, attributes=required, actor="Ada")
    assert await percent() == 0


async def test_a_renamed_record_is_found_by_its_new_name(conn: WriteConn) -> None:
    await entities.save_entity(conn, code="brand", labels={})
    await name(conn, "Zebra")
    await make.an_attribute(conn, code="by", type="REFERENCE", reference_entity="brand", searchable=True)
    channel = await make.a_channel(conn)
    await put(conn, "p", ValueInput("by", "b"))
    await listings.publish(conn, channel=channel.code, products=["p"])

    assert (await found(conn, channel, "zebra"), await found(conn, channel, "giraffe")) == (1, 0)
    await name(conn, "Giraffe")
    assert (await found(conn, channel, "zebra"), await found(conn, channel, "giraffe")) == (0, 1)


async def test_who_names_a_record_as_it_was_while_it_is_renamed_has_it_found_so(db: Database) -> None:
    async with db.write() as conn:
        await entities.save_entity(conn, code="brand", labels={})
        await make.an_attribute(conn, code="by", type="REFERENCE", reference_entity="brand", searchable=True)
        channel = await make.a_channel(conn)
        await name(conn, "Zebra")
        await put(conn, "p", ValueInput("by", "b"))
        await listings.publish(conn, channel=channel.code, products=["p"])
    async with db.write() as conn:
        await name(conn, "Giraffe")
        again = asyncio.create_task(db.transact(lambda conn: name(conn, "Zebra")))
        await asyncio.sleep(0.2)
        assert not again.done()
    await again
    async with db.read() as reader:
        assert (await found(reader, channel, "zebra"), await found(reader, channel, "giraffe")) == (1, 0)


async def name(conn: WriteConn, label: str) -> None:
    """Call the record ``b`` of brand so in German."""
    await operations.save_records(conn, entity="brand", records=[RecordInput("b", {"de": label})], actor="Ada")


async def found(conn: ReadConn, channel: Channel, word: str) -> int:
    """How many listings of a channel have the word."""
    query = ListingQuery(Shop(channel, channel.locales[0]), ListingFilter(search=word), "RELEVANCE")
    resolved = await filters.resolve(conn, query)
    return (await counting.counts(conn, [resolved]))[resolved]


async def test_a_definition_is_told_of(conn: WriteConn) -> None:
    one = await operations.define_attribute(conn, code="told", type="TEXT", labels={}, actor="Ada")
    await family(conn, "told", told="PRODUCT")
    told = await conn.execute(text("SELECT event, entity FROM outbox WHERE payload ->> 'code' = 'told' ORDER BY id"))
    assert [row.event for row in told] == ["attribute.changed", "family.changed"]
    assert (await attribute_queries.attributes_by_id(conn, [one.id]))[one.id].code == "told"
