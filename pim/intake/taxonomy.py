"""Brings in Google's product taxonomy: ``<id> - <level 1> > <level 2> > …`` a line, its names in one locale.

The ids are the codes of the categories. What is above a category is told by the path of names only, and each such path
is a line of its own; ids are the same in all locales, but no locale has them all.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kernel.db import ReadConn, WriteConn
from kernel.errors import InvalidInput
from kernel.imports import staging
from kernel.imports.mapping import Document, Format
from kernel.imports.model import Asked, Importer, Keyed, Outcome, Plan, Problem, Row
from kernel.tasks import Task
from pim.categories import trees
from pim.categories.trees import CategoryInput
from pim.channels import locales

CATEGORIES = "CATEGORIES"
LINE = re.compile(r"(\d{1,18}) - (\S.*)")
BETWEEN = " > "
NAMED_FOR = re.compile(r"\.([a-z]{2,3}[-_][A-Z]{2})\.")


@dataclass(frozen=True, slots=True)
class TaxonomyPlan:
    locale: str
    problems: Sequence[Problem] = ()
    marks: Sequence[str] = ("id", "path")
    passes: int = 1

    def key(self, cells: list[str]) -> Keyed:
        number, path = _parsed(cells[0])
        return Keyed(path, (number, path))

    async def merge(self, conn: WriteConn, groups: Mapping[str, Sequence[Row]], *, task: Task, turn: int) -> Outcome:  # noqa: ARG002 -- there is one
        above = {path: path.rpartition(BETWEEN)[0] for path in groups}
        parents = await staging.first_by_key(conn, task.id, {path for path in above.values() if path})
        outcome, given, lines = Outcome(), list[CategoryInput](), list[int]()
        if task.given["dry_run"]:  # what earlier chunks made is gone
            await trees.save_many(conn, await self._ancestors(conn, task, above.values(), groups))
        for path, rows in groups.items():
            number, _ = _parsed(rows[0].cells[0])
            parent = parents.get(above[path])
            if above[path] and parent is None:
                told = f"there is no line {above[path][:100]}"
                outcome.problems.append(Problem(rows[0].line, "path", "INVALID", told))
                continue
            code = _parsed(parent.cells[0])[0] if parent else None
            given.append(CategoryInput(number, code, {self.locale: path.rpartition(BETWEEN)[2]}))
            lines.append(rows[0].line)
        for line, became in zip(lines, await trees.save_many(conn, given), strict=True):
            if isinstance(became, InvalidInput):
                outcome.problems.append(Problem(line, became.path, "INVALID", became.problem))
            else:
                outcome.counts[became] += 1
        outcome.counts["refused"] += len(outcome.problems)
        return outcome

    async def _ancestors(
        self, conn: ReadConn, task: Task, paths: Iterable[str], groups: Container[str]
    ) -> list[CategoryInput]:
        """What stands above these paths, but for what is among ``groups`` itself."""
        parts = {tuple(path.split(BETWEEN)) for path in paths if path}
        wanted = {BETWEEN.join(one[:size]) for one in parts for size in range(1, len(one) + 1)}
        found = await staging.first_by_key(conn, task.id, wanted)
        numbers = {path: _parsed(row.cells[0])[0] for path, row in found.items()}
        return [
            CategoryInput(numbers[path], numbers.get(path.rpartition(BETWEEN)[0]), {self.locale: path})
            for path in sorted(numbers)
            if path not in groups
        ]


def _parsed(line: str) -> tuple[str, str]:
    found = LINE.fullmatch(line)
    if found is None:
        raise InvalidInput("", "is not in the form `<id> - <level 1> > <level 2>`")
    return found[1], BETWEEN.join(part.strip() for part in found[2].split(">"))


async def plan(_conn: ReadConn, asked: Asked) -> Plan:
    """Raises InvalidInput where nothing says in which locale the names are."""
    told = asked.options.get("locale")
    named = NAMED_FOR.search(f".{asked.name}")
    if not told and named is None:
        raise InvalidInput("locale", "must be given: the file's name does not say it, as in taxonomy.de-DE.txt")
    return TaxonomyPlan(locales.normal(str(told or (named[1] if named else ""))))


IMPORTER = Importer(
    CATEGORIES,
    plan,
    {"google-taxonomy": Document(layout="google-taxonomy", format=Format(type="lines", comment="#"))},
    "google-taxonomy",
)
