"""Products as documents in the shape that they are given in, ``ProductInput`` of GraphQL. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kernel import ids
from pim.attributes import values
from pim.attributes.model import Attribute
from pim.channels import locales
from pim.products.model import BUNDLE, Content
from pim.products.states import State

Document = dict[str, Any]
Levels = Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Choice:
    """What of products is shown: by attribute code, channel and locale; None is all."""

    attributes: Mapping[str, Attribute]
    levels: Mapping[str, Mapping[str, str]]
    channels: Collection[str] | None = None
    locales: Collection[str] | None = None


def document(state: State, choice: Choice) -> Document:
    """Everything chosen that the product says and could be given anew, with nothing that is empty."""
    levels = choice.levels.get(state.family) if state.family else None
    found: Document = {
        "code": state.code,
        "family": state.family,
        "categories": list(state.categories),
        "values": list(_values(state.content, "PRODUCT", levels, choice)),
        "slugs": [
            {"locale": locale, "text": slug} for locale, slug in state.slugs.items() if _chosen(locale, choice.locales)
        ],
        "media": [ids.encode("Media", one) for one in state.media],
        "associations": list(_associations(state)),
        "variants": [
            _without_nothing(
                {"sku": sku, "gtin": one.gtin, "values": list(_values(one.content, "VARIANT", levels, choice))}
            )
            for sku, one in state.variants.items()
        ],
    }
    return _without_nothing(found)


def _without_nothing(document: Document) -> Document:
    return {name: part for name, part in document.items() if part or part is False}


def _values(content: Content, level: str, levels: Levels, choice: Choice) -> Iterator[Document]:
    """Values that the family still has on this level, and the attribute still in this scope."""
    for code in sorted(content.keys() & choice.attributes.keys()):
        if levels is not None and levels.get(code) != level:
            continue
        attribute = choice.attributes[code]
        for channel, by_locale in sorted(content[code].items()):
            if not _fits(channel, choice.channels, own=attribute.scopable):
                continue
            for locale, stored in sorted(by_locale.items()):
                if _fits(locale, choice.locales, own=attribute.localizable):
                    scope = {"channel": None if channel == locales.ANY else channel}
                    scope["locale"] = None if locale == locales.ANY else locale
                    yield {"attribute": code, **{k: v for k, v in scope.items() if v}, "value": values.given(stored)}


def _fits(scope: str, chosen: Collection[str] | None, *, own: bool) -> bool:
    return scope == locales.ANY or (own and _chosen(scope, chosen))


def _chosen(scope: str, chosen: Collection[str] | None) -> bool:
    return chosen is None or scope in chosen


def _associations(state: State) -> Iterator[Document]:
    for kind, codes in sorted(state.associations.items()):
        if codes:
            yield {"kind": kind, "products": list(codes)}
    if state.components:
        parts = [{"sku": sku, "quantity": quantity} for sku, quantity in state.components]
        yield {"kind": BUNDLE, "components": parts}
