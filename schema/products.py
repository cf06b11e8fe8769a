from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from kernel.paging import Window
from kernel.principals import Principal
from pim.attributes import queries as attribute_queries
from pim.catalog import browsing
from pim.catalog import model as catalog_model
from pim.channels import queries as channel_queries
from pim.completeness import model as completeness_model
from pim.completeness import queries as completeness_queries
from pim.drafts import queries as draft_queries
from pim.families import queries as family_queries
from pim.listings import model as listing_model
from pim.listings import queries as listing_queries
from pim.prices import queries as price_queries
from pim.products import gtins, holding, model, queries, reading, resolved, revisions

from .access import Permission
from .attributes import Attribute
from .channels import Channel
from .context import Info
from .drafts import ProductDraft
from .enums import AssociationKind, ListingStatus
from .families import Family
from .fields import computed, field, loads, mirrors, several
from .labels import Label
from .media import Media
from .nodes import SOURCES, Node, Source, node_id
from .paging import Connection, Edge, PageInfo, connection, page_info
from .prices import Price
from .resolved import ResolvedValue, where
from .revisions import Revision

if TYPE_CHECKING:
    from .categories import Category

CATALOG = Permission.CATALOG_READ
_attributes = several(attribute_queries.attributes_by_code)


@strawberry.type
@mirrors(reading.ProductValue)
class ProductValue:
    attribute: Attribute
    channel: Channel | None
    locale: str | None
    display: str


@strawberry.type
class VariantAxis:
    code: str
    value: str
    label: str


def _then(name: str) -> Any:
    """What a product or variant that is shown as it was had in its list ``name``; None where it is shown as it is."""
    return lambda root: getattr(root.then, name) if root.then else None


def _digital_link(root: strawberry.Parent[model.Variant], info: Info) -> str | None:
    return gtins.digital_link(root.gtin, info.context.resolver)


def _prices_of(root: model.Variant, *, price_list: str) -> tuple[Any, str]:
    return root.id, price_list


@strawberry.type
@mirrors(model.Variant)
class Variant(Node):
    id = node_id("Variant")
    sku: str
    gtin: str | None
    digital_link = computed(
        str | None, _digital_link, description="Its GS1 Digital Link, by GTIN; null where it has none."
    )
    values = loads(
        list[ProductValue],
        reading.values_by_variant,
        by="id",
        otherwise=(),
        known=_then("values"),
        needs=CATALOG,
    )
    resolved = loads(
        list[ResolvedValue],
        resolved.resolved_by_variant,
        by=where,
        otherwise=(),
        needs=CATALOG,
        description="What counts on a channel in a locale: the variant's own values, else its product's.",
    )
    axis_values = loads(
        list[VariantAxis],
        reading.axes_by_variant,
        by="id",
        otherwise=(),
        known=_then("axis_values"),
        needs=CATALOG,
    )
    prices = loads(list[Price], price_queries.history, by=_prices_of, otherwise=(), needs=Permission.PRICES_READ)


@strawberry.type
@mirrors(listing_model.ProductListing)
class ProductListing:
    channel = loads(Channel, channel_queries.channels_by_code, by="channel")
    status: ListingStatus
    publish_from: datetime | None
    publish_until: datetime | None
    by_rule: bool = strawberry.field(description="Listed by the rules of the channel, not by hand.")


@strawberry.type
@mirrors(completeness_model.Completeness)
class Completeness:
    locale: str
    percent: int = strawberry.field(description="Rounded down: 100 means that nothing is missing.")
    channel = loads(Channel, channel_queries.channels_by_code, by="channel")
    missing = loads(list[Attribute], _attributes, by="missing", otherwise=())


def _completeness_of(root: model.Product, *, channel: str | None = None, locale: str | None = None) -> Any:
    return root.id, channel, locale


def _listings_of(root: model.Product, *, caller: Principal) -> Any:
    return root.id, caller.channels


def _revisions_of(root: model.Product, *, first: int | None = None, after: str | None = None) -> Any:
    return root.id, Window.of(first, after)


@strawberry.type
@mirrors(reading.Component)
class BundleComponent:
    sku: str
    quantity: int
    variant = loads(Variant | None, queries.variants_by_sku, by="sku")


@strawberry.type
@mirrors(reading.Association)
class Association:
    kind: AssociationKind
    products = loads(
        list[Annotated["Product", strawberry.lazy("schema.products")]], reading.products_of, by="codes", otherwise=()
    )


