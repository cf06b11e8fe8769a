"""Associations that go both ways: what is linked there is linked back here. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from .merging import MOST_LINKS
from .states import State

Pair = tuple[str, str, str]  # kind, from, to


def touched(before: State, after: State, kinds: Collection[str]) -> tuple[list[Pair], list[Pair]]:
    """The links of these kinds that are new, and those that are gone."""
    new, gone = list[Pair](), list[Pair]()
    for kind in kinds:
        old, now = before.associations.get(kind, ()), after.associations.get(kind, ())
        new += [(kind, after.code, target) for target in now if target not in old]
        gone += [(kind, after.code, target) for target in old if target not in now]
    return new, gone


def mirrored(states: Mapping[str, State], new: Collection[Pair], gone: Collection[Pair]) -> dict[str, State]:
    """Those of ``states`` that change for each link to have its counterpart, and each lost one to have lost it.

    A link that one side makes while the other gives it up is made. A product that has 500 links takes no more.
    """
    found = dict(states)
    for kind, source, target in gone:
        if target in found and (kind, target, source) not in new:
            left = tuple(one for one in found[target].associations.get(kind, ()) if one != source)
            found[target] = _with(found[target], kind, left)
    for kind, source, target in _both(new):
        links = found[source].associations.get(kind, ()) if source in found else (target,)
        if target not in links and len(links) < MOST_LINKS:
            found[source] = _with(found[source], kind, (*links, target))
    return {code: state for code, state in found.items() if state.associations != states[code].associations}


def _both(pairs: Collection[Pair]) -> Iterator[Pair]:
    for kind, source, target in pairs:
        yield kind, source, target
        yield kind, target, source


def _with(state: State, kind: str, targets: tuple[str, ...]) -> State:
    laid = dict(state.associations) | {kind: targets}
    return replace(state, associations={kind: found for kind, found in laid.items() if found})
