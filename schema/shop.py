from dataclasses import replace
from typing import Annotated, Any

import strawberry

from kernel.errors import InvalidInput
from kernel.paging import Window
from kernel.principals import Principal
from oms.offers import sync as offer_sync
from pim.attributes.model import Group
from pim.channels import locales
from pim.listings import browsing, counting, filters, model, queries, suggesting
from pim.listings import offers as offering
from pim.media import model as media_model
from pim.media import queries as media_queries

from .access import Permission
from .attributes import AttributeGroup, AttributeValue, value_of
from .context import Info
from .enums import AssociationKind
from .facets import Facet, ListingFilter, ListingSort, PriceSpan, query_of
from .fields import computed, field, loads, mirrors
from .media import Image, Media, checked
from .nodes import SOURCES, Node, Source, node_id
from .offers import Offer, OfferComponent, first_of
from .paging import Edge, PageInfo, page_info

SHOP = Permission.SHOP_READ
MOST_SKUS = 200


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


def _thumbnail(found: list[media_model.Media], *, size: int) -> media_model.Image | None:
    checked(size)
    picture = next((one for one in found if one.kind == "IMAGE"), None)
    return media_model.thumbnail(picture, size) if picture else None


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
        pick=first_of,
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
        query = await filters.resolve(conn, query_of(root, filter, sort))
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
