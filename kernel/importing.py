"""What an import tells: every row's outcome, and each problem with its line, column and reason."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

CREATED, CHANGED, UNCHANGED, REFUSED = OUTCOMES = ("created", "changed", "unchanged", "refused")

Progress = Callable[[str, int, int], None]
"""Called with a file's name, how many of its rows are settled, and how many it has."""


def silent(_file: str, _done: int, _rows: int) -> None:
    """A progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a row; lines count from 1, the header's.

    Where ``refused`` is false the row went in, but for what the message names.
    """

    file: str
    line: int
    column: str | None
    code: str | None
    message: str
    refused: bool = True


@dataclass(slots=True)
class Tally:
    """How many rows of a file had which outcome."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        return self.created + self.changed + self.unchanged + self.refused

    def count(self, outcome: str, rows: int = 1) -> None:
        setattr(self, outcome, getattr(self, outcome) + rows)


@dataclass(slots=True)
class Report:
    files: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    problems: list[Problem] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return sum(one.refused for one in self.files.values())

    def add(self, outcomes: Iterable[tuple[str, str]], problems: Iterable[Problem]) -> None:
        """Count each (file, outcome) of one row and keep the problems."""
        for file, outcome in outcomes:
            self.files[file].count(outcome)
        self.problems += problems


def outcome_of(before: object | None, after: object) -> str:
    """What became of a row whose thing was ``before`` and is ``after``."""
    if before is None:
        return CREATED
    return UNCHANGED if before == after else CHANGED
