"""Products as JSON documents, one a line, in the shape of GraphQL's ProductInput; null clears a value."""

from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from kernel.errors import InvalidInput
from kernel.imports.model import Problem
from pim.products import giving, model
from pim.products.model import ProductInput, ValueInput, VariantInput

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
    products: list[Text] | None = None
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
    problems: list[model.Problem] = []
    links, components = giving.links(map(_link, found.associations or ()), problems)
    media = None if found.media is None else giving.media(found.media, problems)
    slugs = giving.slugs([(one.locale, one.text) for one in found.slugs or ()], problems)
    if problems:
        raise InvalidInput(problems[0].path, problems[0].message)
    return ProductInput(
        found.code,
        found.family,
        None if found.categories is None else tuple(found.categories),
        _values(found.values),
        tuple(VariantInput(one.sku, one.gtin, _values(one.values)) for one in found.variants or ()),
        links or None,
        slugs or None,
        media,
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


def _link(given: _Association) -> giving.Link:
    components = given.components
    parts = None if components is None else tuple((one.sku, one.quantity) for one in components)
    return given.kind, given.products, parts
