"""What products show, in which order, and what may be forgotten."""

import asyncio
import uuid

import pytest

from kernel.db import Database, WriteConn
from kernel.errors import NotFound
from pim.catalog import showing
from pim.channels import locales
from pim.media import operations, queries
from pim.media.model import MediaInUse
from pim.products import queries as product_queries
from pim.products.model import ValueInput, VariantInput
from tests import make


async def shown(conn: WriteConn, product_id: uuid.UUID, variant_id: uuid.UUID | None = None) -> list[uuid.UUID]:
    key = (locales.ANY, product_id, variant_id)
    return [one.id for one in (await queries.media_by_variant(conn, [key]))[key]]


async def test_files_are_attached_in_the_order_given_and_a_variants_own_stay_its_own(conn: WriteConn) -> None:
    one = await make.a_product(conn, variants=(VariantInput("red"),))
    red = (await product_queries.variants_by_sku(conn, ["red"]))["red"].id
    first, second, third = [await make.a_picture(conn) for _ in range(3)]
    await operations.attach(conn, {one.id: [first, second]})
    await showing.show_media(conn, second, product=None, variant="red", actor="Ada")

    await operations.attach(conn, {one.id: [third, second, first, third]})

    assert await shown(conn, one.id) == [third, second, first]
    assert await shown(conn, one.id, red) == [second]
    await operations.attach(conn, {one.id: [first]})
    assert await shown(conn, one.id, red) == [first]
    await operations.attach(conn, {one.id: []})
    assert await shown(conn, one.id) == []


async def test_a_file_that_a_value_holds_is_not_forgotten(conn: WriteConn) -> None:
    await make.an_attribute(conn, code="manual_page", type="MEDIA")
    family = await make.a_family(conn, "manual_page")
    held, free = await make.a_picture(conn), await make.a_picture(conn)
    await make.a_product(conn, family=family.code, values=(ValueInput("manual_page", str(held)),))

    with pytest.raises(MediaInUse) as refused:
        await showing.delete_media(conn, held)

    assert refused.value.products == 1
    await showing.delete_media(conn, free)
    with pytest.raises(NotFound):
        await showing.delete_media(conn, free)


async def test_a_file_is_forgotten_or_shown_and_never_half_of_each(db: Database) -> None:
    async with db.write() as conn:
        one = await make.a_product(conn)
        files = [await make.a_picture(conn) for _ in range(12)]

    async def forget(media_id: uuid.UUID) -> bool:
        try:
            await db.transact(lambda conn: showing.delete_media(conn, media_id))
        except MediaInUse:
            return False
        return True

    async def show(media_id: uuid.UUID) -> bool:
        try:
            await db.transact(
                lambda conn: showing.show_media(conn, media_id, product=one.code, variant=None, actor="Ada")
            )
        except NotFound:
            return False
        return True

    for media_id in files:
        gone, is_shown = await asyncio.gather(forget(media_id), show(media_id))
        async with db.write() as conn:
            there = media_id in await shown(conn, one.id)
        assert (gone, is_shown, there) in {(True, False, False), (False, True, True)}
