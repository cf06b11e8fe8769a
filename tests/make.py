"""Small true worlds for tests: say what matters, the rest is made up."""

import hashlib
import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from kernel import ids
from kernel.db import WriteConn
from kernel.outbox import Event
from kernel.principals import Principal
from oms.locations import operations as locations
from oms.locations.model import Location
from pim.attributes import operations as attributes
from pim.attributes.model import Attribute, Option
from pim.categories import operations as categories
from pim.categories.model import Category
from pim.channels import operations as channels
from pim.channels.model import Channel
from pim.families import operations as families
from pim.families.model import Family, FamilyAttribute
from pim.media import operations as media
from pim.media.store import Kept
from pim.prices import operations as prices
from pim.prices.model import PriceList
from pim.products import operations as products
from pim.products import queries as product_queries
from pim.products.model import Product, ProductInput, Upserted, Variant, VariantInput

_number = itertools.count(1)

ADDRESS = {"street": "Hafenstraße 1", "city": "Hamburg", "postal_code": "20457", "country": "DE"}


def a_code(kind: str) -> str:
    return f"{kind}-{next(_number)}"


@dataclass(frozen=True, kw_only=True)
class Happened(Event):
    """Something that matters to nobody."""

    topic: ClassVar[str] = "STOCK"
    event: ClassVar[str] = "thing.happened"

    count: int = 0
    skus: tuple[str, ...] = ()
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Told(Happened):
    """The same of another topic."""

    topic: ClassVar[str] = "PRODUCT"


def happened(key: object = "a", count: int = 0, **given: Any) -> Happened:
    return Happened(entity=ids.entity("Thing", key), count=count, **given)


def a_principal(**given: Any) -> Principal:
    row: dict[str, Any] = {"id": uuid.uuid4(), "name": "Ada", "permissions": frozenset()}
    return Principal(**row | given)


async def a_channel(conn: WriteConn, **given: Any) -> Channel:
    row = {"code": a_code("shop"), "name": "A shop", "kind": "WEB", "currency": "EUR", "locales": ["de-DE"]}
    return await channels.save(conn, **row | given)


async def a_location(conn: WriteConn, **given: Any) -> Location:
    row = {"code": a_code("place"), "name": "A place", "kind": "STORE", "address": ADDRESS}
    return await locations.save(conn, **row | given)


async def a_category(conn: WriteConn, **given: Any) -> Category:
    return await categories.save(conn, **{"code": a_code("category"), "labels": {}} | given)


async def an_attribute(conn: WriteConn, **given: Any) -> Attribute:
    row = {"code": a_code("attribute"), "type": "TEXT", "labels": {}}
    if options := given.pop("options", None):
        given["options"] = [Option(code, {}) for code in options]
    return await attributes.define(conn, **row | given)


async def a_family(conn: WriteConn, *names: str, **given: Any) -> Family:
    """A family with the attributes ``names`` on the product; axes are on the variant."""
    row = {"code": a_code("family"), "labels": {}, "attributes": [FamilyAttribute(one, "PRODUCT") for one in names]}
    return await families.define(conn, **row | given)


async def a_price_list(conn: WriteConn, **given: Any) -> PriceList:
    return await prices.save_list(conn, **{"code": a_code("list"), "currency": "EUR"} | given)


async def a_product(conn: WriteConn, code: str | None = None, **given: Any) -> Product:
    """A product with one variant, whose sku is its code where nothing else is said."""
    code = code or a_code("product")
    given.setdefault("variants", (VariantInput(code),))
    saved = await products.upsert(conn, [ProductInput(code, **given)], actor="Ada")
    assert isinstance(saved.results[0], Upserted), saved.results
    return (await product_queries.products_by_code(conn, [code]))[code]


async def a_picture(conn: WriteConn) -> uuid.UUID:
    """A file that nobody will open."""
    digest = hashlib.sha256(a_code("picture").encode()).hexdigest()
    return (await media.add(conn, Kept(digest, "image/png", "IMAGE", 1, "", 1, 1), alt={})).id


async def a_variant(conn: WriteConn, sku: str | None = None) -> Variant:
    sku = sku or a_code("sku")
    await a_product(conn, sku)
    return (await product_queries.variants_by_sku(conn, [sku]))[sku]
