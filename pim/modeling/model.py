import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.errors import DomainError
from pim.products.model import Content, ValueInput

MOST_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A value that would be lost: of the product ``code``, at ``path``, and why."""

    code: str
    path: str
    reason: str


@dataclass
class WouldBreak(DomainError):
    """Values would be taken away, of {products} products and {variants} variants."""

    products: int
    variants: int
    examples: tuple[Example, ...]
    forcible: bool = True


@dataclass(frozen=True, slots=True)
class Held:
    """What a product and its variants hold of some attributes."""

    id: uuid.UUID
    code: str
    content: Content
    variants: Mapping[str, Content]


@dataclass(slots=True)
class Refit:
    """What is to be done to a product so that it fits: new values and clearings, and what is lost by that."""

    product: list[ValueInput] = field(default_factory=list)
    variants: dict[str, list[ValueInput]] = field(default_factory=dict)
    lost: list[tuple[str | None, str, str]] = field(default_factory=list)  # sku, path, reason

    def put(self, sku: str | None, attribute: str, scope: tuple[str, str], value: Any) -> None:
        channel, locale = (None if one == "*" else one for one in scope)
        mine = self.product if sku is None else self.variants.setdefault(sku, [])
        mine.append(ValueInput(attribute, value, channel, locale))

    @property
    def changes(self) -> bool:
        return bool(self.product or self.variants)


@dataclass(slots=True)
class Tally:
    """What was found on the way through the products: how many change, how many lose, and some of those."""

    changing: int = 0
    products: int = 0
    variants: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, held: Held, refit: Refit) -> None:
        self.changing += refit.changes
        self.products += any(sku is None for sku, _, _ in refit.lost)
        self.variants += len({sku for sku, _, _ in refit.lost if sku is not None})
        for sku, path, reason in refit.lost[: MOST_EXAMPLES - len(self.examples)]:
            self.examples.append(Example(held.code, f"{sku}.{path}" if sku else path, reason))

    @property
    def breaks(self) -> bool:
        return bool(self.products or self.variants)

    def refusal(self) -> WouldBreak:
        return WouldBreak(self.products, self.variants, tuple(self.examples))
