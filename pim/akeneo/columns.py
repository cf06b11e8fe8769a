"""What the columns of products and product models mean.

A column is named ``attribute``, ``attribute-locale``, ``attribute-channel`` or ``attribute-locale-channel``;
``attribute-EUR`` holds a price and ``attribute-unit`` the unit of the amount beside it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from kernel import money
from kernel.errors import InvalidInput
from pim.channels import locales

from .definitions import PRICE, SKU, Definition

FIELDS = {"sku", "code", "identifier", "uuid", "categories", "enabled", "family", "family_variant", "parent"}
UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    attribute: Definition
    locale: str | None = None
    channel: str | None = None
    currency: str | None = None
    unit: str | None = None
    """The column that holds the unit of this one's amounts."""


def parse(
    names: Iterable[str], attributes: Mapping[str, Definition], channels: Collection[str]
) -> tuple[list[Column], dict[str, str]]:
    """The columns that hold values, and why each of the others that should hold one cannot."""
    every = list(names)
    found: list[Column] = []
    problems: dict[str, str] = {}
    for name in every:
        code, *scope = name.split("-")
        attribute = attributes.get(code)
        if name in FIELDS or (attribute and (attribute.type == SKU or _is_unit(attribute, scope))):
            continue
        if scope in (["products"], ["groups"], ["product_models"]) or name == "groups":
            continue  # associations and groups, see ``linking``
        try:
            found.append(_column(name, attribute, scope, channels, every))
        except InvalidInput as refused:
            problems[name] = refused.problem
    return found, problems


def _is_unit(attribute: Definition, scope: list[str]) -> bool:
    return attribute.type == "MEASUREMENT" and scope[-1:] == [UNIT]


def _column(
    name: str, attribute: Definition | None, scope: list[str], channels: Collection[str], every: Collection[str]
) -> Column:
    if attribute is None:
        raise InvalidInput(name, "there is no such attribute")
    rest = list(scope)
    currency = rest.pop() if attribute.type == PRICE and rest else None
    if currency is not None:
        money.exponent(currency)
    elif attribute.type == PRICE:
        raise InvalidInput(name, "names no currency")
    locale = locales.normal(rest.pop(0)) if attribute.localizable and rest and rest[0] not in channels else None
    channel = rest.pop(0) if attribute.scopable and rest and rest[0] in channels else None
    if rest:
        raise InvalidInput(name, f"{'-'.join(rest)!r} is neither a locale nor a channel that {attribute.code} may have")
    unit = f"{name}-{UNIT}" if attribute.type == "MEASUREMENT" and f"{name}-{UNIT}" in every else None
    return Column(name, attribute, locale, channel, currency, unit)
