"""Products as JSON documents, one a line, in the shape of GraphQL's ProductInput; null clears a value."""

import uuid
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from kernel.errors import InvalidInput
from kernel.ids import as_uuid, decode
from kernel.imports.model import Problem
from pim.channels import locales
from pim.products import model
from pim.products.model import BUNDLE, ProductInput, ValueInput, VariantInput

from .building import Built

Text = Annotated[str, Field(max_length=1_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class _Value(_Strict):
    attribute: Text
    value: Any = None
    channel: Text | None = None
    locale: Text | None = None


class _Variant(_Strict):
    sku: Text
    gtin: Text | None = None
    values: list[_Value] | None = None


class _Label(_Strict):
    locale: Text
    text: Text


class _Component(_Strict):
    sku: Text
    quantity: int


class _Association(_Strict):
    kind: Text
    products: list[Text] = []
    components: list[_Component] | None = None


class _Product(_Strict):
    code: Text
    family: Text | None = None
    categories: list[Text] | None = None
    values: list[_Value] | None = None
    variants: list[_Variant] | None = None
    slugs: list[_Label] | None = None
    media: list[Text] | None = None
    associations: list[_Association] | None = None
    base_revision: int | None = None


@dataclass(slots=True)
class Document(Built):
    """An input with the line it was made of; the path in the document is the column of a problem."""

    def problem(self, found: model.Problem) -> tuple[int | None, Problem]:
        return None, Problem(self.rows[0].line, found.path or None, "INVALID", found.message)


def code(line: str) -> str:
    """Raises InvalidInput where the line is no JSON document with a code."""
    document = _loaded(line)
    found = document.get("code") if isinstance(document, dict) else None
    if not isinstance(found, str) or not found:
        raise InvalidInput("code", "must be a text: each line is a product with its code")
    return found


def parse(line: str) -> ProductInput:
    """Raises InvalidInput."""
    try:
        found = _Product.model_validate(_loaded(line))
    except ValidationError as invalid:
        first = invalid.errors()[0]
        raise InvalidInput(".".join(map(str, first["loc"])), first["msg"][:200]) from None
    links, components = _links(found.associations)
    return ProductInput(
        found.code,
        found.family,
        None if found.categories is None else tuple(found.categories),
        _values(found.values),
        tuple(VariantInput(one.sku, one.gtin, _values(one.values)) for one in found.variants or ()),
        links,
        None if found.slugs is None else locales.texts(((s.locale, s.text) for s in found.slugs), path="slugs"),
        None if found.media is None else tuple(_media(place, one) for place, one in enumerate(found.media)),
        components,
        found.base_revision,
    )


def _loaded(line: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidInput("", f"is no JSON: {error.msg}, at character {error.colno}") from None


def _values(given: list[_Value] | None) -> tuple[ValueInput, ...]:
    return tuple(ValueInput(one.attribute, one.value, one.channel, one.locale) for one in given or ())


def _links(
    given: list[_Association] | None,
) -> tuple[dict[str, tuple[str, ...]] | None, tuple[tuple[str, int], ...] | None]:
    if given is None:
        return None, None
    bundles = [one for one in given if one.kind == BUNDLE]
    components = tuple((c.sku, c.quantity) for one in bundles for c in one.components or ()) if bundles else None
    return {one.kind: tuple(one.products) for one in given if one.kind != BUNDLE} or None, components


def _media(place: int, id: str) -> uuid.UUID:
    try:
        kind, key = decode(id)
    except InvalidInput:
        kind, key = "Media", id
    found = as_uuid(key)
    if kind != "Media" or found is None:
        raise InvalidInput(f"media.{place}", "is no id of media")
    return found
