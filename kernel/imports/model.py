import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kernel.db import ReadConn, WriteConn
from kernel.errors import DomainError
from kernel.tasks import Task

from .mapping import Document

JOB = "import"

MOST_BYTES = 2 * 2**30  # of a file as text, once it is unpacked
MOST_ROWS = 5_000_000
MOST_COLUMNS = 2_000
LONGEST_CELL = 100_000  # characters
LONGEST_LINE = 4_000_000
SHOWN = 100  # characters of something wrong that a message repeats


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row; lines count from 1, the header's. The row was refused, but for what is of line 1."""

    line: int
    column: str | None
    code: str
    message: str


@dataclass
class Unreadable(DomainError):
    """The file cannot be read: {problem}."""

    problem: str


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    key: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Keyed:
    """What a row is of, and those of its cells that no other row of the file may share, empty where it has none."""

    key: str
    marks: tuple[str, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What became of some rows: how many were created, updated and refused, and why."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


class Plan(Protocol):
    """How the rows of one file go in."""

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong with the file's header."""

    @property
    def marks(self) -> Sequence[str]:
        """The names of the columns that ``key`` tells marks of."""

    @property
    def passes(self) -> int:
        """How often all rows are gone through: once, or again for what points from row to row."""

    def key(self, cells: list[str]) -> Keyed:
        """What a row is of. Raises InvalidInput, of a column, where the row cannot say."""

    async def merge(self, conn: WriteConn, groups: Mapping[str, Sequence[Row]], *, task: Task, turn: int) -> Outcome:
        """Make true what the rows of each key say. Rows that say nothing new change nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an importer is told of a file: its columns, None where each row is a JSON document."""

    columns: tuple[str, ...] | None
    document: Document
    name: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Importer:
    """What a slice registers: how files of one kind go in, and the mappings that it brings along."""

    kind: str
    plan: Callable[[ReadConn, Asked], Awaitable[Plan]]
    ready: Mapping[str, Document]
    default: str


@dataclass(frozen=True, slots=True)
class Import(Task):
    """A task that brings in a file. Rows are counted; ``total`` is known once the file is read."""

    @property
    def created(self) -> int:
        return self.counts.get("created", 0)

    @property
    def updated(self) -> int:
        return self.counts.get("updated", 0)

    @property
    def refused(self) -> int:
        return self.counts.get("refused", 0)

    @property
    def dry_run(self) -> bool:
        return bool(self.given["dry_run"])

    @property
    def import_kind(self) -> str:
        return str(self.given["kind"])

    @property
    def file_name(self) -> str:
        return str(self.given["name"])


@dataclass(frozen=True, slots=True)
class SavedMapping:
    name: str
    kind: str
    document: dict[str, Any]
    saved_by: str


@dataclass(frozen=True, slots=True)
class KeptProblem:
    """A problem as it is read again."""

    task_id: uuid.UUID
    line: int
    column: str | None
    code: str
    message: str
