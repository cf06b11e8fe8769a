"""What a listing is called and found by, derived from its product. Pure rules."""

import unicodedata
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from slugify import slugify

from pim.attributes import values
from pim.attributes.model import Attribute
from pim.categories.model import Category
from pim.channels import locales
from pim.channels.model import Channel
from pim.products.model import Content

ALL = "*"
CATEGORY = "*category"
COUNTED = {"SELECT", "MULTI_SELECT", "BOOLEAN"}  # the types that make facets
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
                    found |= {(code, word): number for word, number in values.terms(attribute, stored)}
    return found


def _visible(scoped: Mapping[str, Mapping[str, Any]], channel: Channel) -> Iterable[Any]:
    for scope in (channel.code, locales.ANY):
        yield from scoped.get(scope, {}).values()


def counted(term: Term, attributes: Mapping[str, Attribute]) -> bool:
    """Whether a counter is kept for a term: for the whole, for categories and for what facets are made of."""
    return term[0].startswith(ALL) or (term[0] in attributes and attributes[term[0]].type in COUNTED)


def in_tree(lineage: Sequence[Category], root: uuid.UUID | None) -> list[Category]:
    """The part of a path from a root to a category that lies in the tree of ``root``, which is left out itself."""
    places = [place for place, one in enumerate(lineage) if one.id == root]
    return list(lineage[places[0] + 1 :]) if places else []
