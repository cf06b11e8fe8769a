"""What an edit of many products says to one of them, as an input like any other. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pim.channels import locales
from pim.products.model import ProductInput, ValueInput, VariantInput
from pim.products.restoring import Restoring
from pim.products.states import State

from .model import ADD, CLEAR, REMOVE, SET, Below, Edit

Key = tuple[str | None, str, str, str]  # sku or the product itself, attribute, channel, locale
Levels = Mapping[str, str] | None


def edited(state: State, edits: Sequence[Edit], levels: Levels, below: Below) -> Restoring:
    """The input that does ``edits`` to a product, one after the other; ``levels`` are those of its family."""
    values: dict[Key, Any] = {}
    categories = state.categories
    links: dict[str, tuple[str, ...]] = {}
    for one in edits:
        if one.attribute is not None:
            _value(state, one, levels, values)
        elif one.category is not None:
            categories = _categories(categories, one, below)
        elif one.association is not None:
            kept = links.get(one.association, state.associations.get(one.association, ()))
            links[one.association] = tuple(_listed(kept, one, state.code))
    return _input(state, values, None if categories == state.categories else categories, links)


def _value(state: State, one: Edit, levels: Levels, values: dict[Key, Any]) -> None:
    attribute, channel, locale = one.attribute or "", one.channel or locales.ANY, one.locale or locales.ANY
    if one.action in (SET, ADD):
        on_variants = (levels or {}).get(attribute) == "VARIANT"
        for sku in state.variants if on_variants else (None,):
            key = (sku, attribute, channel, locale)
            kept = _held(state, key, values) or ()
            values[key] = one.value if one.action == SET else list(_listed(kept, one, None))
        return
    for sku in (None, *state.variants):
        key = (sku, attribute, channel, locale)
        held = _held(state, key, values)
        if held is not None:
            left = () if one.action == CLEAR else tuple(_listed(held, one, None))
            values[key] = list(left) or None


def _held(state: State, key: Key, values: Mapping[Key, Any]) -> Any:
    if key in values:
        return values[key]
    sku, attribute, channel, locale = key
    content = state.content if sku is None else state.variants[sku].content
    return content.get(attribute, {}).get(channel, {}).get(locale)


def _listed(kept: Iterable[str], one: Edit, itself: str | None) -> Iterator[str]:
    """A list after the edit, each thing in it once; a product is not linked to ``itself``."""
    match one.action:
        case "ADD":
            found: Iterable[str] = dict.fromkeys((*kept, *one.value))
        case "REMOVE":
            found = (code for code in kept if code not in one.value)
        case "SET":
            found = dict.fromkeys(one.value)
        case _:
            found = ()
    yield from (code for code in found if code != itself)


def _categories(kept: tuple[str, ...], one: Edit, below: Below) -> tuple[str, ...]:
    code = one.category or ""
    if one.action == SET:
        return (code,)
    if one.action == ADD:
        return kept if code in kept else (*kept, code)
    gone = {code} if one.action == REMOVE else below.get(code, frozenset()) | {code}
    return tuple(other for other in kept if other not in gone)


def _input(
    state: State, values: Mapping[Key, Any], categories: tuple[str, ...] | None, links: Mapping[str, tuple[str, ...]]
) -> Restoring:
    names: dict[str, str] = {}
    own = tuple(_given(values, None, "values", "values", names))
    variants = list[VariantInput]()
    for sku in state.variants:
        place = len(variants)
        mine = tuple(_given(values, sku, f"variants.{place}.values", f"variants.{sku}.values", names))
        if mine:
            names[f"variants.{place}"] = f"variants.{sku}"
            variants.append(VariantInput(sku, values=mine))
    given = ProductInput(state.code, None, categories, own, tuple(variants), links or None)
    return Restoring(given, names)


def _given(
    values: Mapping[Key, Any], of: str | None, path: str, shown: str, names: dict[str, str]
) -> Iterator[ValueInput]:
    place = 0
    for (sku, attribute, channel, locale), value in values.items():
        if sku == of:
            names[f"{path}.{place}"] = f"{shown}.{attribute}.{channel}.{locale}"
            place += 1
            yield ValueInput(
                attribute,
                value,
                None if channel == locales.ANY else channel,
                None if locale == locales.ANY else locale,
            )
