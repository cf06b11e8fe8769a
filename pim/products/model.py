import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Content = dict[str, dict[str, dict[str, Any]]]  # attribute → channel → locale → value


@dataclass(frozen=True, slots=True)
class Product:
    id: uuid.UUID
    code: str
    family_id: uuid.UUID | None
    content: Content
    revision: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Variant:
    id: uuid.UUID
    product_id: uuid.UUID
    sku: str
    gtin: str | None
    content: Content
    axes: dict[str, str]
    position: int


@dataclass(frozen=True, slots=True)
class ValueInput:
    """A value of an attribute for a channel and locale; None stands for all of them, a value of None clears."""

    attribute: str
    value: Any = None
    channel: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class VariantInput:
    sku: str
    gtin: str | None = None
    values: tuple[ValueInput, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductInput:
    """What to make true of a product. None leaves alone what is there; values not named stay.

    ``slugs`` are by locale; ``components`` are what a bundle consists of, skus with quantities; ``base_revision`` is
    the revision that the input was made from.
    """

    code: str
    family: str | None = None
    categories: tuple[str, ...] | None = None
    values: tuple[ValueInput, ...] = ()
    variants: tuple[VariantInput, ...] = ()
    associations: Mapping[str, tuple[str, ...]] | None = None
    slugs: Mapping[str, str] | None = None
    media: tuple[uuid.UUID, ...] | None = None
    components: tuple[tuple[str, int], ...] | None = None
    base_revision: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a product was refused: where in its input, and what is wrong there."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    code: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Upserted:
    code: str
    product_id: uuid.UUID
    created: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """The outcome for each product, in the order given."""

    results: list[Upserted | Refused] = field(default_factory=list)
