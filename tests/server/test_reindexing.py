import pytest
from sqlalchemy import text

from kernel.db import Database
from oms.offers import jobs
from server import reindexing
from server.settings import Settings
from tests.oms.test_offers import PRODUCTS, a_shop

LISTED = text("SELECT count(*) FROM search_document")


async def test_reindexing_writes_the_documents_of_every_channel_anew(
    db: Database, url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CHUNK", 2)
    async with db.write() as conn:
        await a_shop(conn)
        await conn.execute(text("DELETE FROM search_document"))
        await conn.execute(text("UPDATE listing_text SET name = 'wrong'"))
    await reindexing.reindex(Settings(), url)
    async with db.read() as conn:
        assert (await conn.execute(LISTED)).scalar_one() == 2 * PRODUCTS
        assert set((await conn.execute(text("SELECT name FROM listing_text"))).scalars()) == {"Lantern"}
    assert f"{PRODUCTS}/{PRODUCTS}" in capsys.readouterr().err
