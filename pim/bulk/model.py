import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from kernel.tasks import Task
from pim.products.model import Change

SET, ADD, REMOVE, CLEAR = ACTIONS = ("SET", "ADD", "REMOVE", "CLEAR")
EDIT, UNDO = "bulk.edit", "bulk.undo"


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing to do to every product, to one attribute, one category or one kind of association.

    A value of an attribute is set, cleared, or as far as it is a multi-select, gets options or loses them, at exactly
    one scope: ``channel`` and ``locale`` of None stand for all of them. CLEAR takes a product out of the category and
    of all below it. ``value`` is what the attribute takes; for options of a multi-select and codes of products it is
    one of them or a list.
    """

    action: str
    attribute: str | None = None
    category: str | None = None
    association: str | None = None
    value: Any = None
    channel: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class BulkEdit(Task):
    """An edit of many products, or the undoing of one; counts are of products."""

    @classmethod
    def of(cls, task: Task) -> "BulkEdit":
        return cls(**{one.name: getattr(task, one.name) for one in fields(task)})

    @property
    def changed(self) -> int:
        return self.counts.get("changed", 0)

    @property
    def refused(self) -> int:
        return self.counts.get("refused", 0)

    @property
    def edits(self) -> Any:
        return self.given.get("edits")

    @property
    def undoes(self) -> uuid.UUID | None:
        undone = self.given.get("undoes")
        return uuid.UUID(undone) if undone else None


@dataclass(frozen=True, slots=True)
class BulkProblem:
    """What kept a product as it was, and where in the product."""

    number: int
    code: str
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class PreviewedProduct:
    code: str
    changes: tuple[Change, ...] = ()
    problems: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """How many products an edit is for, and what it would do to the first of them by code."""

    matched: int
    products: tuple[PreviewedProduct, ...]

    @property
    def sampled(self) -> int:
        return len(self.products)

    @property
    def changing(self) -> int:
        return sum(bool(one.changes) for one in self.products)

    @property
    def refused(self) -> int:
        return sum(bool(one.problems) for one in self.products)


Below = Mapping[str, frozenset[str]]  # each category that is cleared, with all below it
