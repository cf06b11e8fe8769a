"""Whether an input made from an older revision would undo what others did since. Pure."""

from collections.abc import Iterator, Sequence

from . import states
from .model import Problem
from .revisions import MOST_SINCE, Told
from .states import State


def conflicts(
    base: int, revision: int, before: State, start: State, after: State, since: Sequence[Told]
) -> Iterator[Problem]:
    """Every place that both the input and others changed to something different.

    ``before`` is the product at ``revision``; the input, made from ``base``, makes ``after`` of ``start``. ``since`` is
    what happened after ``base``, the newest first.
    """
    if base == revision:
        return
    if base > revision or base < 0:
        yield Problem("baseRevision", f"there is no revision {base}; the newest is {revision}")
    elif base == 0:
        yield Problem("baseRevision", f"the product is there already, at revision {revision}")
    elif revision - base > MOST_SINCE:
        yield Problem("baseRevision", f"is more than {MOST_SINCE} revisions old")
    else:
        told = [one for one in since if one.number > base]
        now = states.facts(before)
        then = states.unwound(now, [one.changes for one in told])
        mine = {one.path for one in states.diff(states.facts(start), states.facts(after))}
        for path in sorted(mine):
            if then.get(path) != now.get(path):
                last = next(one for one in told if any(change.path == path for change in one.changes))
                yield Problem(".".join(path), f"was changed by {last.actor} in revision {last.number}")
