import uuid
from collections.abc import Collection

from sqlalchemy import any_, func, select

from kernel.db import ReadConn, fetch, texts, uuids
from kernel.paging import Order, Page, Window, pages_by_window
from pim.categories.tables import category
from pim.families import queries as family_queries
from pim.media import queries as media_queries
from pim.media.tables import product_media

from .model import Product, Variant
from .states import State, VariantState
from .tables import (
    bought_together,
    product,
    product_association,
    product_category,
    product_component,
    product_slug,
    variant,
)

_p, _v = product.c, variant.c
PRODUCTS = select(_p.id, _p.code, _p.family_id, _p.content, _p.revision, _p.updated_at)
_VARIANTS = select(_v.id, _v.product_id, _v.sku, _v.gtin, _v.content, _v.axes, _v.position)


async def products_by_id(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Product]:
    return {one.id: one for one in await fetch(conn, PRODUCTS.where(_p.id == any_(uuids(ids))), Product)}


async def products_by_code(conn: ReadConn, codes: Collection[str]) -> dict[str, Product]:
    return {one.code: one for one in await fetch(conn, PRODUCTS.where(_p.code == any_(texts(codes))), Product)}


async def ids_after(conn: ReadConn, after: uuid.UUID | None, most: int) -> list[uuid.UUID]:
    """The next products behind ``after``, in the order of their ids."""
    wanted = select(_p.id) if after is None else select(_p.id).where(_p.id > after)
    return list((await conn.execute(wanted.order_by(_p.id).limit(most))).scalars())


async def count(conn: ReadConn, most: int | None = None) -> int:
    """How many products there are; counted no further than ``most``."""
    return (await conn.execute(select(func.count()).select_from(select(_p.id).limit(most).subquery()))).scalar_one()


async def ids_by_code(conn: ReadConn, codes: Collection[str]) -> dict[str, uuid.UUID]:
    rows = await conn.execute(select(_p.code, _p.id).where(_p.code == any_(texts(codes))))
    return {row.code: row.id for row in rows}


async def products_by_media(
    conn: ReadConn, keys: Collection[tuple[uuid.UUID, Window]]
) -> dict[tuple[uuid.UUID, Window], Page[Product]]:
    """A page of the products that show each file, by code."""
    shown = PRODUCTS.join(product_media, product_media.c.product_id == _p.id)
    order = Order("product.code", [_p.code], kinds=[str])
    return await pages_by_window(conn, shown, product_media.c.media_id, keys, order, Product)


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


async def bought_together_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[str, ...]]:
    """The codes of the products that are bought with each, the most often first."""
    b = bought_together.c
    wanted = select(b.product_id, _p.code).join(product, _p.id == b.target_id).where(b.product_id == any_(uuids(ids)))
    found: dict[uuid.UUID, tuple[str, ...]] = {}
    for product_id, code in await conn.execute(wanted.order_by(b.product_id, b.position)):
        found[product_id] = (*found.get(product_id, ()), code)
    return found


async def components_by_product(
    conn: ReadConn, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, tuple[tuple[str, int], ...]]:
    """What each bundle consists of, skus with quantities, in their order."""
    c = product_component.c
    wanted = (
        select(c.product_id, _v.sku, c.quantity)
        .join(variant, _v.id == c.variant_id)
        .where(c.product_id == any_(uuids(ids)))
        .order_by(c.product_id, c.position)
    )
    found: dict[uuid.UUID, tuple[tuple[str, int], ...]] = {}
    for product_id, sku, quantity in await conn.execute(wanted):
        found[product_id] = (*found.get(product_id, ()), (sku, quantity))
    return found


async def slugs_by_product(conn: ReadConn, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, str]]:
    """The slugs that each product was given, by locale."""
    c = product_slug.c
    found: dict[uuid.UUID, dict[str, str]] = {}
    wanted = select(c.product_id, c.locale, c.slug).where(c.product_id == any_(uuids(ids))).order_by(c.locale)
    for product_id, locale, slug in await conn.execute(wanted):
        found.setdefault(product_id, {})[locale] = slug
    return found


async def given_slugs(conn: ReadConn, slugs: Collection[str]) -> set[str]:
    """Those of ``slugs`` that products were given."""
    c = product_slug.c
    return set((await conn.execute(select(c.slug).where(c.slug == any_(texts(slugs))))).scalars())


async def states_by_product(conn: ReadConn, products: Collection[Product]) -> dict[uuid.UUID, State]:
    """Everything that can be changed of these products."""
    ids = [one.id for one in products]
    if not ids:
        return {}
    variants = await variants_by_product(conn, ids)
    categories = await category_codes_by_product(conn, ids)
    associations = await associations_by_product(conn, ids)
    components = await components_by_product(conn, ids)
    media = await media_queries.ids_by_product(conn, ids)
    slugs = await slugs_by_product(conn, ids)
    families = await family_queries.families_by_id(conn, {one.family_id for one in products if one.family_id})
    return {
        one.id: State(
            one.code,
            families[one.family_id].code if one.family_id else None,
            one.content,
            categories.get(one.id, ()),
            {v.sku: VariantState(v.sku, v.gtin, v.content, v.axes) for v in variants.get(one.id, ())},
            associations.get(one.id, {}),
            components.get(one.id, ()),
            media.get(one.id, ()),
            slugs.get(one.id, {}),
        )
        for one in products
    }
