import asyncio
import uuid
from dataclasses import replace
from typing import Any

import pytest

from kernel.db import Database, WriteConn
from kernel.errors import InvalidInput, NotFound
from pim.catalog import operations as catalog
from pim.catalog import records
from pim.entities import operations as entities
from pim.entities import queries
from pim.entities.model import RecordInput, RecordInUse, RecordValue, RefusedRecord, SavedRecord
from pim.listings import queries as listing_queries
from pim.listings.model import Shop
from pim.media import operations as media
from pim.media.model import Media
from pim.media.store import Kept
from pim.products import queries as product_queries
from pim.products import reading
from pim.products.model import ProductInput, Refused, Upserted, ValueInput, VariantInput
from tests import make


async def a_file(conn: WriteConn, **given: Any) -> Media:
    kept = Kept(uuid.uuid4().hex * 2, "image/png", "IMAGE", 100, "a.png", 1, 1)
    return await media.add(conn, replace(kept, **given), alt={})


async def brands(conn: WriteConn, *codes: str) -> None:
    """The entity ``brand`` with these records, which a searchable attribute ``brand`` refers to."""
    await entities.save_entity(conn, code="brand", labels={"en": "Brand"})
    records = [RecordInput(code, {"en": code.title()}) for code in codes]
    await entities.save_records(conn, entity="brand", records=records)
    await make.an_attribute(
        conn, code="brand", type="REFERENCE", reference_entity="brand", searchable=True, filterable=True
    )


async def put(conn: WriteConn, code: str, *values: ValueInput) -> Any:
    saved = await catalog.save_products(
        conn, [ProductInput(code, values=values, variants=(VariantInput(code),))], actor="Ada"
    )
    return saved.results[0]


async def test_records_have_values_by_channel_and_locale(conn: WriteConn) -> None:
    shop = await make.a_channel(conn)
    story = await make.an_attribute(conn, localizable=True, scopable=True)
    since = await make.an_attribute(conn, type="DATE")
    kind = await entities.save_entity(
        conn, code="designer", labels={"de": "Designer"}, attributes=[story.code, since.code]
    )
    assert kind.attributes == (story.code, since.code)
    given = RecordInput(
        "ada", {"de": "Ada"},
        (RecordValue(story.code, "Es war", shop.code, "de_AT"), RecordValue(since.code, "2020-01-01")),
    )  # fmt: skip
    saved = await entities.save_records(conn, entity="designer", records=[given])
    assert [(one.created, one.changed) for one in saved.results if isinstance(one, SavedRecord)] == [(True, True)]
    again = await entities.save_records(conn, entity="designer", records=[given])
    assert [(one.created, one.changed) for one in again.results if isinstance(one, SavedRecord)] == [(False, False)]
    cleared = RecordInput("ada", values=(RecordValue(since.code, None),))
    await entities.save_records(conn, entity="designer", records=[cleared])
    [one] = (await queries.records_by_code(conn, [("designer", "ada")])).values()
    assert one.content == {story.code: {shop.code: {"de-AT": "Es war"}}}
    assert one.labels == {"de": "Ada"}
    [shown] = (await reading.values_by_record(conn, [one.id]))[one.id]
    assert (shown.attribute.code, shown.locale, shown.display) == (story.code, "de-AT", "Es war")


async def test_a_record_with_a_problem_is_refused_and_the_others_go_in(conn: WriteConn) -> None:
    size = await make.an_attribute(conn, type="NUMBER", validation={"max": 5})
    await entities.save_entity(conn, code="thing", labels={}, attributes=[size.code])
    wrong = [
        RecordInput("a b"),
        RecordInput("high", values=(RecordValue(size.code, 6),)),
        RecordInput("scoped", values=(RecordValue(size.code, 5, locale="de"),)),
        RecordInput("odd", values=(RecordValue("no such", 5),)),
    ]
    saved = await entities.save_records(conn, entity="thing", records=[*wrong, RecordInput("fine")])
    paths = [one.problems[0].path for one in saved.results if isinstance(one, RefusedRecord)]
    assert paths == ["code", "values.0", "values.0", "values.0"]
    assert isinstance(saved.results[-1], SavedRecord)
    with pytest.raises(NotFound):
        await entities.save_records(conn, entity="nothing", records=[])
    with pytest.raises(InvalidInput):
        await entities.save_records(conn, entity="thing", records=[RecordInput("a")] * 501)


