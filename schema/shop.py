from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from kernel.errors import InvalidInput
from kernel.paging import Window
from kernel.principals import Principal
from oms.locations import queries as location_queries
from oms.offers import model as offer_model
from oms.offers import queries as offer_queries
from oms.offers import sync as offer_sync
from pim.attributes.model import Group
from pim.channels import locales
from pim.listings import browsing, counting, filters, model, queries, suggesting
from pim.listings import offers as offering
from pim.media import model as media_model
from pim.media import queries as media_queries
from pim.prices import queries as price_queries

from .access import Permission
from .attributes import AttributeGroup, AttributeValue, value_of
from .context import Info
from .enums import AssociationKind, AvailabilityStatus, Direction, ListingSortKey
from .fields import computed, field, loads, mirrors
from .locations import Location
from .media import Image, Media, checked
from .money import Money
from .nodes import SOURCES, Node, Source, node_id
from .paging import Edge, PageInfo, page_info
from .prices import OfferPrice, PriceTier

SHOP = Permission.SHOP_READ
MOST_SKUS = 200


@strawberry.input
class AttributeFilter:
    code: str
    values: list[str] | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    unit: str | None = strawberry.field(
        default=None, description="Of min and max: a unit of the measurement, the attribute's own where none is given."
    )
    since: date | None = strawberry.field(default=None, name="from", description="The first day of a range of dates.")
    until: date | None = strawberry.field(default=None, description="The day before which a range of dates ends.")


@strawberry.input
class PriceRange:
    min: Decimal | None = None
    max: Decimal | None = None


@strawberry.input
class ListingFilter:
    search: str | None = None
    category: str | None = strawberry.field(default=None, description="The slug of a category; its subtree.")
    skus: list[str] | None = None
    attributes: list[AttributeFilter] | None = None
    price: PriceRange | None = None
    in_stock: bool | None = None


@strawberry.input
class ListingSort:
    by: ListingSortKey
    direction: Direction | None = Direction.ASC


def _shopcategory_name(root: strawberry.Parent[model.ShopCategory]) -> str:
    return locales.label(root.labels, root.shop.locale, root.slug)


@strawberry.type
@mirrors(model.ShopCategory)
class ShopCategory:
    slug: str
    path: str
    listing_count = loads(int, browsing.category_counts, by="in_shop", otherwise=0, known="count")
    children = loads(
        list[Annotated["ShopCategory", strawberry.lazy("schema.shop")]],
        browsing.below_category,
        by="in_shop",
        otherwise=(),
        known="below",
    )

    name = computed(str, _shopcategory_name)


@strawberry.type
class AxisOption:
    value: str
    label: str


@strawberry.type
@mirrors(model.Axis)
class ListingAxis:
    code: str
    label: str
    values: list[AxisOption]


@strawberry.type
@mirrors(model.AxisValue)
class AxisValue:
    code: str
    value: str
    label: str


def _listingattribute_code(root: strawberry.Parent[model.ListingAttribute]) -> str:
    return root.attribute.code


def _listingattribute_label(root: strawberry.Parent[model.ListingAttribute]) -> str:
    return locales.label(root.attribute.labels, root.locale, root.attribute.code)


def _listingattribute_group(root: strawberry.Parent[model.ListingAttribute]) -> Group | None:
    return replace(root.group, locale=root.locale) if root.group else None


def _listingattribute_value(root: strawberry.Parent[model.ListingAttribute]) -> Any:
    return value_of(root)


@strawberry.type
@mirrors(model.ListingAttribute)
class ListingAttribute:
    display: str

    code = computed(str, _listingattribute_code)

    label = computed(str, _listingattribute_label)

    group = computed(AttributeGroup | None, _listingattribute_group)

    value = computed(AttributeValue, _listingattribute_value)


@strawberry.type
@mirrors(offer_model.PickupStock)
class PickupStock:
    quantity: int
    location = loads(Location, location_queries.locations_by_id, by="location_id")


def _first(found: Any, *, first: int) -> Any:
    if not 0 <= first <= 100:  # noqa: PLR2004
        raise InvalidInput("first", "must be between 0 and 100")
    return found[:first]


def _thumbnail(found: list[media_model.Media], *, size: int) -> media_model.Image | None:
    checked(size)
    picture = next((one for one in found if one.kind == "IMAGE"), None)
    return media_model.thumbnail(picture, size) if picture else None


