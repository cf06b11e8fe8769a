"""The command line: each command gathers its arguments and calls one function."""

import signal
import sys
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from server import doctoring, settings_page
from server import settings as settings_
from server.errors import OperatorError

app = typer.Typer(
    name="entrepot",
    help="The open product-information and order hub.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def entrepot(*, _debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False) -> None:
    """The open product-information and order hub."""


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
