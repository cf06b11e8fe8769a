"""For which channel and locale a value is. Pure rules."""

from collections.abc import Container

from kernel.errors import InvalidInput
from pim.channels import locales

from .model import Attribute
from .values import Unfit


def scope(attribute: Attribute, channel: str | None, locale: str | None, channels: Container[str]) -> tuple[str, str]:
    """Where a value is kept; ``*`` stands for all channels or locales. Raises Unfit."""
    if channel is not None and not attribute.scopable:
        raise Unfit("is the same on every channel")
    if channel is not None and channel not in channels:
        raise Unfit(f"there is no channel {channel[:100]}")
    if locale is None:
        return channel or locales.ANY, locales.ANY
    if not attribute.localizable:
        raise Unfit("is the same in every locale")
    try:
        return channel or locales.ANY, locales.normal(locale)
    except InvalidInput as refused:
        raise Unfit(refused.problem) from None
