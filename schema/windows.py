"""Windows as clients give them: who takes a ``Window`` has the four arguments of Relay in the schema."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from kernel.paging import Window

ARGUMENTS: Mapping[str, Any] = {"first": int | None, "after": str | None, "last": int | None, "before": str | None}


def spread(parameters: Iterable[inspect.Parameter]) -> list[inspect.Parameter]:
    """These parameters as arguments of a field."""
    found: list[inspect.Parameter] = []
    for one in parameters:
        if one.annotation is Window:
            found += [one.replace(name=name, annotation=kind, default=None) for name, kind in ARGUMENTS.items()]
        else:
            found.append(one)
    return found


def gathered(parameters: Iterable[inspect.Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a client gave, as these parameters take it.

    The size of a window's default serves where a client names none. Raises InvalidInput.
    """
    return {
        one.name: _window(one.default, given) if one.annotation is Window else given[one.name]
        for one in parameters
        if one.annotation is Window or one.name in given
    }


def _window(default: Any, given: Mapping[str, Any]) -> Window:
    first, after, last, before = (given.get(name) for name in ARGUMENTS)
    if first is None and last is None and isinstance(default, Window):
        first = default.size
    return Window.of(first, after, last, before)
