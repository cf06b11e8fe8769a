"""``python -m bench plans``: the statements behind the hot documents, each with its plan and what it took."""

import asyncio
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bench import running
from bench.running import Shop
from kernel.db import Database
from kernel.feed import Feed
from kernel.files import Files
from pim.media.store import Store
from schema.context import Context
from server.demo.people import LOADER
from server.graphql import engine
from server.graphql.limits import Limits
from tests import contract

DOCUMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "page": ("ListingPage", {}),
    "category page": ("ListingPage", {"filter": {"category": "clothing"}}),
    "attribute": ("ListingPage", {"filter": {"attributes": [{"code": "color", "values": ["steel"]}]}}),
    "search": ("ListingPage", {"filter": {"search": "rain amrum"}}),
    "in stock": ("ListingPage", {"filter": {"inStock": True}}),
    "price": ("ListingPage", {"filter": {"price": {"min": "20", "max": "60"}}}),
    "detail": ("ListingDetail", {"slug": "kuppelzelt-fjord-2"}),
    "offers": ("OffersBySku", {}),
    "sync": ("SyncOffers", {"first": 500}),
}
SKUS = "SELECT sku FROM variant ORDER BY md5(sku) LIMIT 100"
Seen = tuple[str, Sequence[Any]]


def show(of: Shop) -> None:
    """Run each document in this process, and explain every statement it ran."""
    asyncio.run(_show(of, Console(highlight=False, soft_wrap=True)))


async def _show(of: Shop, console: Console) -> None:
    skus = [row["sku"] for row in await running.rows(of, SKUS)]
    db = Database(of.url, readers=4, writers=1)
    seen: list[Seen] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(db.reader.sync_engine, "before_cursor_execute", note)
    for title, (name, given) in DOCUMENTS.items():
        variables = {"channel": "web", "locale": "en", "first": 24, "skus": skus} | given
        context = Context(db, Feed(db), LOADER, Store(Files.in_folder(running.FOLDER / "media")))
        prepared = engine.prepare(engine.Request(contract.text(name), variables), Limits())
        seen.clear()
        told = await engine.execute(prepared, context)
        if "errors" in told:
            raise RuntimeError(told["errors"])
        ran = list(seen)
        console.rule(f"{title}: {len(ran)} statements")
        async with db.reader.connect() as conn:
            for statement, parameters in ran:
                console.print("\n".join(line for line in statement.splitlines() if line.strip()), style="dim")
                for line in await _plan(conn, statement, parameters):
                    console.print(line, markup=False)
                console.print()
    await db.close()


async def _plan(conn: AsyncConnection, statement: str, parameters: Sequence[Any]) -> list[str]:
    explained = f"EXPLAIN (ANALYZE, BUFFERS) {statement}"
    try:
        found = await conn.exec_driver_sql(explained, tuple(parameters))
    except Exception as error:  # noqa: BLE001 -- what cannot be explained is no plan to look at
        await conn.execute(text("SELECT 1"))
        return [repr(error)]
    return [row[0] for row in found]
