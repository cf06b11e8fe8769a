from dataclasses import dataclass
from datetime import datetime

from pim.products.holding import ValueFilter


@dataclass(frozen=True, slots=True)
class CompletenessFilter:
    """Products filled in for less than ``below`` percent on a channel in a locale."""

    channel: str
    locale: str
    below: int


@dataclass(frozen=True, slots=True)
class ListingFilter:
    """Products on a channel, in a given state or in any; or, where not ``listed``, those that are not on it at all."""

    channel: str
    status: str | None = None
    listed: bool = True


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """What products are wanted; every condition that is not None must hold. ``category`` is a code, its subtree."""

    codes: tuple[str, ...] | None = None
    search: str | None = None
    family: str | None = None
    category: str | None = None
    attributes: tuple[ValueFilter, ...] = ()
    completeness: CompletenessFilter | None = None
    listing: ListingFilter | None = None
    updated_since: datetime | None = None
