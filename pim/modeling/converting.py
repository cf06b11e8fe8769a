"""What becomes of a stored value when its attribute is defined anew. Pure rules."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pim.attributes import scoping, values
from pim.attributes.model import Attribute
from pim.channels import locales
from pim.products.model import Content

from .model import Held, Refit

Scope = tuple[str, str]
Scoped = Mapping[str, Mapping[str, Any]]


def narrows(before: Attribute, after: Attribute) -> bool:
    """Whether values that fitted ``before`` may not fit ``after``."""
    return (
        before.type != after.type
        or before.localizable > after.localizable
        or before.scopable > after.scopable
        or after.is_unique > before.is_unique
        or (before.unit_family, before.reference_entity) != (after.unit_family, after.reference_entity)
        or (("min" in after.validation or "max" in after.validation) and before.default_unit != after.default_unit)
        or not after.validation.items() <= before.validation.items()
    )


def raw_of(stored: Any, type: str) -> Any:  # noqa: PLR0911 -- a table
    """A stored value as it would be given to an attribute of ``type``; whether that takes it is for that to say."""
    if isinstance(stored, list) and len(stored) == 1 and type != "MULTI_SELECT":
        stored = stored[0]
    match type:
        case "TEXT" | "LONG_TEXT":
            return values.text_of(stored)
        case "MULTI_SELECT" if not isinstance(stored, list):
            return [values.text_of(stored)]
        case "BOOLEAN" if stored in ("true", "false"):
            return stored == "true"
        case "MEASUREMENT" if isinstance(stored, str):
            return {"amount": stored}
        case "MEASUREMENT" if isinstance(stored, dict):
            return values.given(stored)
        case "NUMBER" if isinstance(stored, bool):
            return None
    return stored


def convert(attribute: Attribute, stored: Any, options: Mapping[str, Any]) -> Any:
    """The value as ``attribute`` keeps it. Raises Unfit."""
    raw = raw_of(stored, attribute.type)
    return values.clean(attribute, raw, options)


def rescoped(attribute: Attribute, scoped: Scoped, default: str) -> tuple[dict[Scope, Scope], list[Scope]]:
    """From where to where each value goes, and those for which there is no place any more.

    Where several values compete for one place and differ, the one for all counts, then that in ``default``.
    """
    rivals: dict[Scope, list[Scope]] = {}
    for channel, by_locale in scoped.items():
        for locale in by_locale:
            to = channel if attribute.scopable else locales.ANY, locale if attribute.localizable else locales.ANY
            rivals.setdefault(to, []).append((channel, locale))
    kept: dict[Scope, Scope] = {}
    homeless: list[Scope] = []
    chain = (*locales.fallbacks(default), locales.ANY)
    for to, some in rivals.items():
        first, *others = sorted(some, key=lambda one: _rank(one, chain))
        kept[first] = to
        homeless += [one for one in others if scoped[one[0]][one[1]] != scoped[first[0]][first[1]]]
    return kept, homeless


def _rank(scope: Scope, chain: tuple[str, ...]) -> tuple[bool, bool, int, Scope]:
    place = chain.index(scope[1]) if scope[1] in chain else len(chain)
    return scope[0] != locales.ANY, scope[1] != locales.ANY, place, scope


@dataclass(slots=True)
class Converting:
    """Fits products to an attribute as it is defined now. ``owners`` are the values seen so far of a unique one."""

    attribute: Attribute
    options: Mapping[str, Any]
    default: str
    owners: dict[str, str]

    def refit(self, held: Held) -> Refit:
        done = Refit()
        for sku, content in _contents(held):
            scoped = content.get(self.attribute.code)
            if scoped:
                self._fit(held, sku, scoped, done)
        return done

    def _fit(self, held: Held, sku: str | None, scoped: Scoped, done: Refit) -> None:
        code = self.attribute.code
        kept, homeless = rescoped(self.attribute, scoped, self.default)
        after: dict[Scope, Any] = {}
        for scope in homeless:
            done.lost.append((sku, path(code, scope), "differs from the value that would be for all"))
        for scope, to in kept.items():
            stored = scoped[scope[0]][scope[1]]
            try:
                after[to] = convert(self.attribute, stored, self.options)
                self._claim(held, after[to])
            except values.Unfit as unfit:
                after.pop(to, None)
                done.lost.append((sku, path(code, scope), str(unfit)))
        before = {(channel, locale): one for channel, by in scoped.items() for locale, one in by.items()}
        for scope in before.keys() - after.keys():
            done.put(sku, code, scope, None)
        for scope, value in after.items():
            if scope not in before or before[scope] != value:
                done.put(sku, code, scope, raw_of(value, self.attribute.type))

    def _claim(self, held: Held, value: Any) -> None:
        if self.attribute.is_unique and self.owners.setdefault(str(value), held.code) != held.code:
            raise values.Unfit(f"is the value of {self.owners[str(value)]} too")


def path(code: str, scope: Scope) -> str:
    """How a value's place is told: material, name.de or name.web.de."""
    return ".".join((code, *(one for one in scope if one != locales.ANY)))


def _contents(held: Held) -> Iterator[tuple[str | None, Content]]:
    yield None, held.content
    yield from held.variants.items()


Fitting = Callable[[Held], Refit]


@dataclass(frozen=True, slots=True)
class Regrouping:
    """Fits products to a family as it is defined now: ``levels`` say where each attribute lives."""

    levels: Mapping[str, str]

    def refit(self, held: Held) -> Refit:
        done = Refit()
        for (code, channel, locale), stored in list(scoping.flat(held.content)):
            level, scope = self.levels.get(code), (channel, locale)
            if level != "PRODUCT":
                done.put(None, code, scope, None)
            if level is None:
                done.lost.append((None, path(code, scope), "is not in the family"))
            elif level == "VARIANT":
                self._lower(held, code, scope, stored, done)
        self._lift(held, done)
        return done

    def _lower(self, held: Held, code: str, scope: Scope, stored: Any, done: Refit) -> None:
        """What was said of the product is said of each variant that says nothing of its own."""
        if not held.variants:
            done.lost.append((None, path(code, scope), "would be the variants', of which there are none"))
        for sku, content in held.variants.items():
            if scope[1] not in content.get(code, {}).get(scope[0], {}):
                done.put(sku, code, scope, values.given(stored))

    def _lift(self, held: Held, done: Refit) -> None:
        """What all variants say alike is said of the product."""
        there: dict[tuple[str, Scope], dict[str, Any]] = {}
        for sku, content in held.variants.items():
            for (code, channel, locale), stored in scoping.flat(content):
                level, scope = self.levels.get(code), (channel, locale)
                if level == "VARIANT":
                    continue
                done.put(sku, code, scope, None)
                if level is None:
                    done.lost.append((sku, path(code, scope), "is not in the family"))
                else:
                    there.setdefault((code, scope), {})[sku] = stored
        for (code, scope), by_sku in there.items():
            first, *others = by_sku.values()
            own = held.content.get(code, {}).get(scope[0], {}).get(scope[1], first)
            if all(one == own for one in (first, *others)):
                done.put(None, code, scope, values.given(own))
                continue
            done.lost += [(sku, path(code, scope), "differs from variant to variant") for sku in by_sku]