@strawberry.type
@mirrors(model.Product)
class Product(Node):
    id = node_id("Product")
    code: str
    revision: int
    updated_at: datetime
    draft = loads(ProductDraft | None, draft_queries.drafts_by_code, by="code", needs=CATALOG)
    resolved = loads(
        list[ResolvedValue],
        resolved.resolved_by_product,
        by=where,
        otherwise=(),
        needs=CATALOG,
        description="What counts on a channel in a locale: de-AT falls back to de, to the channel's default, to all.",
    )
    values = loads(
        list[ProductValue],
        reading.values_by_product,
        by="id",
        otherwise=(),
        known=_then("values"),
        needs=CATALOG,
    )
    categories = loads(
        list[Annotated["Category", strawberry.lazy("schema.categories")]],
        reading.categories_by_product,
        by="id",
        otherwise=(),
        known=_then("categories"),
        needs=CATALOG,
    )
    family = loads(Family | None, family_queries.families_by_id, by="family_id", needs=CATALOG)
    completeness = loads(
        list[Completeness],
        completeness_queries.completeness_by_product,
        by=_completeness_of,
        otherwise=(),
        needs=CATALOG,
        description="How far it is filled in, for each channel and locale; nothing where it has no family.",
    )
    variants = loads(
        list[Variant],
        queries.variants_by_product,
        by="id",
        otherwise=(),
        known=_then("variants"),
        needs=CATALOG,
    )
    associations = loads(
        list[Association],
        reading.associations_by_product,
        by="id",
        otherwise=(),
        known=_then("associations"),
        needs=CATALOG,
        description="What it is linked to, kind by kind; BOUGHT_TOGETHER as orders tell.",
    )
    components = loads(
        list[BundleComponent],
        reading.components_by_product,
        by="id",
        otherwise=(),
        known=_then("components"),
        needs=CATALOG,
        description="What a bundle consists of.",
    )
    media = loads(list[Media], reading.media_by_product, by="id", otherwise=(), known=_then("media"), needs=CATALOG)
    slugs = loads(
        list[Label],
        reading.slugs_by_product,
        by="id",
        otherwise=(),
        known=_then("slugs"),
        needs=CATALOG,
        description="The addresses it was given, by locale; listings make the others from their names.",
    )
    revisions = loads(
        Connection[Revision],
        revisions.page_by_product,
        by=_revisions_of,
        pick=connection,
        needs=CATALOG,
        description="Every change, the newest first; the last is its creation.",
    )
    listings = loads(
        list[ProductListing], listing_queries.product_listings, by=_listings_of, otherwise=(), needs=CATALOG
    )


SOURCES["Product"] = Source(queries.products_by_id, CATALOG)
SOURCES["Variant"] = Source(queries.variants_by_id, CATALOG)


@field(
    Product | None,
    needs=CATALOG,
    description="With ``at``, as it was at that moment, or null where it was not there yet; listings, prices and "
    "completeness are always those of now.",
)
async def product(_caller: Principal, info: Info, code: str, at: datetime | None = None) -> model.Product | None:
    if at is not None:
        return await info.context.reads.load(reading.products_at, (code, at))
    return await info.context.reads.load(queries.products_by_code, code)


@field(Variant | None, needs=CATALOG)
async def variant(_caller: Principal, info: Info, sku: str) -> model.Variant | None:
    return await info.context.reads.load(queries.variants_by_sku, sku)


@strawberry.type
class ProductConnection:
    edges: list[Edge[Product]]
    page_info: PageInfo
    wanted: strawberry.Private[catalog_model.ProductFilter]
    total_count = loads(int, browsing.product_counts, by="wanted", otherwise=0)


@strawberry.input(description="Products filled in for less than `below` percent on a channel in a locale.")
class CompletenessFilter:
    channel: str
    locale: str
    below: int


@strawberry.input(description="A value that a product or one of its variants has, in any channel and locale.")
class ProductValueFilter:
    code: str
    values: list[str] | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    unit: str | None = None
    empty: bool | None = strawberry.field(
        default=None, description="True: neither the product nor a variant has a value; false: one of them has."
    )


@strawberry.input
class ProductListingFilter:
    channel: str
    status: ListingStatus | None = strawberry.field(default=None, description="Any, where none is given.")
    listed: bool | None = strawberry.field(default=True, description="False: not on the channel in any state.")


@strawberry.input(description="What products are wanted; every condition given must hold.")
class ProductFilter:
    codes: list[str] | None = None
    search: str | None = strawberry.field(default=None, description="Words of codes, skus and searchable values.")
    family: str | None = None
    category: str | None = strawberry.field(default=None, description="The code of a category; its subtree.")
    attributes: list[ProductValueFilter] | None = None
    completeness: CompletenessFilter | None = None
    listing: ProductListingFilter | None = None
    updated_since: datetime | None = None


def wanted(given: ProductFilter | None) -> catalog_model.ProductFilter:
    """What the domain is asked for."""
    if given is None:
        return catalog_model.ProductFilter()
    of, on = given.completeness, given.listing
    return catalog_model.ProductFilter(
        tuple(given.codes) if given.codes is not None else None,
        given.search or None,
        given.family,
        given.category,
        tuple(
            holding.ValueFilter(**vars(one) | {"values": None if one.values is None else tuple(one.values)})
            for one in given.attributes or ()
        ),
        catalog_model.CompletenessFilter(of.channel, of.locale, of.below) if of else None,
        catalog_model.ListingFilter(on.channel, on.status and on.status.value, on.listed is not False) if on else None,
        given.updated_since,
    )


@field(ProductConnection, needs=CATALOG, description="By code.")
async def products(
    _caller: Principal,
    info: Info,
    filter: ProductFilter | None = None,
    *,
    window: Window,
) -> Any:
    query = wanted(filter)
    async with info.context.db.read() as conn:
        page = await browsing.page_of_products(conn, query, window)
    edges: list[Any] = [Edge(cursor=c, node=one) for c, one in zip(page.cursors, page.items, strict=True)]
    return ProductConnection(edges=edges, page_info=page_info(page), wanted=query)