@pytest.mark.parametrize("given", [{"code": "a b"}, {"code": "Product"}, {"attributes": ["none"]}])
async def test_what_is_no_entity_is_refused(conn: WriteConn, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        await entities.save_entity(conn, **{"code": "thing", "labels": {}} | given)


async def test_an_attribute_refers_to_an_entity_that_there_is(conn: WriteConn) -> None:
    with pytest.raises(InvalidInput, match="there is no reference entity"):
        await make.an_attribute(conn, type="REFERENCE", reference_entity="nothing")
    with pytest.raises(InvalidInput, match="has none"):
        await make.an_attribute(conn, type="TEXT", reference_entity="nothing")


async def test_products_refer_to_records_that_there_are(conn: WriteConn) -> None:
    await brands(conn, "acme")
    assert isinstance(await put(conn, "p", ValueInput("brand", "acme")), Upserted)
    refused = await put(conn, "q", ValueInput("brand", "nobody"))
    assert isinstance(refused, Refused)
    assert [(one.path, one.message) for one in refused.problems] == [("values.0", "brand there is no brand nobody")]
    product = (await product_queries.products_by_code(conn, ["p"]))["p"]
    [shown] = (await reading.values_by_product(conn, [product.id]))[product.id]
    assert shown.display == "Acme"


async def test_products_refer_to_products_those_beside_them_included(conn: WriteConn) -> None:
    await make.an_attribute(conn, code="fits", type="REFERENCE")
    inputs = [
        ProductInput("a", values=(ValueInput("fits", "b"),)),
        ProductInput("b"),
        ProductInput("c", values=(ValueInput("fits", "d"),)),
    ]
    saved = await catalog.save_products(conn, inputs, actor="Ada")
    assert [isinstance(one, Upserted) for one in saved.results] == [True, True, False]


async def test_media_values_are_files_that_there_are_and_fit(conn: WriteConn) -> None:
    picture, large = await a_file(conn), await a_file(conn, bytes=5_000)
    await make.an_attribute(conn, code="logo", type="MEDIA", validation={"extensions": ["png"], "maxBytes": 1_000})
    await make.an_attribute(conn, code="manual", type="MEDIA", validation={"extensions": ["pdf"]})
    for given in (str(picture.id), picture.digest):
        assert isinstance(await put(conn, "p", ValueInput("logo", given)), Upserted)
        product = (await product_queries.products_by_code(conn, ["p"]))["p"]
        assert product.content["logo"] == {"*": {"*": str(picture.id)}}
    for wrong in ("logo.png", str(large.id), "f" * 64, str(uuid.uuid4())):
        assert isinstance(await put(conn, "p", ValueInput("logo", wrong)), Refused)
    assert isinstance(await put(conn, "p", ValueInput("manual", str(picture.id))), Refused)
    [shown] = (await reading.values_by_product(conn, [product.id]))[product.id]
    assert shown.display == picture.url


async def test_a_record_in_use_is_not_deleted(conn: WriteConn) -> None:
    await brands(conn, "acme", "free", "owner")
    await entities.save_entity(conn, code="brand", labels={}, attributes=["brand"])
    await entities.save_records(
        conn, entity="brand", records=[RecordInput("owner", None, (RecordValue("brand", "acme"),))]
    )
    for code in ("p", "q"):
        await put(conn, code, ValueInput("brand", "acme"))
    with pytest.raises(RecordInUse) as refused:
        await records.delete(conn, entity="brand", codes=["free", "acme"])
    assert vars(refused.value) == {"code": "acme", "products": 2, "variants": 0, "records": 1}
    assert (await records.delete(conn, entity="brand", codes=["free"])).count == 1
    with pytest.raises(NotFound):
        await records.delete(conn, entity="brand", codes=["free"])


async def test_two_who_save_the_same_new_record_at_once_both_succeed(db: Database) -> None:
    async with db.write() as conn:
        await entities.save_entity(conn, code="brand", labels={})

    async def save(label: str) -> Any:
        return await db.transact(
            lambda conn: entities.save_records(conn, entity="brand", records=[RecordInput("acme", {"en": label})])
        )

    await asyncio.gather(*(save(f"Acme {n}") for n in range(4)))
    async with db.read() as reader:
        assert len(await queries.records_by_code(reader, [("brand", "acme")])) == 1


async def test_a_shop_shows_a_reference_by_its_label(conn: WriteConn) -> None:
    await brands(conn, "acme")
    await put(conn, "p", ValueInput("brand", "acme"))
    product = (await product_queries.products_by_code(conn, ["p"]))["p"]
    shop = Shop(await make.a_channel(conn), "en")
    content = (await listing_queries.content_by_listing(conn, [(shop, product.id)]))[shop, product.id]
    assert [(one.attribute.code, one.display) for one in content.attributes] == [("brand", "Acme")]
