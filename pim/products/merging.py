"""What a product becomes when an input is laid over it. Pure: the state and the catalog in, the next state out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kernel import codes
from kernel.errors import InvalidInput
from pim.attributes import scoping, values
from pim.attributes.model import Attribute
from pim.channels import locales
from pim.families.model import Family

from . import gtins
from .catalogs import Catalog
from .model import BOUGHT_TOGETHER, BUNDLE, Content, Problem, ProductInput, ValueInput, VariantInput
from .states import State, VariantState

MOST_VARIANTS = 2_000
MOST_LINKS = 500  # of one kind, and components and media
MOST_QUANTITY = 1_000_000
LONGEST_SLUG = 200
_SLUG = re.compile(rf"(?=.{{1,{LONGEST_SLUG}}}$)[a-z0-9]+(?:-[a-z0-9]+)*")

Levels = Mapping[str, str] | None


def merge(before: State, given: ProductInput, catalog: Catalog) -> tuple[State, list[Problem]]:
    """The next state, and what is wrong with ``given``: with a problem the state is not to be used."""
    problems = list(_outer_problems(given, catalog))
    known = given.family == "" or given.family in catalog.families
    code = (given.family or None) if known else before.family
    family, levels = catalog.families.get(code or ""), catalog.levels.get(code or "")
    content = _laid(before.content, given.values, catalog, levels, "PRODUCT", "values", problems)
    variants = before.variants
    if given.variants or code != before.family:
        variants = _variants(before, given.variants, catalog, family, levels, problems)
    after = State(
        before.code,
        code,
        content,
        before.categories if given.categories is None else tuple(dict.fromkeys(given.categories)),
        variants,
        _linked(before, given, problems),
        before.components if given.components is None else _components(given.components, problems),
        before.media if given.media is None else tuple(dict.fromkeys(given.media)),
        _slugs(before.slugs, given.slugs or {}, problems),
    )
    return after, problems


def _outer_problems(given: ProductInput, catalog: Catalog) -> Iterator[Problem]:
    try:
        codes.check(given.code, path="code")
    except InvalidInput as refused:
        yield Problem(refused.path, refused.problem)
    if given.family and given.family not in catalog.families:
        yield Problem("family", f"there is no family {given.family[:100]}")
    for place, code in enumerate(given.categories or ()):
        if code not in catalog.categories:
            yield Problem(f"categories.{place}", f"there is no category {code[:100]}")
    if len(given.media or ()) > MOST_LINKS:
        yield Problem("media", f"must not be more than {MOST_LINKS}")


def _variants(
    before: State,
    given: Sequence[VariantInput],
    catalog: Catalog,
    family: Family | None,
    levels: Levels,
    problems: list[Problem],
) -> Mapping[str, VariantState]:
    after = dict(before.variants)
    for place, variant in enumerate(given):
        _variant(after, variant, catalog, levels, f"variants.{place}", problems)
    paths = {variant.sku: f"variants.{place}" for place, variant in enumerate(given)}
    stale = after if family is None or family.code != before.family else paths.keys() & after.keys()
    for sku in stale:
        after[sku] = replace(after[sku], axes=_axes(after[sku].content, family))
    problems += _alike(after, paths)
    problems += _twice(after, paths)
    if len(after) > MOST_VARIANTS:
        problems.append(Problem("variants", f"must not be more than {MOST_VARIANTS}"))
    return after


def _variant(
    after: dict[str, VariantState],
    given: VariantInput,
    catalog: Catalog,
    levels: Levels,
    path: str,
    problems: list[Problem],
) -> None:
    try:
        codes.sku(given.sku, path=f"{path}.sku")
    except InvalidInput as refused:
        problems.append(Problem(refused.path, refused.problem))
        return
    state = after.get(given.sku) or VariantState(given.sku)
    gtin = state.gtin
    if given.gtin is not None:
        try:
            gtin = gtins.clean(given.gtin) if given.gtin else None
        except values.Unfit as unfit:
            problems.append(Problem(f"{path}.gtin", str(unfit)))
    content = _laid(state.content, given.values, catalog, levels, "VARIANT", f"{path}.values", problems)
    after[given.sku] = VariantState(given.sku, gtin, content, state.axes)


def _laid(
    content: Content,
    given: Sequence[ValueInput],
    catalog: Catalog,
    levels: Levels,
    level: str,
    path: str,
    problems: list[Problem],
) -> Content:
    """``content`` with the given values, sharing with it what they leave alone."""
    if not given:
        return content
    laid = dict(content)
    own = set[str]()
    for place, value in enumerate(given):
        attribute = catalog.attributes.get(value.attribute)
        if attribute is None:
            problems.append(Problem(f"{path}.{place}", f"there is no attribute {value.attribute[:100]}"))
            continue
        if attribute.code not in own:
            own.add(attribute.code)
            laid[attribute.code] = {scope: dict(by) for scope, by in content.get(attribute.code, {}).items()}
        try:
            _set(laid[attribute.code], attribute, value, catalog, levels, level)
        except values.Unfit as unfit:
            problems.append(Problem(f"{path}.{place}", f"{attribute.code} {unfit}"))
    for code in own:
        if not laid[code]:
            del laid[code]
    return laid


def _set(
    scoped: dict[str, dict[str, Any]],
    attribute: Attribute,
    value: ValueInput,
    catalog: Catalog,
    levels: Levels,
    level: str,
) -> None:
    clears = value.value is None and bool(scoped)  # what is there may go, whatever became of the attribute since
    if levels is not None and (right := levels.get(attribute.code)) != level and not clears:
        raise values.Unfit(f"belongs to the {right.lower()}" if right else "is not in the product's family")
    channel, locale = scoping.scope(attribute, value.channel, value.locale, catalog.channels, clears=clears)
    if value.value is not None:
        cleaned = values.clean(attribute, value.value, catalog.options.get(attribute.code, ()))
        scoped.setdefault(channel, {})[locale] = cleaned
    elif channel in scoped:
        scoped[channel].pop(locale, None)
        if not scoped[channel]:
            del scoped[channel]


def _axes(content: Content, family: Family | None) -> dict[str, str]:
    return {
        axis: axis_key(found)
        for axis in (family.axes if family else ())
        if (found := content.get(axis, {}).get(locales.ANY, {}).get(locales.ANY)) is not None
    }


def with_axes(state: State, family: Family | None) -> State:
    """The state with each variant's axis values repeated as ``family`` says."""
    variants = {sku: replace(one, axes=_axes(one.content, family)) for sku, one in state.variants.items()}
    return replace(state, variants=variants)


