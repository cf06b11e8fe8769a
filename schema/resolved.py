"""What counts on a channel in a locale, and where it came from."""

from typing import Any

import strawberry

from kernel.errors import InvalidInput
from pim.channels import locales
from pim.channels import queries as channel_queries
from pim.products import model, resolving

from .attributes import Attribute, AttributeValue, value_of
from .channels import Channel
from .enums import ValueLevel
from .fields import computed, loads, mirrors


@strawberry.type(description="Where a value stands; without a channel or locale it is for all of them.")
@mirrors(resolving.Origin)
class ValueOrigin:
    level: ValueLevel
    locale: str | None
    channel = loads(Channel | None, channel_queries.channels_by_code, by="channel")


def _value(root: strawberry.Parent[resolving.ResolvedValue]) -> Any:
    return value_of(root)


@strawberry.type(description="What an attribute says on a channel in a locale, after falling back.")
@mirrors(resolving.ResolvedValue)
class ResolvedValue:
    attribute: Attribute
    display: str
    origin: ValueOrigin = strawberry.field(name="from")
    value = computed(AttributeValue, _value)


def where(root: model.Product | model.Variant, *, channel: str, locale: str | None = None) -> Any:
    """The key of what counts. Raises InvalidInput."""
    if root.then is not None:
        raise InvalidInput("at", "goes with the values themselves; what counts is told of now")
    return root.id, channel, locales.normal(locale) if locale is not None else None
