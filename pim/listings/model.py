import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kernel.money import Money
from pim.attributes.model import Attribute, Group, Option
from pim.channels.model import Channel


@dataclass(frozen=True, slots=True)
class Shop:
    """One channel as a storefront sees it, in the locale of the channel that serves the visitor best."""

    channel: Channel
    locale: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A product that a channel shows now."""

    id: uuid.UUID
    product_id: uuid.UUID
    category_id: uuid.UUID | None
    slug: str
    name: str
    shop: Shop

    @property
    def in_shop(self) -> tuple[Shop, uuid.UUID]:
        return self.shop, self.id

    @property
    def category_in_shop(self) -> tuple[Shop, uuid.UUID | None]:
        return self.shop, self.category_id

    @property
    def product_in_locale(self) -> tuple[str, uuid.UUID]:
        return self.shop.locale, self.product_id

    @property
    def itself(self) -> "Listing":
        return self

    @property
    def product_in_shop(self) -> tuple[Shop, uuid.UUID]:
        return self.shop, self.product_id


@dataclass(frozen=True, slots=True)
class AxisValue:
    code: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """One way in which the offers of a listing differ, and the values there are."""

    code: str
    label: str
    values: tuple[AxisValue, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant as a channel sells it."""

    variant_id: uuid.UUID
    sku: str
    gtin: str | None
    name: str
    axis_values: tuple[AxisValue, ...]
    axis_labels: Mapping[str, str] = field(hash=False, compare=False)
    listing: Listing

    @property
    def on_channel(self) -> tuple[uuid.UUID, uuid.UUID]:
        return self.listing.shop.channel.id, self.variant_id

    @property
    def in_locale(self) -> tuple[str, uuid.UUID, uuid.UUID]:
        return self.listing.shop.locale, self.listing.product_id, self.variant_id


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a bundle; ``offer`` is None where the channel does not sell it by itself."""

    sku: str
    quantity: int
    offer: Offer | None


@dataclass(frozen=True, slots=True)
class ListingAttribute:
    attribute: Attribute
    group: Group | None
    options: Mapping[str, Option]
    stored: Any
    locale: str
    display: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a listing's page says about its product."""

    description: str | None
    attributes: tuple[ListingAttribute, ...]


@dataclass(frozen=True, slots=True)
class ShopCategory:
    """A category in a shop; ``below`` and ``count`` are None until they are asked for."""

    id: uuid.UUID
    slug: str
    path: str
    labels: dict[str, str]
    shop: Shop
    below: "tuple[ShopCategory, ...] | None" = None
    count: int | None = None

    @property
    def in_shop(self) -> tuple[Shop, uuid.UUID]:
        return self.shop, self.id


@dataclass(frozen=True, slots=True)
class AttributeFilter:
    """One attribute's values, or from where to where: ``max`` and ``since`` are included, ``until`` is not."""

    code: str
    values: tuple[str, ...] | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    unit: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class ListingFilter:
    """What listings are wanted; every condition that is not None must hold."""

    search: str | None = None
    category: str | None = None
    skus: tuple[str, ...] | None = None
    attributes: tuple[AttributeFilter, ...] = ()
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool | None = None


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """A list of listings: it is the key of its count and of its facets."""

    shop: Shop
    filter: ListingFilter = ListingFilter()
    by: str = "POSITION"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Span:
    """From where to where the values of a facet go: numbers in ``unit``, or dates."""

    min: Decimal | None = None
    max: Decimal | None = None
    unit: str | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """What an attribute is among the listings of a query: its values with their counts, or its span."""

    code: str
    label: str
    values: tuple[FacetValue, ...]
    range: Span | None = None


@dataclass(frozen=True, slots=True)
class PriceSpan:
    min: Money
    max: Money


@dataclass(frozen=True, slots=True)
class Suggestions:
    """``searches`` are what may be meant as a whole: what is typed, with its last word completed."""

    searches: list[str]
    listings: list[Listing]
    categories: list[ShopCategory]


@dataclass(frozen=True, slots=True)
class ProductListing:
    """A product on a channel, as a merchandiser sees it: DRAFT, SCHEDULED, PUBLISHED or WITHDRAWN.

    ``by_rule`` where the channel's rules listed it, not somebody.
    """

    id: uuid.UUID
    product_id: uuid.UUID
    channel: str
    status: str
    publish_from: datetime | None
    publish_until: datetime | None
    position: int
    by_rule: bool


@dataclass(frozen=True, slots=True)
class Skipped:
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Published:
    published: int
    skipped: tuple[Skipped, ...]
