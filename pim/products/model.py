import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kernel.errors import DomainError

BUNDLE = "BUNDLE"  # of which variants are the components
BOUGHT_TOGETHER = "BOUGHT_TOGETHER"
KINDS = ("CROSS_SELL", "UP_SELL", "SUBSTITUTE", "ACCESSORY", "SPARE_PART")  # of which products are linked by hand

Path = tuple[str, ...]
Version = tuple[uuid.UUID, int]  # a product and the number of its revision
Content = dict[str, dict[str, dict[str, Any]]]  # attribute → channel → locale → value


@dataclass(frozen=True, slots=True)
class Then:
    """What a product or a variant was at a moment: each of its lists as it would have been read then."""

    values: list[Any]
    axis_values: list[Any] = field(default_factory=list)
    categories: list[Any] = field(default_factory=list)
    variants: list[Any] = field(default_factory=list)
    associations: list[Any] = field(default_factory=list)
    components: list[Any] = field(default_factory=list)
    media: list[Any] = field(default_factory=list)
    slugs: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Product:
    id: uuid.UUID
    code: str
    family_id: uuid.UUID | None
    content: Content
    revision: int
    updated_at: datetime
    then: Then | None = field(default=None, compare=False)  # None where it is as it is now


@dataclass(frozen=True, slots=True)
class Variant:
    id: uuid.UUID
    product_id: uuid.UUID
    sku: str
    gtin: str | None
    content: Content
    axes: dict[str, str]
    position: int
    then: Then | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Change:
    """What is said at one place before and after; None where nothing was or is."""

    path: Path
    before: Any
    after: Any

    @property
    def name(self) -> str:
        return ".".join(self.path)


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
    """What to make true of a product. None leaves alone what is there, an empty text or list clears it.

    Values, variants and kinds of association not named stay. ``slugs`` are by locale; ``components`` are what a bundle
    consists of, skus with quantities. With ``base_revision``, the revision that the input was made from, what others
    have changed since is not overwritten: the product is refused with every place where both changed something, and
    goes in where they changed different things.
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
    """A product that went in; ``revision`` is the one it has now.

    ``changes`` are told only where this was tried and not done; otherwise they are kept with the revision.
    """

    code: str
    product_id: uuid.UUID
    created: bool
    changed: bool
    revision: int
    changes: tuple[Change, ...] | None = None

    @property
    def version(self) -> Version:
        return self.product_id, self.revision


@dataclass(frozen=True, slots=True)
class Saved:
    """The outcome for each product, in the order given, and every product that changed, linked ones included."""

    results: list[Upserted | Refused] = field(default_factory=list)
    changed: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class KindOfAssociation:
    kind: str
    two_way: bool


@dataclass
class NotRestorable(DomainError):
    """{code} cannot be as it was in revision {revision}, for {reasons}."""

    code: str
    revision: int
    problems: tuple[Problem, ...]

    @property
    def reasons(self) -> str:
        return "; ".join(f"{one.path}: {one.message}" for one in self.problems)