@strawberry.type
@mirrors(offer_model.Availability)
class Availability:
    status: AvailabilityStatus
    quantity: int
    restock_at: datetime | None
    pickup = loads(
        list[PickupStock],
        offer_queries.pickup_by_offer,
        by="on_channel",
        otherwise=(),
        pick=_first,
        description="Where it can be collected.",
    )


@strawberry.type
@mirrors(model.Offer)
class Offer:
    sku: str
    gtin: str | None
    name: str
    axis_values: list[AxisValue]
    listing: Annotated["Listing", strawberry.lazy("schema.shop")]
    price = loads(OfferPrice | None, price_queries.prices_by_offer, by="on_channel")
    tiers = loads(list[PriceTier], price_queries.tiers_by_offer, by="on_channel", otherwise=())
    availability = loads(Availability, offer_queries.availability_by_offer, by="on_channel")
    media = loads(
        list[Media],
        media_queries.media_by_variant,
        by="in_locale",
        otherwise=(),
        description="What shows this very variant; where nothing does, all that shows its listing.",
    )


@strawberry.type
@mirrors(model.Component)
class OfferComponent:
    sku: str
    quantity: int
    offer: Offer | None = strawberry.field(description="Null where it is not sold here by itself.")


def _related_key(root: model.Listing, *, kind: AssociationKind) -> Any:
    return root.product_in_shop, str(kind.value)


@strawberry.type
@mirrors(model.Listing)
class Listing(Node):
    id = node_id("Listing")
    slug: str
    name: str
    description = loads(
        str | None, queries.content_by_listing, by="product_in_shop", pick=lambda found: found.description
    )
    category = loads(ShopCategory | None, browsing.shop_categories, by="category_in_shop")
    breadcrumbs = loads(list[ShopCategory], browsing.breadcrumbs, by="category_in_shop", otherwise=())
    media = loads(list[Media], media_queries.media_by_product, by="product_in_locale", otherwise=())
    thumbnail = loads(Image | None, media_queries.media_by_product, by="product_in_locale", pick=_thumbnail)
    attributes = loads(
        list[ListingAttribute],
        queries.content_by_listing,
        by="product_in_shop",
        otherwise=(),
        pick=lambda found: found.attributes,
    )
    axes = loads(list[ListingAxis], offering.offers_by_listing, by="itself", otherwise=(), pick=offering.axes_of)
    related = loads(
        list[Annotated["Listing", strawberry.lazy("schema.shop")]],
        queries.related,
        by=_related_key,
        otherwise=(),
        pick=_first,
    )
    offers = loads(list[Offer], offering.offers_by_listing, by="itself", otherwise=())
    components = loads(
        list[OfferComponent],
        offering.components,
        by="product_in_shop",
        otherwise=(),
        description="What one of it consists of, where it is a bundle.",
    )


SOURCES["Listing"] = Source(queries.nodes_by_id, SHOP, sees=lambda caller, one: caller.sells_on(one.shop.channel.code))


@strawberry.type
@mirrors(model.FacetValue)
class FacetValue:
    value: str
    label: str
    count: int


@strawberry.type
@mirrors(model.Span)
class FacetRange:
    min: Decimal | None
    max: Decimal | None
    unit: str | None = strawberry.field(description="Of min and max: a unit, or a currency.")
    first: date | None = strawberry.field(description="Of dates.")
    last: date | None


@strawberry.type(description="What an attribute is among the listings, whatever is picked of the attribute itself.")
@mirrors(model.Facet)
class Facet:
    code: str
    label: str
    values: list[FacetValue]
    range: FacetRange | None = strawberry.field(description="Of numbers, measurements, amounts of money and dates.")


@strawberry.type
@mirrors(model.PriceSpan)
class PriceSpan:
    min: Money
    max: Money


@strawberry.type
class ListingConnection:
    edges: list[Edge[Listing]]
    page_info: PageInfo
    query: strawberry.Private[filters.Resolved]
    total_count = loads(int, counting.counts, by="query", otherwise=0)
    facets = loads(list[Facet], counting.facets, by="query", otherwise=())
    price_span = loads(
        PriceSpan | None,
        counting.price_spans,
        by="query",
        description="The lowest and highest price of what is found at any price.",
    )


