import uuid
from collections.abc import Collection

from sqlalchemy import any_, or_, select

from kernel.db import ReadConn, fetch, texts, uuids
from kernel.paging import Order, Page, Window, page
from pim.categories.tables import category

from .model import Product, Variant
from .tables import product, product_association, product_category, variant

_p, _v = product.c, variant.c
_PRODUCTS = select(_p.id, _p.code, _p.family_id, _p.content, _p.revision, _p.updated_at)
_VARIANTS = select(_v.id, _v.product_id, _v.sku, _v.gtin, _v.content, _v.axes, _v.position)


async def products_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Product]:
    return {one.id: one for one in await fetch(conn, _PRODUCTS.where(_p.id == any_(uuids(ids))), Product)}


async def products_by_code(conn: ReadConn, codes: Collection[str]) -> dict[str, Product]:
    return {one.code: one for one in await fetch(conn, _PRODUCTS.where(_p.code == any_(texts(codes))), Product)}


async def page_of_products(conn: ReadConn, window: Window) -> Page[Product]:
    return await page(conn, _PRODUCTS, Order("product.code", [_p.code], kinds=[str]), window, Product)


async def variants_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Variant]:
    return {one.id: one for one in await fetch(conn, _VARIANTS.where(_v.id == any_(uuids(ids))), Variant)}


async def variants_by_sku(conn: ReadConn, skus: Collection[str]) -> dict[str, Variant]:
    return {one.sku: one for one in await fetch(conn, _VARIANTS.where(_v.sku == any_(texts(skus))), Variant)}


async def variants_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Variant]]:
    wanted = _VARIANTS.where(_v.product_id == any_(uuids(ids))).order_by(_v.product_id, _v.position, _v.sku)
    found: dict[uuid.UUID, list[Variant]] = {}
    for one in await fetch(conn, wanted, Variant):
        found.setdefault(one.product_id, []).append(one)
    return found


async def variants_clashing(conn: ReadConn, skus: Collection[str], gtins: Collection[str]) -> list[Variant]:
    """The variants that have one of these skus or GTINs already."""
    return await fetch(conn, _VARIANTS.where(or_(_v.sku == any_(texts(skus)), _v.gtin == any_(texts(gtins)))), Variant)


async def category_codes_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[str, ...]]:
    pc = product_category.c
    wanted = (
        select(pc.product_id, category.c.code)
        .join(category, category.c.id == pc.category_id)
        .where(pc.product_id == any_(uuids(ids)))
        .order_by(pc.product_id, pc.position)
    )
    found: dict[uuid.UUID, tuple[str, ...]] = {}
    for product_id, code in await conn.execute(wanted):
        found[product_id] = (*found.get(product_id, ()), code)
    return found


async def categories_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[uuid.UUID]]:
    """The ids of each product's categories, in their order."""
    pc = product_category.c
    wanted = select(pc.product_id, pc.category_id).where(pc.product_id == any_(uuids(ids)))
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for product_id, category_id in await conn.execute(wanted.order_by(pc.product_id, pc.position)):
        found.setdefault(product_id, []).append(category_id)
    return found


async def associations_by_product(
    conn: ReadConn, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, dict[str, tuple[str, ...]]]:
    """The codes of the products each product points to, by kind of association, in their order."""
    a = product_association.c
    wanted = (
        select(a.product_id, a.kind, _p.code)
        .join(product, _p.id == a.target_id)
        .where(a.product_id == any_(uuids(ids)))
        .order_by(a.product_id, a.kind, a.position)
    )
    found: dict[uuid.UUID, dict[str, tuple[str, ...]]] = {}
    for product_id, kind, code in await conn.execute(wanted):
        kinds = found.setdefault(product_id, {})
        kinds[kind] = (*kinds.get(kind, ()), code)
    return found