def _alike(after: Mapping[str, VariantState], paths: Mapping[str, str]) -> Iterator[Problem]:
    """What an axis is for is telling the variants of one product apart."""
    seen: dict[tuple[tuple[str, str], ...], str] = {}
    for sku, state in after.items():
        key = tuple(sorted(state.axes.items()))
        if key in seen:
            yield Problem(paths.get(sku, "variants"), f"{seen[key]} and {sku} have the same axis values")
        seen[key] = sku


def _twice(after: Mapping[str, VariantState], paths: Mapping[str, str]) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for sku in sorted(after, key=lambda sku: sku in paths):  # whoever had it before keeps it
        gtin = after[sku].gtin
        if gtin and owners.setdefault(gtins.padded(gtin), sku) != sku:
            yield Problem(f"{paths.get(sku, 'variants')}.gtin", f"{gtin} is given to {owners[gtins.padded(gtin)]} too")


def axis_key(stored: Any) -> str:
    """How a value of an axis is written where only a text can stand."""
    if isinstance(stored, dict):
        return f"{stored['amount']} {stored['unit']}"
    return str(stored).lower() if isinstance(stored, bool) else str(stored)


def _linked(before: State, given: ProductInput, problems: list[Problem]) -> Mapping[str, tuple[str, ...]]:
    if given.associations is None:
        return before.associations
    laid = dict(before.associations)
    for kind, targets in given.associations.items():
        at = f"associations.{kind}"
        if kind == BOUGHT_TOGETHER:
            problems.append(Problem(at, "is computed from orders"))
        elif kind == BUNDLE:
            problems.append(Problem(at, "has components, not products"))
        elif "\0" in kind:
            problems.append(Problem("associations", "there is no such kind"))
        elif len(targets) > MOST_LINKS:
            problems.append(Problem(at, f"must not be more than {MOST_LINKS}"))
        elif given.code in targets:
            problems.append(Problem(f"{at}.{targets.index(given.code)}", f"{given.code} is the product itself"))
        laid[kind] = tuple(dict.fromkeys(targets))
    return {kind: targets for kind, targets in laid.items() if targets}


def _components(given: Sequence[tuple[str, int]], problems: list[Problem]) -> tuple[tuple[str, int], ...]:
    if len(given) > MOST_LINKS:
        problems.append(Problem(f"associations.{BUNDLE}", f"must not be more than {MOST_LINKS}"))
    laid: dict[str, int] = {}
    for place, (sku, quantity) in enumerate(given):
        if not 1 <= quantity <= MOST_QUANTITY:
            problems.append(
                Problem(f"associations.{BUNDLE}.{place}.quantity", f"must be between 1 and {MOST_QUANTITY}")
            )
        if sku in laid:
            problems.append(Problem(f"associations.{BUNDLE}.{place}.sku", f"{sku[:100]} stands there already"))
        laid[sku] = quantity
    return tuple(laid.items())


def _slugs(before: Mapping[str, str], given: Mapping[str, str], problems: list[Problem]) -> Mapping[str, str]:
    if not given:
        return before
    laid = dict(before)
    for locale, slug in given.items():
        try:
            tag = locales.normal(locale)
        except InvalidInput as refused:
            problems.append(Problem(f"slugs.{locale[:40]}", refused.problem))
            continue
        if slug and not _SLUG.fullmatch(slug):
            message = f"{slug[:60]!r} is no slug: up to {LONGEST_SLUG} small letters and digits, '-' between them"
            problems.append(Problem(f"slugs.{locale}", message))
        laid[tag] = slug
    return {locale: slug for locale, slug in laid.items() if slug}