@strawberry.type
@mirrors(offer_sync.Item)
class SyncItem:
    sku: str
    offer: Offer | None = strawberry.field(description="Null when the sku is gone from this channel.")


@strawberry.type
@mirrors(offer_sync.SyncPage)
class SyncPage:
    items: list[SyncItem]
    cursor: str
    caught_up: bool


def _query(shop: model.Shop, filter: ListingFilter | None, sort: ListingSort | None) -> model.ListingQuery:
    given = filter or ListingFilter()
    price = given.price or PriceRange()
    wanted = model.ListingFilter(
        search=given.search or None,
        category=given.category,
        skus=tuple(given.skus) if given.skus is not None else None,
        attributes=tuple(
            model.AttributeFilter(
                one.code,
                tuple(one.values) if one.values is not None else None,
                one.min,
                one.max,
                one.unit,
                one.since,
                one.until,
            )
            for one in given.attributes or ()
        ),
        min_price=price.min,
        max_price=price.max,
        in_stock=given.in_stock,
    )
    by = sort.by.value if sort else "RELEVANCE" if wanted.search else "POSITION"
    return model.ListingQuery(shop, wanted, by, descending=bool(sort and sort.direction is Direction.DESC))


async def _shop_listings(
    root: strawberry.Parent[model.Shop],
    info: Info,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    filter: ListingFilter | None = None,
    sort: ListingSort | None = None,
) -> ListingConnection:
    window = Window.of(first, after, last, before)
    async with info.context.db.read() as conn:
        query = await filters.resolve(conn, _query(root, filter, sort))
        page = await queries.page_of_listings(conn, query, window)
    edges: list[Any] = [Edge(cursor=c, node=one) for c, one in zip(page.cursors, page.items, strict=True)]
    return ListingConnection(edges=edges, page_info=page_info(page), query=query)


async def _shop_suggest(
    root: strawberry.Parent[model.Shop], info: Info, query: str, first: int = 6
) -> model.Suggestions:
    async with info.context.db.read() as conn:
        return await suggesting.suggest(conn, root, query, first=first)


async def _shop_listing(root: strawberry.Parent[model.Shop], info: Info, slug: str) -> model.Listing | None:
    return await info.context.reads.load(queries.listings_by_slug, (root, slug))


async def _shop_offers(root: strawberry.Parent[model.Shop], info: Info, skus: list[str]) -> list[model.Offer]:
    if len(skus) > MOST_SKUS:
        raise InvalidInput("skus", f"must be at most {MOST_SKUS}")
    async with info.context.db.read() as conn:
        found = await offering.offers_by_sku(conn, [(root, sku) for sku in skus])
    return [found[root, sku] for sku in skus if (root, sku) in found]


async def _shop_categories(root: strawberry.Parent[model.Shop], info: Info) -> list[model.ShopCategory]:
    async with info.context.db.read() as conn:
        return await browsing.category_tree(conn, root)


async def _shop_sync(
    root: strawberry.Parent[model.Shop], info: Info, first: int, after: str | None = None
) -> offer_sync.SyncPage:
    async with info.context.db.read() as conn:
        return await offer_sync.read(conn, root, first=first, after=after)


@strawberry.type
@mirrors(model.Suggestions)
class Suggestions:
    searches: list[str] = strawberry.field(description="What is typed, with its last word completed.")
    listings: list[Listing]
    categories: list[ShopCategory]


@strawberry.type
@mirrors(model.Shop)
class Shop:
    listings = computed(ListingConnection, _shop_listings)
    listing = computed(Listing | None, _shop_listing)
    suggest = computed(
        Suggestions, _shop_suggest, description="What may be meant by what is typed so far: at most 20 of each."
    )
    offers = computed(
        list[Offer],
        _shop_offers,
        description="The offers of up to 200 skus, in the order asked; those not offered are left out.",
    )
    categories = computed(list[ShopCategory], _shop_categories)
    sync = computed(
        SyncPage, _shop_sync, description="Everything the channel sells, then what changed: follow the cursor."
    )


@field(Shop, needs=SHOP)
async def shop(caller: Principal, info: Info, channel: str, locale: str | None = None) -> model.Shop:
    async with info.context.db.read() as conn:
        return await queries.shop(conn, caller, channel=channel, locale=locale)
