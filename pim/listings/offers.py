"""The variants of listings as their channels offer them."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import text

from kernel.db import ReadConn
from pim.channels import locales
from pim.products import queries as product_queries

from .model import Axis, AxisValue, Component, Listing, Offer, Shop
from .queries import InShop, by_shop, listings_by_product


async def offers_by_listing(conn: ReadConn, listings: Collection[Listing]) -> dict[Listing, list[Offer]]:
    """The variants of each listing, in their order, each with the values by which it differs."""
    by_product: dict[uuid.UUID, list[Listing]] = defaultdict(list)
    for one in listings:
        by_product[one.product_id].append(one)
    found: dict[Listing, list[Offer]] = {one: [] for one in listings}
    for row in await conn.execute(_SELLABLE, {"products": list(by_product), "skus": None}):
        for one in by_product[row.product_id]:
            if one.shop.channel.id not in row.excluded_on:
                found[one].append(_offer(one, row))
    return found


async def offers_by_sku(conn: ReadConn, keys: Collection[tuple[Shop, str]]) -> dict[tuple[Shop, str], Offer]:
    """The offers of these skus that their shops show now."""
    found: dict[tuple[Shop, str], Offer] = {}
    for one, skus in by_shop(keys).items():
        rows = (await conn.execute(_SELLABLE, {"products": None, "skus": skus})).all()
        shown = await listings_by_product(conn, [(one, row.product_id) for row in rows])
        for row in rows:
            if (one, row.product_id) in shown and one.channel.id not in row.excluded_on:
                found[one, row.sku] = _offer(shown[one, row.product_id], row)
    return found


async def components(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, list[Component]]:
    """What the bundles among these (shop, product) consist of, in their order."""
    parts = await product_queries.components_by_product(conn, {product_id for _, product_id in keys})
    skus = {sku for some in parts.values() for sku, _ in some}
    sold = await offers_by_sku(conn, [(one, sku) for one in {one for one, _ in keys} for sku in skus])
    return {
        (one, key): [Component(sku, quantity, sold.get((one, sku))) for sku, quantity in parts.get(key, ())]
        for one, key in keys
    }


_SELLABLE = text("""
    SELECT v.product_id, v.id, v.sku, v.gtin,
        ARRAY(SELECT x.channel_id FROM listing_exclusion x WHERE x.variant_id = v.id) AS excluded_on, (
        SELECT jsonb_agg(jsonb_build_array(a.code, v.axes -> a.code, a.labels, o.labels) ORDER BY fa.axis)
        FROM product p
        JOIN family_attribute fa ON fa.family_id = p.family_id AND fa.axis IS NOT NULL
        JOIN attribute a ON a.id = fa.attribute_id AND v.axes ? a.code
        LEFT JOIN attribute_option o ON o.attribute_id = a.id AND o.code = v.axes ->> a.code
        WHERE p.id = v.product_id
    ) AS axes
    FROM variant v
    WHERE v.product_id = ANY(CAST(:products AS uuid[])) OR v.sku = ANY(CAST(:skus AS text[]))
    ORDER BY v.product_id, v.position, v.sku
""")


def _offer(one: Listing, row: Any) -> Offer:
    locale = one.shop.locale
    axes = row.axes or ()
    axis_values = tuple(
        AxisValue(code, value, locales.label(labels, locale, value) if labels else value)
        for code, value, _, labels in axes
    )
    name = ", ".join([one.name, *(value.label for value in axis_values)])
    labels = {code: locales.label(labels, locale, code) for code, _, labels, _ in axes}
    return Offer(row.id, row.sku, row.gtin, name, axis_values, labels, one)


def axes_of(offers: Sequence[Offer]) -> list[Axis]:
    """How the offers of one listing differ: each axis with the values there are, in the order of the offers."""
    labels: dict[str, str] = {}
    found: dict[str, dict[str, AxisValue]] = defaultdict(dict)
    for one in offers:
        labels |= one.axis_labels
        for value in one.axis_values:
            found[value.code].setdefault(value.value, value)
    return [Axis(code, labels[code], tuple(by_value.values())) for code, by_value in found.items()]
