"""What a product says on a channel in a locale, and where each value came from. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pim.attributes import values
from pim.attributes.model import Attribute, Option
from pim.channels import locales

from .model import Content

PRODUCT, VARIANT = "PRODUCT", "VARIANT"


@dataclass(frozen=True, slots=True)
class Origin:
    """On which level a value stands, and for which channel and locale; None stands for all of them."""

    level: str
    channel: str | None
    locale: str | None


@dataclass(frozen=True, slots=True)
class ResolvedValue:
    """What counts of an attribute where it was asked for; ``locale`` is the one it is shown in."""

    attribute: Attribute
    options: Mapping[str, Option]
    stored: Any
    locale: str
    display: str
    origin: Origin


def resolve(
    contents: Sequence[tuple[str, Content]],
    attributes: Mapping[str, Attribute],
    options: Mapping[str, Mapping[str, Option]],
    *,
    channel: str,
    locale: str,
    default: str,
) -> Iterator[ResolvedValue]:
    """Every attribute that says something, in the order of ``attributes``.

    ``contents`` are looked into in their order, a variant's before its product's; in each, the channel comes first,
    then what is for all channels; in each of these the locale (de-AT), its language (de), the channel's ``default``,
    and last what is for all locales.
    """
    for code, attribute in attributes.items():
        for level, content in contents:
            found = values.found(content.get(code, {}), channel, locale, default)
            if found is not None:
                (on, tag), stored = found
                origin = Origin(level, *(None if one == locales.ANY else one for one in (on, tag)))
                mine = options.get(code, {})
                display = values.display(attribute, stored, locale, mine)
                yield ResolvedValue(attribute, mine, stored, locale, display, origin)
                break
