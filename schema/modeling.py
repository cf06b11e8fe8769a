"""What changes of the model answer when they would take something away."""

from collections.abc import Callable
from typing import Any

import strawberry

from pim.modeling import following, model

from .errors import Error
from .fields import loads, mirrors
from .tasks import Task


@strawberry.type
@mirrors(model.Example)
class BrokenValue:
    code: str
    path: str
    reason: str


@strawberry.type(description="What cannot be kept. Nothing was changed; `force` takes it away, where that can be.")
class WouldBreak(Error):
    products: int
    variants: int
    examples: list[BrokenValue]
    forcible: bool


def work(kind: str) -> Any:
    """The field ``tasks`` of an attribute, a family or a category."""
    return loads(
        list[Task],
        following.tasks_by_where,
        by=_where(kind),
        otherwise=(),
        description="Work under way that brings products in line with what was changed here.",
    )


def _where(kind: str) -> Callable[[Any], tuple[str, str]]:
    def key(root: Any) -> tuple[str, str]:
        return kind, root.code

    return key
