from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from kernel.paging import Window
from kernel.principals import Principal
from pim.channels import queries as channel_queries
from pim.families import queries as family_queries
from pim.listings import model as listing_model
from pim.listings import queries as listing_queries
from pim.prices import queries as price_queries
from pim.products import model, queries, reading

from .access import Permission
from .attributes import Attribute
from .channels import Channel
from .context import Info
from .enums import ListingStatus
from .families import Family
from .fields import field, loads, mirrors
from .nodes import SOURCES, Node, Source, node_id
from .paging import Connection, connection
from .prices import Price

if TYPE_CHECKING:
    from .categories import Category

CATALOG = Permission.CATALOG_READ


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


def _prices_of(root: model.Variant, *, price_list: str) -> tuple[Any, str]:
    return root.id, price_list


@strawberry.type
@mirrors(model.Variant)
class Variant(Node):
    id = node_id("Variant")
    sku: str
    gtin: str | None
    values = loads(list[ProductValue], reading.values_by_variant, by="id", otherwise=(), needs=CATALOG)
    axis_values = loads(list[VariantAxis], reading.axes_by_variant, by="id", otherwise=(), needs=CATALOG)
    prices = loads(list[Price], price_queries.history, by=_prices_of, otherwise=(), needs=Permission.PRICES_READ)


@strawberry.type
@mirrors(listing_model.ProductListing)
class ProductListing:
    channel = loads(Channel, channel_queries.channels_by_code, by="channel")
    status: ListingStatus
    publish_from: datetime | None
    publish_until: datetime | None


def _listings_of(root: model.Product, *, caller: Principal) -> Any:
    return root.id, caller.channels


@strawberry.type
@mirrors(model.Product)
class Product(Node):
    id = node_id("Product")
    code: str
    revision: int
    updated_at: datetime
    values = loads(list[ProductValue], reading.values_by_product, by="id", otherwise=(), needs=CATALOG)
    categories = loads(
        list[Annotated["Category", strawberry.lazy("schema.categories")]],
        reading.categories_by_product,
        by="id",
        otherwise=(),
        needs=CATALOG,
    )
    family = loads(Family | None, family_queries.families_by_id, by="family_id", needs=CATALOG)
    variants = loads(list[Variant], queries.variants_by_product, by="id", otherwise=(), needs=CATALOG)
    listings = loads(
        list[ProductListing], listing_queries.product_listings, by=_listings_of, otherwise=(), needs=CATALOG
    )


SOURCES["Product"] = Source(queries.products_by_id, CATALOG)
SOURCES["Variant"] = Source(queries.variants_by_id, CATALOG)


@field(Product | None, needs=CATALOG)
async def product(_caller: Principal, info: Info, code: str) -> model.Product | None:
    return await info.context.reads.load(queries.products_by_code, code)


@field(Variant | None, needs=CATALOG)
async def variant(_caller: Principal, info: Info, sku: str) -> model.Variant | None:
    return await info.context.reads.load(queries.variants_by_sku, sku)


@field(Connection[Product], needs=CATALOG)
async def products(
    _caller: Principal,
    info: Info,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Any:
    window = Window.of(first, after, last, before)
    async with info.context.db.read() as conn:
        return connection(await queries.page_of_products(conn, window))
