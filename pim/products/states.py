"""All that a merchandiser can change of a product, as one value; how two such values differ, and the way back. Pure."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pim.attributes import scoping

from .model import BUNDLE, Change, Content, Path

Facts = dict[Path, Any]  # what is said of a product, by where it is said; nothing in it is None


@dataclass(frozen=True, slots=True)
class VariantState:
    """``axes`` repeats the values by which the variants of a product differ; ``content`` and the family say them."""

    sku: str
    gtin: str | None = None
    content: Content = field(default_factory=dict)
    axes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """``components`` are skus with quantities, ``slugs`` are by locale. Never changed in place: states share parts."""

    code: str
    family: str | None = None
    content: Content = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    variants: Mapping[str, VariantState] = field(default_factory=dict)
    associations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    components: tuple[tuple[str, int], ...] = ()
    media: tuple[uuid.UUID, ...] = ()
    slugs: Mapping[str, str] = field(default_factory=dict)

    @property
    def contents(self) -> list[Content]:
        return [self.content, *(one.content for one in self.variants.values())]


def facts(state: State) -> Facts:
    """Everything the state says, in plain JSON values."""
    found: Facts = {}
    if state.family:
        found["family",] = state.family
    if state.categories:
        found["categories",] = list(state.categories)
    found |= {("values", *place): stored for place, stored in scoping.flat(state.content)}
    for place, (sku, one) in enumerate(state.variants.items()):
        found["variants", sku, "position"] = place
        if one.gtin:
            found["variants", sku, "gtin"] = one.gtin
        found |= {("variants", sku, "values", *place): stored for place, stored in scoping.flat(one.content)}
    for kind, codes in state.associations.items():
        found["associations", kind] = list(codes)
    if state.components:
        found["associations", BUNDLE] = [{"sku": sku, "quantity": count} for sku, count in state.components]
    if state.media:
        found["media",] = [str(one) for one in state.media]
    for locale, slug in state.slugs.items():
        found["slugs", locale] = slug
    return found


def state_of(code: str, said: Facts) -> State:
    """The state that says ``said``: ``facts`` backwards. Axes are left to who knows the family."""
    places = {path[1]: place for path, place in said.items() if path[0] == "variants" and path[-1] == "position"}
    content: Content = {}
    contents: dict[str, Content] = {sku: {} for sku in sorted(places, key=places.__getitem__)}
    for path, stored in said.items():
        match path:
            case ("values", attribute, channel, locale):
                content.setdefault(attribute, {}).setdefault(channel, {})[locale] = stored
            case ("variants", sku, "values", attribute, channel, locale):
                contents[sku].setdefault(attribute, {}).setdefault(channel, {})[locale] = stored
    bundle = said.get(("associations", BUNDLE), [])
    return State(
        code,
        said.get(("family",)),
        content,
        tuple(said.get(("categories",), ())),
        {sku: VariantState(sku, said.get(("variants", sku, "gtin")), held) for sku, held in contents.items()},
        {path[1]: tuple(codes) for path, codes in said.items() if path[0] == "associations" and path[1] != BUNDLE},
        tuple((one["sku"], one["quantity"]) for one in bundle),
        tuple(uuid.UUID(one) for one in said.get(("media",), ())),
        {path[1]: slug for path, slug in said.items() if path[0] == "slugs"},
    )


def diff(before: Facts, after: Facts) -> list[Change]:
    """What makes ``after`` of ``before``, by path."""
    return [
        Change(path, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def apply(said: Facts, changes: Iterable[Change]) -> Facts:
    """What is said once ``changes`` are made."""
    return _put(said, {one.path: one.after for one in changes})


def undo(said: Facts, changes: Iterable[Change]) -> Facts:
    """What was said before ``changes`` were made."""
    return _put(said, {one.path: one.before for one in changes})


def _put(said: Facts, new: Facts) -> Facts:
    return {path: stored for path, stored in (said | new).items() if stored is not None}


def unwound(said: Facts, revisions: Iterable[Sequence[Change]]) -> Facts:
    """What was said before all of ``revisions``, the newest of them first."""
    for changes in revisions:
        said = undo(said, changes)
    return said


def dump(changes: Iterable[Change]) -> list[Any]:
    """How changes are kept."""
    return [[one.path, one.before, one.after] for one in changes]


def read(kept: Iterable[Any]) -> list[Change]:
    return [Change(tuple(path), before, after) for path, before, after in kept]
