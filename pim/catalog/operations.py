"""Changes that reach across slices of the catalog, and keep what channels show in line with it."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from kernel import ids
from kernel.db import WriteConn
from kernel.outbox import emit
from pim.assortments import following as assortments
from pim.channels.model import Channel
from pim.completeness import operations as completeness_operations
from pim.listings import operations as listing_operations
from pim.listings import queries as listing_queries
from pim.prices import operations as price_operations
from pim.prices.events import PriceChanged
from pim.prices.model import PriceInput, PricesSet
from pim.products import operations as product_operations
from pim.products import revisions
from pim.products.catalogs import Catalog
from pim.products.model import NotRestorable, ProductInput, Refused, Saved, Upserted

from . import locking

LATE = timedelta(minutes=10)  # what was written before its time came, and committed after, is found for so long


async def save_products(
    conn: WriteConn,
    products: Sequence[ProductInput],
    *,
    actor: str,
    bulk: bool = False,
    catalog: Catalog | None = None,
) -> Saved:
    """Upsert products for ``actor`` and bring their completeness and listings in line. Raises InvalidInput."""
    await locking.share(conn)
    saved = await _upsert(conn, products, actor=actor, bulk=bulk, catalog=catalog)
    await _derive(conn, saved.changed, bulk=bulk)
    return saved


async def _upsert(
    conn: WriteConn, products: Sequence[ProductInput], *, actor: str, bulk: bool = False, catalog: Catalog | None = None
) -> Saved:
    """Upsert products that keep off the slugs at which channels show others."""
    slugs = {slug for one in products for slug in (one.slugs or {}).values() if slug}
    shown = await listing_queries.slugs_shown(conn, slugs) if slugs else ()
    return await product_operations.upsert(conn, products, actor=actor, bulk=bulk, catalog=catalog, shown=shown)


async def refresh(
    conn: WriteConn,
    product_ids: Sequence[uuid.UUID],
    *,
    bulk: bool = False,
    listings: bool = True,
    only: Channel | None = None,
) -> None:
    """Bring what is derived from these products in line with them and with the model.

    That is how complete they are, what rules list of them, and their listings: all of them, or where not ``listings``
    those that rules change. On other channels than ``only``, where it is given, nothing is listed and no listing is
    looked at.
    """
    await locking.share(conn)
    await product_operations.hold(conn, product_ids)
    await _derive(conn, product_ids, bulk=bulk, listings=listings, only=only)


async def _derive(
    conn: WriteConn,
    product_ids: Sequence[uuid.UUID],
    *,
    bulk: bool,
    listings: bool = True,
    only: Channel | None = None,
) -> None:
    """The same where the rules are shared and the products are held."""
    await completeness_operations.refresh(conn, product_ids)
    changed = await assortments.follow(conn, product_ids, None if only is None else [only.id])
    await listing_operations.refresh(conn, product_ids if listings else changed, bulk=bulk, only=only)


async def preview_products(conn: WriteConn, products: Sequence[ProductInput], *, actor: str) -> Saved:
    """What ``save_products`` would answer, each result with its changes. Changes nothing. Raises InvalidInput."""
    trial = await conn.begin_nested()
    try:
        saved = await _upsert(conn, products, actor=actor)
        made = [one.version for one in saved.results if isinstance(one, Upserted) and one.changed]
        changes = await revisions.changes_by_version(conn, made)
    finally:
        await trial.rollback()
    return Saved(
        [
            replace(one, changes=tuple(changes.get(one.version, ()))) if isinstance(one, Upserted) else one
            for one in saved.results
        ]
    )


async def restore_revision(conn: WriteConn, *, product: str, revision: int, actor: str) -> Upserted:
    """Make a product what it was at ``revision``, which is a revision of its own; variants that came since stay.

    Raises NotFound, and NotRestorable place by place where it was made of things that are no more.
    """
    await locking.share(conn)
    restoring = await product_operations.restoring_of(conn, product=product, revision=revision)
    [saved] = (await save_products(conn, [restoring.input], actor=actor)).results
    if isinstance(saved, Refused):
        raise NotRestorable(product, revision, restoring.named(saved).problems)
    return saved


async def set_prices(
    conn: WriteConn, *, price_list: str, prices: Sequence[PriceInput], set_by: str, now: datetime, bulk: bool = False
) -> PricesSet:
    """Set prices and those by which listings are sorted. Raises as ``prices.operations.set_prices`` does."""
    done, products = await price_operations.set_prices(
        conn, price_list=price_list, prices=prices, set_by=set_by, now=now, bulk=bulk
    )
    await listing_operations.reprice(conn, products)
    return done


async def tick(conn: WriteConn, *, most: int = 1000) -> int:
    """Tell what time alone has changed since the last tick: prices and listing windows that began or ended.

    Time is the database's, by which listings are visible and prices in force. The watermark moves in the same
    transaction, so nothing is told twice or never. Returns how many were told.
    """
    since = (await conn.execute(_WATERMARK)).scalar_one()
    prices = (await conn.execute(_PRICES_DUE, {"since": since, "late": since - LATE})).all()
    due = [row for row in prices if row.is_due]
    await emit(conn, *(_price_changed(row) for row in due), bulk=len(due) > most)
    await listing_operations.reprice(conn, sorted({row.product_id for row in prices}))
    products = await listing_operations.due(conn, since - LATE)
    for start in range(0, len(products), most):
        await listing_operations.refresh(conn, products[start : start + most], bulk=len(products) > most)
    await conn.execute(_MOVE)
    return len(due) + len(products)


def _price_changed(row: Any) -> PriceChanged:
    return PriceChanged(entity=ids.entity("Variant", row.variant_id), price_list=row.code, skus=[row.sku])


_WATERMARK = text("SELECT ticked_at FROM clock FOR UPDATE")
_MOVE = text("UPDATE clock SET ticked_at = greatest(ticked_at, now())")
_BEGAN = "lower(p.valid) > :since AND lower(p.valid) <= now()"
_ENDED = "upper(p.valid) > :since AND upper(p.valid) <= now()"
_PRICES_DUE = text(f"""
    SELECT p.variant_id, v.sku, v.product_id, pl.code, bool_or({_BEGAN} OR {_ENDED}) AS is_due
    FROM price p JOIN variant v ON v.id = p.variant_id JOIN price_list pl ON pl.id = p.price_list_id
    WHERE {_BEGAN} OR {_ENDED} OR lower(p.valid) > :late AND lower(p.valid) <= :since AND lower(p.valid) > p.set_at
    GROUP BY p.variant_id, v.sku, v.product_id, pl.code
    ORDER BY p.variant_id
""")
