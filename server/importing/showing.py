"""How an import shows its progress and its outcome."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from kernel.importing import OUTCOMES, Problem, Progress, Report
from server.errors import OperatorError

MOST_SHOWN = 20  # problems shown; the file of problems holds them all


@contextmanager
def watched(console: Console) -> Iterator[Progress]:
    """A bar for each file, for as long as the import runs."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(file: str, done: int, rows: int) -> None:
            if rows and file not in tasks:
                tasks[file] = bars.add_task(escape(file), total=rows)
            if file in tasks:
                bars.update(tasks[file], completed=done)

        yield progress


def show(report: Report, console: Console) -> None:
    """The rows of each file by outcome, then the first problems of each kind of severity."""
    table = Table("file", "rows", *OUTCOMES)
    for column in table.columns[1:]:
        column.justify = "right"
    for file, tally in report.files.items():
        table.add_row(escape(file), *(f"{n:,}" for n in (tally.rows, *(getattr(tally, o) for o in OUTCOMES))))
    console.print(table)
    _problems("refused", [one for one in report.problems if one.refused], console)
    _problems("worth a look, went in otherwise", [one for one in report.problems if not one.refused], console)


def _problems(title: str, problems: Sequence[Problem], console: Console) -> None:
    if not problems:
        return
    console.print(f"\n[bold]{len(problems):,} {title}[/]")
    shown = 0
    for _, alike in groupby(sorted(problems, key=_kind), key=_kind):  # of many alike, a few
        some = list(alike)
        for one in some[: max(1, MOST_SHOWN // 4)]:
            if shown < MOST_SHOWN or one.refused:
                _line(one, console)
                shown += 1
    if shown < len(problems):
        console.print(f"  and {len(problems) - shown:,} more; --problems FILE writes them all")


def _kind(one: Problem) -> tuple[str, str, str]:
    return one.file, one.column or "", "" if one.refused else one.message.rpartition(" ")[2]


def _line(one: Problem, console: Console) -> None:
    place = f"{one.file}:{one.line}" + (f" {one.column}" if one.column else "")
    of = f" ({one.code})" if one.code else ""
    console.print(f"  [cyan]{escape(place)}[/]{escape(of)} {escape(one.message)}", highlight=False, soft_wrap=True)


def write(report: Report, path: Path) -> None:
    """Every problem, a row each. Raises OperatorError where the file cannot be written."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(field.name for field in fields(Problem))
            writer.writerows(astuple(one) for one in report.problems)
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror}") from None
