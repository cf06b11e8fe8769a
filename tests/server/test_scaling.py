from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url, text
from stdnum import ean

from kernel.db import Database, ReadConn, WriteConn
from kernel.files import Files
from oms.stock import operations as stock
from oms.stock import queries as stock_queries
from pim.listings import operations as listings
from pim.media.store import Store
from server.demo import loading, scaling

VARIANTS = 700


@pytest.fixture(scope="module")
async def grown(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """The demo shop, grown twice; its tests leave it as it is."""
    server = await asyncpg.connect(server_url.replace("postgresql+asyncpg", "postgresql"))
    await server.execute(f'CREATE DATABASE grown TEMPLATE "{template}" STRATEGY FILE_COPY')
    db = Database(make_url(server_url).set(database="grown").render_as_string(), readers=2, writers=2)
    await loading.load_when_empty(db, Store(Files.in_folder(tmp_path_factory.mktemp("media"))))
    await scaling.grow(db, 400)
    await scaling.grow(db, VARIANTS)
    yield db
    await db.close()
    await server.execute("DROP DATABASE grown WITH (FORCE)")
    await server.close()


@pytest.fixture
async def conn(grown: Database) -> AsyncIterator[WriteConn]:
    async with grown.writer.connect() as connection:
        yield WriteConn(ReadConn(connection))
        await connection.rollback()


async def rows(conn: ReadConn, statement: str, **given: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await conn.execute(text(statement), given)]


GROWN = r"SELECT id FROM product WHERE code ~ '\.[0-9]+$' ORDER BY id"


async def test_there_are_as_many_variants_as_asked_for(conn: WriteConn) -> None:
    assert await rows(conn, "SELECT count(*) FROM variant") == [(VARIANTS,)]


@pytest.mark.parametrize("variants", [0, 500, VARIANTS])
async def test_growing_to_what_is_there_or_less_does_nothing(grown: Database, variants: int) -> None:
    count = "SELECT (SELECT count(*) FROM product), (SELECT count(*) FROM variant), (SELECT count(*) FROM outbox)"
    async with grown.read() as conn:
        before = await rows(conn, count)
    await scaling.grow(grown, variants)
    async with grown.read() as conn:
        assert await rows(conn, count) == before


async def test_every_level_is_the_sum_of_its_ledger(conn: WriteConn) -> None:
    assert await stock_queries.off_the_ledger(conn) == []


async def test_counters_are_what_a_recount_finds(conn: WriteConn) -> None:
    counted = "SELECT id, count FROM listing_term WHERE count <> 0 ORDER BY 1"
    recounted = """
        SELECT b.term_id, count(*) FROM listing_by_term b JOIN listing l ON l.id = b.listing_id AND l.shown
        GROUP BY 1 ORDER BY 1
    """
    assert await rows(conn, counted) == await rows(conn, recounted)


async def test_refreshing_a_grown_product_changes_nothing(conn: WriteConn) -> None:
    products = [key for (key,) in await rows(conn, GROWN)]
    tables = (
        *("listing", "listing_term", "listing_by_term", "listing_text"),
        *("search_document", "search_word", "completeness", "outbox"),
    )
    seen = "SELECT * FROM {0} t ORDER BY CAST(t AS text)"
    before = {table: await rows(conn, seen.format(table)) for table in tables}
    await listings.refresh(conn, products)
    await stock.tell_listings(conn, products)
    for table in tables:
        assert await rows(conn, seen.format(table)) == before[table], table


async def test_followers_hear_of_every_product_and_every_level(conn: WriteConn) -> None:
    unheard = """
        SELECT 'Product:' || id FROM product UNION ALL
        SELECT 'StockLevel:' || variant_id || ':' || location_id FROM stock_level
            WHERE (available, safety_stock) <> (0, 0)
        EXCEPT SELECT entity FROM outbox WHERE bulk
    """
    assert await rows(conn, unheard) == []


async def test_what_is_told_of_a_level_is_the_level(conn: WriteConn) -> None:
    wrong = """
        SELECT s.* FROM stock_level s JOIN outbox o ON o.entity = 'StockLevel:' || s.variant_id || ':' || s.location_id
        WHERE (s.on_hand, s.available, s.safety_stock) <> (CAST(o.payload #>> '{level,onHand}' AS int),
            CAST(o.payload #>> '{level,available}' AS int), CAST(o.payload #>> '{level,safetyStock}' AS int))
    """
    assert await rows(conn, wrong) == []


async def test_gtins_have_their_check_digit_and_one_variant_each(conn: WriteConn) -> None:
    gtins = [gtin for (gtin,) in await rows(conn, "SELECT gtin FROM variant WHERE gtin IS NOT NULL")]
    assert all(ean.is_valid(gtin) and gtin[0] == "2" for gtin in gtins)
    assert len(set(gtins)) == len(gtins)


async def test_no_reference_is_broken(conn: WriteConn) -> None:
    keys = await rows(conn, "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f'")
    for table, name in keys:
        await conn.execute(text(f'ALTER TABLE "{table}" ALTER CONSTRAINT "{name}" NOT ENFORCED'))
        await conn.execute(text(f'ALTER TABLE "{table}" ALTER CONSTRAINT "{name}" ENFORCED'))  # checks every row
