"""The way back to an earlier revision, as an input like any other. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pim.attributes import scoping
from pim.attributes import values as value_rules
from pim.channels import locales

from . import states
from .model import Change, Content, Problem, ProductInput, Refused, ValueInput, VariantInput
from .states import State


@dataclass(frozen=True, slots=True)
class Restoring:
    """The input that restores a product, and where each of its values stands in the product."""

    input: ProductInput
    names: Mapping[str, str] = field(default_factory=dict)

    def named(self, refused: Refused) -> Refused:
        """The refusal with its problems where the product has them, for nobody wrote the input."""
        return Refused(
            refused.code, tuple(Problem(self.names.get(one.path, one.path), one.message) for one in refused.problems)
        )


def back(current: State, revisions: Iterable[Sequence[Change]]) -> Restoring:
    """What makes ``current`` what it was before ``revisions``, the newest first. Variants that came since stay."""
    target = states.state_of(current.code, states.unwound(states.facts(current), revisions))
    values = list(_values(current.content, target.content))
    names = {f"values.{n}": f"values.{_place(value)}" for n, value in enumerate(values)}
    variants: list[VariantInput] = []
    for sku, then in target.variants.items():
        now = current.variants[sku]
        mine = tuple(_values(now.content, then.content))
        if mine or now.gtin != then.gtin:
            at = f"variants.{len(variants)}"
            names |= {f"{at}.{part}": f"variants.{sku}.{part}" for part in ("sku", "gtin")} | {at: f"variants.{sku}"}
            names |= {f"{at}.values.{n}": f"variants.{sku}.values.{_place(value)}" for n, value in enumerate(mine)}
            variants.append(VariantInput(sku, (then.gtin or "") if then.gtin != now.gtin else None, mine))
    given = ProductInput(
        current.code,
        None if target.family == current.family else target.family or "",
        None if target.categories == current.categories else target.categories,
        tuple(values),
        tuple(variants),
        {kind: target.associations.get(kind, ()) for kind in current.associations.keys() | target.associations.keys()},
        {locale: target.slugs.get(locale, "") for locale in current.slugs.keys() | target.slugs.keys()},
        None if target.media == current.media else target.media,
        None if target.components == current.components else target.components,
    )
    return Restoring(given, names)


def _values(now: Content, then: Content) -> Iterator[ValueInput]:
    """The values that differ, as they are given."""
    old, new = (dict(scoping.flat(content)) for content in (now, then))
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            attribute, channel, locale = key
            yield ValueInput(
                attribute,
                value_rules.given(new.get(key)),
                None if channel == locales.ANY else channel,
                None if locale == locales.ANY else locale,
            )


def _place(value: ValueInput) -> str:
    return f"{value.attribute}.{value.channel or locales.ANY}.{value.locale or locales.ANY}"
