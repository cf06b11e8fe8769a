"""Preparing the demo: a migrated database, a shop in it, tokens to use it with, and a word on how to begin."""

from pathlib import Path

from rich.console import Console

from kernel.db import Database
from pim.media.store import Store
from server import migrating, ports, stores
from server.demo import loading, people, scaling
from server.settings import Settings

QUERY = (
    '{ shop(channel: "web", locale: "en") { listings(first: 3) { edges { node { name offers { sku'
    " price { current { amount currency } } availability { status quantity } } } } } } }"
)
SUBSCRIPTION = "subscription { stockChanged { cursor reason level { sku onHand available location { code } } } }"


async def prepare(settings: Settings, url: str, scale: int | None) -> None:
    """Migrate, load the shop when there is none, grow it to ``scale`` variants, and print how to use it."""
    await migrating.migrate(url)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False)
    db = Database(url, write_seconds=600)
    try:
        with console.status("Loading the demo shop"):
            await loading.load_when_empty(db, Store(stores.files(settings)))
        if scale is not None:
            await scaling.grow(db, scale)
        tokens = await people.tokens(db, settings.data_dir)
    finally:
        await db.close()
    console.print(_words(settings, tokens), soft_wrap=True)


def _words(settings: Settings, tokens: dict[str, str]) -> str:
    address = ports.address(settings.host, settings.port)
    width = max(len(one.name) for one in people.PEOPLE.values())
    return "\n".join(
        [
            f"GraphiQL  {address}/graphiql",
            f"signed in {address}/graphiql#token={tokens['head_office']}",
            "",
            *(f"{people.PEOPLE[role].name:<{width}}  {secret}" for role, secret in tokens.items()),
            f"(also in {Path(settings.data_dir) / people.FILE})",
            "",
            f"Try       {QUERY}",
            f"and       {SUBSCRIPTION}",
        ]
    )
