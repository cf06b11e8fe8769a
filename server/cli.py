"""The command line: each command gathers its arguments and calls one function."""

import asyncio
import signal
import sys
import uuid
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from server import (
    databases,
    demo_shop,
    doctoring,
    exporting,
    migrating,
    ports,
    reindexing,
    schema_file,
    serving,
    settings_page,
    tokens,
)
from server import settings as settings_
from server.errors import OperatorError
from server.importing import commands as import_commands

app = typer.Typer(
    name="entrepot",
    help="The open product-information and order hub.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


token_app = typer.Typer(help="The tokens that programs come in with.", no_args_is_help=True)
app.add_typer(token_app, name="token")
app.add_typer(import_commands.app, name="import")
app.add_typer(exporting.app, name="export")


@app.callback()
def entrepot(*, _debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False) -> None:
    """The open product-information and order hub."""


@app.command()
def serve() -> None:
    """Bring the database to this version and run the hub."""
    chosen = settings_.load()
    with databases.owned(chosen) as url:
        ports.refuse_taken(chosen.host, chosen.port)
        asyncio.run(migrating.migrate(url))
        where = f"{ports.address(chosen.host, chosen.port)}/graphiql"
        typer.echo(f"Entrepot is at {where}; `entrepot token create` makes a token for it")
        serving.serve(chosen, url)


@app.command()
def demo(
    *,
    scale: Annotated[
        int | None, typer.Option("--scale", min=1, max=10_000_000, help="Grow the shop to this many variants.")
    ] = None,
) -> None:
    """Run the hub on a shop with products, prices and stock, loaded when there is none."""
    chosen = settings_.load()
    with databases.owned(chosen) as url:
        ports.refuse_taken(chosen.host, chosen.port)
        asyncio.run(demo_shop.prepare(chosen, url, scale))
        serving.serve(chosen, url)


@app.command()
def migrate() -> None:
    """Bring the database to this version."""
    with databases.shared(settings_.load()) as url:
        asyncio.run(migrating.migrate(url))


@app.command()
def reindex() -> None:
    """Write anew by what the listings of every channel are found and sorted, as a new version may ask for."""
    chosen = settings_.load()
    with databases.shared(chosen) as url:
        asyncio.run(reindexing.reindex(chosen, url))


@app.command()
def schema(
    *, check: Annotated[bool, typer.Option("--check", help="Only say whether schema.graphql is current.")] = False
) -> None:
    """Write schema.graphql as the code has it."""
    schema_file.check() if check else schema_file.write()


@token_app.command("create")
def token_create(
    name: Annotated[str, typer.Argument(help="Who or what will use it.")],
    *,
    role: Annotated[str | None, typer.Option(help="One of web, marketplace, store, merchandiser, head_office.")] = None,
    permission: Annotated[list[str] | None, typer.Option(help="A permission such as stock:read; repeatable.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Only for this channel; repeatable.")] = None,
    location: Annotated[list[str] | None, typer.Option(help="Only for this location; repeatable.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Until when it is valid.")] = None,
) -> None:
    """Make a token and print it, this once."""
    with databases.shared(settings_.load()) as url:
        wanted = tokens.Wanted(name, role, permission or [], channel, location, days)
        sys.stdout.write(asyncio.run(tokens.create(url, wanted)) + "\n")


@token_app.command("list")
def token_list() -> None:
    """Show the tokens in force, without their secrets."""
    with databases.shared(settings_.load()) as url:
        Console(width=None if sys.stdout.isatty() else 240).print(asyncio.run(tokens.table(url)))


@token_app.command("revoke")
def token_revoke(token: Annotated[uuid.UUID, typer.Argument(help="The id that `token list` shows.")]) -> None:
    """End a token."""
    with databases.shared(settings_.load()) as url:
        asyncio.run(tokens.revoke(url, token))


@app.command()
def settings(
    *, markdown: Annotated[bool, typer.Option("--markdown", help="Print the page docs/settings.md.")] = False
) -> None:
    """Show every setting and the value in force."""
    if markdown:
        sys.stdout.write(settings_page.markdown())
    else:
        Console().print(settings_page.table(settings_.load()))


@app.command()
def doctor() -> None:
    """Look for whatever would keep Entrepot from running here."""
    findings = doctoring.examine(settings_.load())
    for finding in findings:
        Console(highlight=False).print("[green]✓[/]" if finding.well else "[red]✗[/]", finding.text, soft_wrap=True)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; what an operator can mend is one line and exit status 1."""
    signal.signal(signal.SIGTERM, _end)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup sets it
        signal.signal(signal.SIGHUP, _end)
    try:
        app()
    except OperatorError as error:
        if "--debug" in sys.argv:
            raise
        _refuse(str(error))
    except Exception as bug:
        if "--debug" in sys.argv:
            raise
        _refuse(f"unexpected {type(bug).__name__}: {bug} (entrepot --debug … shows where)")


def _end(number: int, _frame: object) -> NoReturn:
    """Leave by way of every ``finally``, so that the embedded PostgreSQL stops too."""
    sys.exit(128 + number)


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"entrepot: {' '.join(message.split())}\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
