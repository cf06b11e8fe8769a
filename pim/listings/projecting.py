"""What a listing is called and found by, derived from its product. Pure rules."""

import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from slugify import slugify

from pim.attributes import values
from pim.attributes.model import Attribute, Option
from pim.categories.model import Category
from pim.channels import locales
from pim.channels.model import Channel
from pim.products.model import Content

ALL = "*"
CATEGORY = "*category"
LISTED = {"SELECT", "MULTI_SELECT", "BOOLEAN", "REFERENCE"}  # the types whose facets list their values
RANGED = {"NUMBER", "MEASUREMENT", "DATE", "MONEY"}  # those whose facets say from where to where they go
FACETED = LISTED | RANGED
UNSAID = {"BOOLEAN", "MEDIA", "DATE"}  # what nobody types to find something
LONGEST_SLUG = 80

Term = tuple[str, str]


def name(content: Content, label_attribute: str | None, channel: Channel, locale: str, code: str) -> str:
    """What the product is called on a channel in a locale; its code where nothing says."""
    stored = values.at(content.get(label_attribute or "name", {}), channel.code, locale, channel.locales[0])
    return str(stored)[:255] if stored else code


def sort_key(name: str) -> str:
    """A name as it is sorted: case and accents do not count."""
    return "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))


def slug(name: str, code: str) -> tuple[str, str]:
    """The slug made from a name, and the one to take where another listing has that already."""
    short = slugify(name, max_length=LONGEST_SLUG, word_boundary=True) or slugify(code) or "p"
    return short, f"{short}-{slugify(code) or code.lower()}"


def given_slug(slugs: Mapping[str, str], locale: str) -> str | None:
    """The slug that a product was given for ``locale``, or for its language."""
    return next((slugs[tag] for tag in locales.fallbacks(locale) if tag in slugs), None)


def terms(
    contents: Iterable[Content],
    lineage: Iterable[Category],
    attributes: Mapping[str, Attribute],
    channel: Channel,
) -> dict[Term, Decimal | None]:
    """Every term of a listing, with its number where it has one."""
    found: dict[Term, Decimal | None] = {(ALL, ""): None}
    found |= {(CATEGORY, str(one.id)): None for one in lineage}
    for content in contents:
        for code in content.keys() & attributes.keys():
            attribute = attributes[code]
            if attribute.filterable:
                for stored in _visible(content[code], channel):
                    if not values.shaped(attribute, stored):
                        continue
                    if attribute.type != "MONEY" or stored["currency"] == channel.currency:
                        found |= {(code, word): number for word, number in values.terms(attribute, stored)}
    return found


def _visible(scoped: Mapping[str, Mapping[str, Any]], channel: Channel) -> Iterable[Any]:
    for scope in (channel.code, locales.ANY):
        yield from scoped.get(scope, {}).values()


def faceted(term: Term, attributes: Mapping[str, Attribute]) -> bool:
    """Whether a term is one by which listings are narrowed down where their facets are shown."""
    return term[0] in attributes and attributes[term[0]].type in FACETED


def texts(
    name: str,
    contents: Iterable[Content],
    lineage: Iterable[Category],
    searchable: Iterable[Attribute],
    options: Mapping[str, Mapping[str, Option]],
    channel: Channel,
    locale: str,
) -> dict[str, dict[str, None]]:
    """What a listing says in a locale, by the weight that its words have in a search.

    A: the name; B: brand, color and other options; C: other searchable attributes, categories; D: long texts.
    """
    default = channel.locales[0]
    said: dict[str, dict[str, None]] = {"A": {name: None}, "B": {}, "C": {}, "D": {}}
    for attribute in searchable:
        weight = _WEIGHTS.get(attribute.type, "C")
        mine = options.get(attribute.code, {})
        for content in contents:
            scoped = content.get(attribute.code)
            if scoped and (stored := values.at(scoped, channel.code, locale, default)) is not None:
                said[weight][_said(attribute, stored, locale, default, mine)] = None
    said["C"] |= {label: None for one in lineage if (label := locales.pick(one.labels, locale, default))}
    return said


_WEIGHTS = {"SELECT": "B", "MULTI_SELECT": "B", "REFERENCE": "B", "LONG_TEXT": "D"}


def _said(attribute: Attribute, stored: Any, locale: str, default: str, options: Mapping[str, Option]) -> str:
    named = attribute.type in ("SELECT", "MULTI_SELECT") or attribute.reference_entity
    if not named or not values.shaped(attribute, stored):
        return values.display(attribute, stored, locale, options)
    codes = stored if attribute.type == "MULTI_SELECT" else [stored]
    known = [options[code].labels for code in codes if code in options]
    return ", ".join(label for labels in known if (label := locales.pick(labels, locale, default)))


def in_tree(lineage: Sequence[Category], root: uuid.UUID | None) -> list[Category]:
    """The part of a path from a root to a category that lies in the tree of ``root``, which is left out itself."""
    places = [place for place, one in enumerate(lineage) if one.id == root]
    return list(lineage[places[0] + 1 :]) if places else []
