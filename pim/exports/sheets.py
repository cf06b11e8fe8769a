"""Documents of products as rows of a table in the native layout, one for each variant. Pure.

Product-level values stand on every row of the product. What a table cannot say, such as the files of a product, is in
the documents only.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from kernel.cells import guarded
from pim.products.model import BUNDLE, KINDS

from .documents import Document

FIELDS = ("code", "family", "categories", "sku", "gtin")
UNIT = "unit"

Key = tuple[int, int, str, str, str, str]  # sorts columns: fields, slugs, values by position, associations


class Columns:
    """The columns that documents need, gathered while they are read; ``places`` are those of all attributes by code.

    A value whose column would be read as something else, for an attribute is called ``family`` or both ``size`` and
    ``size-de`` are attributes, has none.
    """

    def __init__(self, places: Mapping[str, int]) -> None:
        self._places = places
        self._found: dict[str, Key] = {name: (0, place, "", "", "", "") for place, name in enumerate(FIELDS)}
        self._reserved = {*FIELDS, *KINDS, BUNDLE}

    def gather(self, document: Document) -> None:
        for slug in document.get("slugs", ()):
            self._found.setdefault(_slug(slug), (1, 0, slug["locale"], "", "", ""))
        variants = document.get("variants", ()) if "family" in document else ()
        for holder in (document, *variants):
            for value in holder.get("values", ()):
                for name, part in _cells(value):
                    if name not in self._found and self._is_clear(name, value["attribute"]):
                        self._found[name] = self._key(value, part)
        for association in document.get("associations", ()):
            self._found.setdefault(association["kind"], (3, 0, association["kind"], "", "", ""))

    def _is_clear(self, name: str, code: str) -> bool:
        if name in self._reserved or name.startswith("slug-"):
            return False
        rest = name[len(code) :].split("-")[1:]
        longer = ("-".join((code, *rest[:size])) for size in range(1, len(rest) + 1))
        return not any(one in self._places for one in longer)

    def _key(self, value: Mapping[str, Any], part: str) -> Key:
        code = value["attribute"]
        return 2, self._places.get(code, 0), code, value.get("locale", ""), value.get("channel", ""), part

    def header(self) -> list[str]:
        return sorted(self._found, key=self._found.__getitem__)


def rows(document: Document, header: Iterable[str]) -> Iterator[list[str]]:
    """The cells of each variant."""
    shared = {
        "code": document["code"],
        "family": document.get("family", ""),
        "categories": ",".join(document.get("categories", ())),
    }
    shared |= {_slug(one): one["text"] for one in document.get("slugs", ())}
    shared |= _values(document)
    for association in document.get("associations", ()):
        shared[association["kind"]] = _linked(association)
    for variant in document.get("variants", ()):
        mine = shared | {"sku": variant["sku"], "gtin": variant.get("gtin", "")}
        if "family" in document:
            mine |= _values(variant)
        yield [guarded(mine.get(name, "")) for name in header]


def unsaid(document: Document, header: Container[str]) -> Iterator[str]:
    """Where the document says what its rows do not: the import could not tell what it belongs to."""
    if "variants" not in document:
        yield "the whole"
        return
    for value in document.get("values", ()):
        yield from (name for name, _ in _cells(value) if name not in header)
    for variant in document.get("variants", ()):
        for value in variant.get("values", ()):
            yield from (name for name, _ in _cells(value) if name not in header or "family" not in document)
    for association in document.get("associations", ()):
        if not _linked(association):
            yield association["kind"]


def _slug(slug: Mapping[str, str]) -> str:
    return f"slug-{slug['locale']}"


def _values(holder: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in holder.get("values", ()):
        found |= {name: _text(value["value"], part) for name, part in _cells(value)}
    return found


def _cells(value: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The columns of one value, and which part of it stands in each."""
    scope = (value.get("locale"), value.get("channel"))
    name = "-".join([value["attribute"], *filter(None, scope)])
    what = value["value"]
    if isinstance(what, dict) and "currency" in what:
        return [(f"{name}-{what['currency']}", "amount")]
    if isinstance(what, dict):
        return [(name, "amount"), (f"{name}-{UNIT}", UNIT)]
    return [(name, "")]


def _text(what: Any, part: str) -> str:
    if part:
        return str(what[part])
    if isinstance(what, list):
        return ",".join(what)
    if isinstance(what, bool):
        return "1" if what else "0"
    return str(what)


def _linked(association: Mapping[str, Any]) -> str:
    if "components" in association:
        if any("," in one["sku"] for one in association["components"]):
            return ""
        return ",".join(f"{one['sku']}:{one['quantity']}" for one in association["components"])
    return ",".join(association["products"])
