"""The commands below ``entrepot export``."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from kernel.db import Database
from kernel.errors import DomainError
from pim.catalog.model import ProductFilter
from pim.exports import reading, working
from pim.exports.model import Selection, Written
from server import databases, migrating, settings
from server.errors import OperatorError
from server.settings import Settings

app = typer.Typer(help="Write files that the import takes back.", no_args_is_help=True)


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


@app.command()
def products(
    file: Annotated[Path, typer.Argument(help="File to write; one that is there is replaced.")],
    *,
    format: Annotated[Format | None, typer.Option(help="By default what the file's name ends in.")] = None,
    family: Annotated[str | None, typer.Option(help="Only products of this family.")] = None,
    category: Annotated[str | None, typer.Option(help="Only products in this category or below it.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Only values of this channel; repeatable.")] = None,
    locale: Annotated[list[str] | None, typer.Option(help="Only values in this locale; repeatable.")] = None,
    attribute: Annotated[list[str] | None, typer.Option(help="Only this attribute; repeatable.")] = None,
) -> None:
    """Write products with their variants as CSV, XLSX or JSONL."""
    suffix = file.suffix.lstrip(".").lower()
    if format is None and suffix not in set(Format):
        raise OperatorError(f"{file.name} ends in none of .csv, .xlsx and .jsonl; --format says which it is to be")
    if not file.parent.is_dir():
        raise OperatorError(f"there is no folder {file.parent}")
    chosen = [tuple(some) if some else None for some in (channel, locale, attribute)]
    selection = Selection(ProductFilter(family=family, category=category), *chosen)
    written = run(settings.load(), file, format or Format(suffix), selection, Console(stderr=True))
    typer.echo(f"{written.products} products in {written.rows} rows are in {file}")
    if written.left_out:
        typer.echo(f"{written.left_out} values that it cannot hold were left out, first {written.first_left_out}")


def run(chosen: Settings, file: Path, format: Format, selection: Selection, console: Console) -> Written:
    """Write the file, which appears when it is whole. Raises OperatorError."""
    with databases.shared(chosen) as url:
        try:
            return asyncio.run(_written(chosen, url, file, format, selection, console))
        except DomainError as refused:
            raise OperatorError(str(refused)) from None


async def _written(
    chosen: Settings, url: str, file: Path, format: Format, selection: Selection, console: Console
) -> Written:
    await migrating.migrate(url)
    db = Database(url, readers=1, writers=1, write_seconds=chosen.statement_timeout_seconds)
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console)
    part = file.with_name(f".{file.name}.part")
    try:
        async with db.read() as conn:
            checked = await reading.checked(conn, selection)
        with bar:
            shown = bar.add_task("products", total=None)

            async def told(done: int, total: int) -> None:
                bar.update(shown, completed=done, total=total)

            written = await working.write(db, checked, format.name, part, told=told)
        part.replace(file)
        return written
    finally:
        part.unlink(missing_ok=True)
        await db.close()
