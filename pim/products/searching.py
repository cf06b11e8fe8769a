"""What products are found by when somebody types. Pure."""

from typing import Any

from pim.attributes import scoping, values
from pim.attributes.model import Attribute

from .catalogs import SELECTS, Catalog
from .states import State

LONGEST = 20_000


def search_text(state: State, catalog: Catalog) -> str:
    """The codes of a product and the values of its searchable attributes, lower case."""
    words = [state.code]
    for variant in state.variants.values():
        words += [variant.sku, variant.gtin or ""]
    for attribute in catalog.searchable:
        for content in state.contents:
            for stored in scoping.every(content.get(attribute.code, {})):
                words += _words(attribute, stored, catalog)
    return " ".join(dict.fromkeys(word for word in words if word)).lower()[:LONGEST]


def _words(attribute: Attribute, stored: Any, catalog: Catalog) -> list[str]:
    named = attribute.type in SELECTS or attribute.reference_entity
    if named and values.shaped(attribute, stored):
        options = catalog.options.get(attribute.code, {})
        codes = stored if attribute.type == "MULTI_SELECT" else [stored]
        return [label for code in codes if code in options for label in options[code].labels.values()]
    return [stored] if isinstance(stored, str) else []
