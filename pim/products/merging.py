"""What a product becomes when an input is laid over it. Pure: the state and the catalog in, the next state out."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from stdnum import ean
from stdnum.exceptions import ValidationError

from kernel import codes
from kernel.errors import InvalidInput
from pim.attributes import values
from pim.attributes.model import Attribute
from pim.channels import locales
from pim.channels.model import Channel
from pim.families.model import Family

from .model import Content, Problem, ProductInput, ValueInput, VariantInput

MOST_VARIANTS = 2_000


@dataclass(frozen=True, slots=True)
class Catalog:
    """What products are made of, as far as an input names it."""

    attributes: Mapping[str, Attribute]
    options: Mapping[str, Mapping[str, Any]]
    families: Mapping[str, Family]
    categories: Mapping[str, Any]
    channels: Mapping[str, Channel]


@dataclass(slots=True)
class VariantState:
    sku: str
    gtin: str | None = None
    content: Content = field(default_factory=dict)
    axes: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """Everything an upsert may change of a product."""

    code: str
    family: str | None = None
    content: Content = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    variants: dict[str, VariantState] = field(default_factory=dict)
    associations: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def contents(self) -> list[Content]:
        return [self.content, *(one.content for one in self.variants.values())]


def merge(before: State, given: ProductInput, catalog: Catalog) -> tuple[State, list[Problem]]:
    """The next state, and what is wrong with ``given``: with a problem the state is not to be used."""
    after, problems = deepcopy(before), list[Problem]()
    try:
        codes.check(given.code, path="code")
    except InvalidInput as refused:
        problems.append(Problem(refused.path, refused.problem))
    if given.family is not None and given.family not in catalog.families:
        problems.append(Problem("family", f"there is no family {given.family}"))
    after.family = given.family if given.family is not None else before.family
    family = catalog.families.get(after.family or "")
    if given.categories is not None:
        problems += [
            Problem(f"categories.{place}", f"there is no category {code}")
            for place, code in enumerate(given.categories)
            if code not in catalog.categories
        ]
        after.categories = tuple(dict.fromkeys(given.categories))
    if given.associations is not None:
        laid = after.associations | {kind: tuple(dict.fromkeys(found)) for kind, found in given.associations.items()}
        after.associations = {kind: found for kind, found in laid.items() if found}
    level = _levels(family)
    problems += _lay(after.content, given.values, catalog, level, "PRODUCT", "values")
    for place, variant in enumerate(given.variants):
        problems += _variant(after, variant, catalog, level, f"variants.{place}")
    paths = {variant.sku: f"variants.{place}" for place, variant in enumerate(given.variants)}
    problems += _axes(after, family, paths)
    problems += _twice(after, paths)
    if len(after.variants) > MOST_VARIANTS:
        problems.append(Problem("variants", f"must not be more than {MOST_VARIANTS}"))
    return after, problems


def _levels(family: Family | None) -> Mapping[str, str] | None:
    """Where each attribute of the family lives; None where there is no family to say."""
    return {one.attribute: one.level for one in family.attributes} if family else None


def _variant(
    after: State, given: VariantInput, catalog: Catalog, level: Mapping[str, str] | None, path: str
) -> Iterable[Problem]:
    try:
        codes.sku(given.sku, path=f"{path}.sku")
    except InvalidInput as refused:
        yield Problem(refused.path, refused.problem)
        return
    state = after.variants.setdefault(given.sku, VariantState(given.sku))
    if given.gtin is not None:
        state.gtin = given.gtin or None
        if problem := gtin_problem(given.gtin):
            yield Problem(f"{path}.gtin", problem)
    yield from _lay(state.content, given.values, catalog, level, "VARIANT", f"{path}.values")


def gtin_problem(gtin: str) -> str | None:
    """Why ``gtin`` is no GTIN-8, -12, -13 or -14 (GS1 General Specifications 7.9), or None; empty clears."""
    if not gtin:
        return None
    if not gtin.isascii() or not gtin.isdigit():
        return f"{gtin[:20]!r} is not of digits"
    try:
        ean.validate(gtin)
    except ValidationError:
        return f"{gtin[:20]} is no GTIN: its length or its check digit is wrong"
    return None


def _lay(
    content: Content,
    given: Iterable[ValueInput],
    catalog: Catalog,
    levels: Mapping[str, str] | None,
    level: str,
    path: str,
) -> Iterable[Problem]:
    for place, value in enumerate(given):
        at = f"{path}.{place}"
        attribute = catalog.attributes.get(value.attribute)
        if attribute is None:
            yield Problem(at, f"there is no attribute {value.attribute}")
            continue
        try:
            _set(content, attribute, value, catalog, levels, level)
        except values.Unfit as unfit:
            yield Problem(at, f"{value.attribute} {unfit}")


def _set(
    content: Content,
    attribute: Attribute,
    value: ValueInput,
    catalog: Catalog,
    levels: Mapping[str, str] | None,
    level: str,
) -> None:
    if levels is not None and attribute.code not in levels:
        raise values.Unfit("is not in the product's family")
    if levels is not None and levels[attribute.code] != level:
        raise values.Unfit(f"belongs to the {levels[attribute.code].lower()}")
    channel, locale = _scope(attribute, value, catalog)
    if value.value is None:
        by_channel = content.get(attribute.code, {})
        by_channel.get(channel, {}).pop(locale, None)
        if not by_channel.get(channel):
            by_channel.pop(channel, None)
        if not by_channel:
            content.pop(attribute.code, None)
        return
    cleaned = values.clean(attribute, value.value, catalog.options.get(attribute.code, ()))
    content.setdefault(attribute.code, {}).setdefault(channel, {})[locale] = cleaned


def _scope(attribute: Attribute, value: ValueInput, catalog: Catalog) -> tuple[str, str]:
    channel, locale = value.channel or locales.ANY, locales.ANY
    if value.channel is not None and not attribute.scopable:
        raise values.Unfit("is the same on every channel")
    if value.channel is not None and value.channel not in catalog.channels:
        raise values.Unfit(f"there is no channel {value.channel}")
    if value.locale is not None and not attribute.localizable:
        raise values.Unfit("is the same in every locale")
    if value.locale is not None:
        try:
            locale = locales.normal(value.locale)
        except InvalidInput as refused:
            raise values.Unfit(refused.problem) from None
    return channel, locale


def _twice(after: State, paths: Mapping[str, str]) -> Iterable[Problem]:
    owners: dict[str, str] = {}
    for sku in sorted(after.variants, key=lambda sku: sku in paths):  # whoever had it before keeps it
        gtin = after.variants[sku].gtin
        if gtin and owners.setdefault(gtin, sku) != sku:
            yield Problem(f"{paths.get(sku, 'variants')}.gtin", f"{gtin} is given to {owners[gtin]} too")


def _axes(after: State, family: Family | None, paths: Mapping[str, str]) -> Iterable[Problem]:
    """Repeat each variant's axis values, which tell the variants of one product apart."""
    seen: dict[tuple[tuple[str, str], ...], str] = {}
    for sku, state in after.variants.items():
        state.axes = {
            axis: axis_key(found)
            for axis in (family.axes if family else ())
            if (found := state.content.get(axis, {}).get(locales.ANY, {}).get(locales.ANY)) is not None
        }
        key = tuple(sorted(state.axes.items()))
        if key in seen:
            yield Problem(paths.get(sku, "variants"), f"{seen[key]} and {sku} have the same axis values")
        seen[key] = sku


def axis_key(stored: Any) -> str:
    """How a value of an axis is written where only a text can stand."""
    if isinstance(stored, dict):
        return f"{stored['amount']} {stored['unit']}"
    return str(stored).lower() if isinstance(stored, bool) else str(stored)
