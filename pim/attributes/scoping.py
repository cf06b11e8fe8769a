"""For which channel and locale a value is, and the values of a document one by one. Pure rules."""

from collections.abc import Container, Iterator, Mapping
from typing import Any

from kernel.errors import InvalidInput
from pim.channels import locales

from .model import Attribute
from .values import Unfit

Scoped = Mapping[str, Mapping[str, Any]]  # the values of one attribute: channel → locale → value
Place = tuple[str, str, str]  # attribute, channel, locale


def flat(content: Mapping[str, Scoped]) -> Iterator[tuple[Place, Any]]:
    """Every value with its place."""
    for attribute, scoped in content.items():
        for channel, by_locale in scoped.items():
            for locale, stored in by_locale.items():
                yield (attribute, channel, locale), stored


def every(scoped: Scoped) -> Iterator[Any]:
    """The values of one attribute, whatever they are for."""
    return (stored for by_locale in scoped.values() for stored in by_locale.values())


def scope(
    attribute: Attribute,
    channel: str | None,
    locale: str | None,
    channels: Container[str],
    *,
    clears: bool = False,
) -> tuple[str, str]:
    """Where a value is kept; ``*`` stands for all channels or locales. Raises Unfit.

    One that only ``clears`` may stand where the attribute has no values any more.
    """
    if channel is not None and not clears:
        if not attribute.scopable:
            raise Unfit("is the same on every channel")
        if channel not in channels:
            raise Unfit(f"there is no channel {channel[:100]}")
    if locale is None:
        return channel or locales.ANY, locales.ANY
    if not attribute.localizable and not clears:
        raise Unfit("is the same in every locale")
    try:
        return channel or locales.ANY, locales.normal(locale)
    except InvalidInput as refused:
        raise Unfit(refused.problem) from None
