"""The native layout: what the columns of a table of products mean.

``code``, ``family``, ``categories``, ``sku``, ``gtin``, ``slug-<locale>``; ``CROSS_SELL`` and its like hold codes of
products, ``BUNDLE`` pairs ``sku:quantity``. A value's column is ``attribute``, ``attribute-locale``,
``attribute-channel`` or ``attribute-locale-channel``; ``attribute-EUR`` holds money, ``attribute-unit`` the unit of
the amount beside it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from kernel import money
from kernel.cells import unguarded
from kernel.errors import InvalidInput
from kernel.imports import mapping
from kernel.imports.mapping import Document
from kernel.imports.model import Problem
from pim.attributes.model import Attribute
from pim.channels import locales
from pim.products.model import BUNDLE, KINDS

FIELDS = ("code", "family", "categories", "sku", "gtin")
UNIT, SLUG = "unit", "slug"
Cell = Callable[[list[str]], str]


@dataclass(frozen=True, slots=True)
class Value:
    """A column of values; ``unit`` gives the unit of this one's amounts."""

    name: str
    attribute: Attribute
    cell: Cell
    locale: str | None = None
    channel: str | None = None
    currency: str | None = None
    unit: Cell | None = None


@dataclass(slots=True)
class Table:
    """The columns of a file by what they are; each gives the text of a row's cell, empty where there is none."""

    fields: dict[str, Cell] = field(default_factory=dict)
    slugs: dict[str, Cell] = field(default_factory=dict)
    links: dict[str, Cell] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read(
    columns: Sequence[str],
    document: Document,
    attributes: Mapping[str, Attribute],
    channels: Collection[str],
) -> Table:
    """The table that ``columns`` make under a mapping. What they name in vain is told as problems of line 1.

    Raises InvalidInput where the mapping names a column that the file does not have, or nothing tells rows apart.
    """
    cells = _cells(columns, document)
    table = Table()
    for name, cell in cells.items():
        try:
            _place(table, name, cell, cells, attributes, channels)
        except InvalidInput as refused:
            table.problems.append(Problem(1, name, "UNKNOWN_COLUMN", refused.problem))
    if "sku" not in table.fields:
        raise InvalidInput("sku", "there is no column of this name, and no mapping says which it is")
    return table


def _cells(columns: Sequence[str], document: Document) -> dict[str, Cell]:
    """Each column of the layout, with how its text is read off a row."""
    places = {name: place for place, name in enumerate(columns) if name}
    found: dict[str, Cell] = {}
    for rule in document.columns:
        if rule.source is not None and rule.source not in places:
            raise InvalidInput(rule.source, f"the file has no column of this name; {rule.to} is to come from it")
        if rule.to in found:
            raise InvalidInput(rule.to, "is mapped twice")
        found[rule.to] = partial(_constant, rule.value or "")
        if rule.source is not None:
            found[rule.to] = partial(_mapped, places[rule.source], rule)
    if document.rest == "native":
        named = {rule.source for rule in document.columns}
        for name, place in places.items():
            to = akeneo(name) if document.layout == "akeneo" else name
            if name not in named and to and to not in found:
                found[to] = partial(_stripped, place)
    return found


def _stripped(place: int, cells: list[str]) -> str:
    return unguarded(cells[place].strip())


def _constant(value: str, _cells: list[str]) -> str:
    return value


def _mapped(place: int, rule: mapping.Column, cells: list[str]) -> str:
    return mapping.transform(rule, cells[place])


_AKENEO = {
    "parent": "code",
    "identifier": "sku",
    "X_SELL-products": "CROSS_SELL",
    "UPSELL-products": "UP_SELL",
    "SUBSTITUTION-products": "SUBSTITUTE",
}
_NOT_OURS = {"enabled", "groups", "uuid", "family_variant"}


def akeneo(name: str) -> str | None:
    """What a column of an Akeneo export is called here; None where it says nothing to this hub."""
    if name in _NOT_OURS or name.endswith(("-groups", "-product_models")):
        return None
    return _AKENEO.get(name, None if name.endswith("-products") else name)


def _place(
    table: Table,
    name: str,
    cell: Cell,
    cells: Mapping[str, Cell],
    attributes: Mapping[str, Attribute],
    channels: Collection[str],
) -> None:
    if name in FIELDS:
        table.fields[name] = cell
    elif name in KINDS or name == BUNDLE:
        table.links[name] = cell
    elif name.startswith(f"{SLUG}-") and SLUG not in attributes:
        table.slugs[locales.normal(name.removeprefix(f"{SLUG}-"))] = cell
    else:
        attribute, scope = _attribute(name, attributes)
        if attribute.type == "MEASUREMENT" and scope[-1:] == [UNIT]:
            if name.removesuffix(f"-{UNIT}") not in cells:
                raise InvalidInput(name, "there is no column of the amounts that this is the unit of")
            return
        table.values.append(_value(name, attribute, scope, cell, cells, channels))


def _attribute(name: str, attributes: Mapping[str, Attribute]) -> tuple[Attribute, list[str]]:
    """The attribute with the longest code that ``name`` begins with, and what follows it."""
    parts = name.split("-")
    for size in range(len(parts), 0, -1):
        if found := attributes.get("-".join(parts[:size])):
            return found, parts[size:]
    raise InvalidInput(name, "there is no such attribute, so the column is not read")


def _value(
    name: str,
    attribute: Attribute,
    scope: list[str],
    cell: Cell,
    cells: Mapping[str, Cell],
    channels: Collection[str],
) -> Value:
    rest, currency = list(scope), None
    if attribute.type == "MONEY":
        if not rest:
            raise InvalidInput(name, "names no currency, as in price-EUR")
        currency = rest.pop().upper()
        money.exponent(currency)
    locale, channel = _scope(name, attribute, rest, channels)
    unit = cells.get(f"{name}-{UNIT}") if attribute.type == "MEASUREMENT" else None
    return Value(name, attribute, cell, locale, channel, currency, unit)


def _scope(
    name: str, attribute: Attribute, rest: list[str], channels: Collection[str]
) -> tuple[str | None, str | None]:
    """The locale and the channel that ``rest`` names, in this order, either or both of them."""
    if not rest:
        return None, None
    for size in range(len(rest) + 1):
        first, last = "-".join(rest[:size]), "-".join(rest[size:])
        if last and last not in channels:
            continue
        try:
            locale = locales.normal(first) if first else None
        except InvalidInput:
            continue
        if (locale and not attribute.localizable) or (last and not attribute.scopable):
            continue
        return locale, last or None
    told = "-".join(rest)
    raise InvalidInput(name, f"{told[:60]!r} is neither a locale nor a channel that {attribute.code} may have")
