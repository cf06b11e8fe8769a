import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from kernel.errors import DomainError
from pim.products.model import Change, Problem, ProductInput, ValueInput, VariantInput

_INPUT: TypeAdapter[ProductInput] = TypeAdapter(ProductInput)


@dataclass(frozen=True, slots=True)
class Draft:
    """A change of a product that is not shown yet: what it changes and what is wrong with it, as it was last tried."""

    id: uuid.UUID
    code: str
    input: ProductInput
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    actor: str
    at: datetime
    publish_at: datetime | None
    failed: bool


@dataclass(frozen=True, slots=True)
class Applied:
    """A draft that is now what the product says."""

    code: str
    product_id: uuid.UUID
    revision: int


@dataclass(frozen=True, slots=True)
class Discarded:
    code: str


@dataclass
class NotApplicable(DomainError):
    """The draft of {code} cannot be applied."""

    code: str
    problems: tuple[Problem, ...]


def dump(given: ProductInput) -> Any:
    return _INPUT.dump_python(given, mode="json")


def load(kept: Any) -> ProductInput:
    return _INPUT.validate_python(kept)


def laid_over(before: ProductInput, new: ProductInput) -> ProductInput:
    """What both say of a product; where both say something of the same place, what ``new`` says."""
    variants = {one.sku: one for one in before.variants}
    for one in new.variants:
        variants[one.sku] = _variant(variants[one.sku], one) if one.sku in variants else one
    return replace(
        new,
        family=before.family if new.family is None else new.family,
        categories=before.categories if new.categories is None else new.categories,
        values=_values(before.values, new.values),
        variants=tuple(variants.values()),
        associations=_together(before.associations, new.associations),
        slugs=_together(before.slugs, new.slugs),
        media=before.media if new.media is None else new.media,
        components=before.components if new.components is None else new.components,
        base_revision=before.base_revision if new.base_revision is None else new.base_revision,
    )


def _variant(before: VariantInput, new: VariantInput) -> VariantInput:
    gtin = before.gtin if new.gtin is None else new.gtin
    return VariantInput(new.sku, gtin, _values(before.values, new.values))


def _values(*given: Iterable[ValueInput]) -> tuple[ValueInput, ...]:
    return tuple({(one.attribute, one.channel, one.locale): one for some in given for one in some}.values())


def _together(before: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return None if before is None and new is None else {**(before or {}), **(new or {})}
