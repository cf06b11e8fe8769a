"""The commands below ``entrepot import``."""

from pathlib import Path
from typing import Annotated

import typer

from server import settings
from server.errors import OperatorError
from server.importing import files, running

STATUS = "Exit status: 0 when every row went in, 1 when a file cannot be read, 3 when rows were refused."
Problems = Annotated[
    Path | None, typer.Option("--problems", help="Write every problem to this CSV file.", show_default=False)
]

app = typer.Typer(
    help=f"Load files of other systems; loading them again changes nothing. {STATUS}", no_args_is_help=True
)


@app.command(epilog=STATUS)
def akeneo(
    folder: Annotated[Path, typer.Argument(help="Folder with categories.csv, products.csv and so on.")],
    *,
    problems: Problems = None,
) -> None:
    """Load the CSV export of an Akeneo PIM: channels, categories, attributes, families and products with prices."""
    if not folder.is_dir():
        raise OperatorError(f"there is no folder {folder}")
    if not (folder / "categories.csv").exists():
        raise OperatorError(f"{folder} is no Akeneo export: categories.csv is missing")
    raise typer.Exit(running.akeneo(settings.load(), folder, problems=problems))


@app.command(epilog=STATUS)
def locations(
    file: Annotated[Path, typer.Argument(help="JSON array of stores in the form of Best Buy's open data.")],
    *,
    problems: Problems = None,
) -> None:
    """Load stores with their addresses, coordinates and opening hours."""
    if not file.is_file():
        raise OperatorError(f"there is no file {file}")
    raise typer.Exit(running.locations(settings.load(), file, problems=problems))


Mapping = Annotated[str | None, typer.Option("--mapping", help="A saved mapping, or a ready one.", show_default=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would happen, and change nothing.")]


@app.command(epilog=STATUS)
def products(
    file: Annotated[Path, typer.Argument(help="A table in CSV or XLSX, or JSON lines; CSV and JSON may be gzipped.")],
    *,
    mapping: Mapping = None,
    dry_run: DryRun = False,
    problems: Problems = None,
) -> None:
    """Load products from a table: the native layout, that of Akeneo, or whatever a mapping says."""
    wanted = files.Wanted("PRODUCTS", [_there(file)], mapping, None, dry_run)
    raise typer.Exit(files.bring(settings.load(), wanted, problems=problems))


@app.command(epilog=STATUS)
def categories(
    file: Annotated[list[Path], typer.Argument(help="Google's product taxonomy with ids, a file for each locale.")],
    *,
    mapping: Mapping = None,
    locale: Annotated[
        str | None, typer.Option(help="That of the names, where a file's name does not say it.", show_default=False)
    ] = None,
    dry_run: DryRun = False,
    problems: Problems = None,
) -> None:
    """Load categories with their names in some locales."""
    wanted = files.Wanted("CATEGORIES", [_there(one) for one in file], mapping, locale, dry_run)
    raise typer.Exit(files.bring(settings.load(), wanted, problems=problems))


def _there(file: Path) -> Path:
    if not file.is_file():
        raise OperatorError(f"there is no file {file}")
    return file
