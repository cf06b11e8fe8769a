"""Loading the demo shop through the same operations that everybody uses, in one transaction: whole or not at all."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from kernel.db import Database, WriteConn
from kernel.files import Incoming
from oms.locations import operations as locations
from oms.locations.model import Point
from oms.offers import operations as offers
from oms.stock import operations as stock
from oms.stock.model import Setting
from pim.attributes import operations as attributes
from pim.attributes.model import Option
from pim.catalog import operations as catalog
from pim.categories import operations as categories
from pim.channels import operations as channels
from pim.families import operations as families
from pim.families.model import FamilyAttribute
from pim.media import operations as media
from pim.media.store import Kept, Store
from pim.prices import operations as prices
from pim.prices.model import PriceInput
from pim.products import queries as product_queries
from pim.products.model import ProductInput, Refused, ValueInput, VariantInput
from server.demo import content, pictures
from server.demo.content import Content, Row
from server.demo.people import LOADER

EMPTY = text("SELECT NOT EXISTS (SELECT FROM channel) AND NOT EXISTS (SELECT FROM product)")


async def load_when_empty(db: Database, store: Store) -> bool:
    """Load the demo shop into a hub without channels and products; whether it was."""

    async def work(conn: WriteConn) -> bool:
        if not (await conn.execute(EMPTY)).scalar_one():
            return False
        await load(conn, store, content.load(), datetime.now(UTC))
        return True

    return await db.transact(work)


async def load(conn: WriteConn, store: Store, shop: Content, now: datetime) -> None:
    await _structure(conn, shop)
    await _products(conn, shop)
    await _pictures(conn, store, shop)
    await _prices(conn, shop, now)
    await _stock(conn, shop)
    await _listings(conn, shop, now)


async def _structure(conn: WriteConn, shop: Content) -> None:
    for row in shop.categories:
        await categories.save(
            conn, code=row["code"], parent=row.get("parent"), labels=labels(row), position=row.get("position", 0)
        )
    for row in shop.channels:
        given = {name: row[name] for name in ("code", "name", "kind", "currency", "locales")}
        await channels.save(conn, category_tree=row["categoryTree"], time_zone=row["timeZone"], **given)
    for row in shop.locations:
        await locations.save(conn, **_location(row), bulk=True)
    for row in shop.channels:
        await locations.sell_from(conn, channel=row["code"], locations=row["locations"])
    for row in shop.attribute_groups:
        await attributes.save_group(conn, code=row["code"], labels=labels(row), position=row["position"])
    for place, row in enumerate(shop.attributes):
        await attributes.define(conn, **_attribute(row), position=place)
    for row in shop.families:
        found = [
            FamilyAttribute(a["code"], a.get("level", "PRODUCT"), tuple(a.get("requiredOn", ())))
            for a in row["attributes"]
        ]
        await families.define(
            conn,
            code=row["code"],
            labels=labels(row),
            attributes=found,
            axes=row.get("axes", ()),
            label_attribute=row.get("labelAttribute"),
        )


def labels(row: Row) -> dict[str, str]:
    return {one["locale"]: one["text"] for one in row["labels"]}


def _location(row: Row) -> dict[str, Any]:
    address = {("postal_code" if name == "postalCode" else name): value for name, value in row["address"].items()}
    return {
        "code": row["code"],
        "name": row["name"],
        "kind": row["kind"],
        "address": address,
        "point": Point(**row["point"]),
        "time_zone": row["timeZone"],
        "capabilities": row["capabilities"],
        "daily_capacity": row.get("dailyCapacity"),
        "opening_hours": row.get("openingHours"),
        "groups": row.get("groups", ()),
        "priority": row.get("priority", 0),
    }


def _attribute(row: Row) -> dict[str, Any]:
    options = [Option(one["code"], labels(one)) for one in row["options"]] if "options" in row else None
    flags = ("localizable", "scopable", "unique", "filterable", "searchable")
    return {
        "code": row["code"],
        "type": row["type"],
        "labels": labels(row),
        "group": row.get("group"),
        "options": options,
        "unit_family": row.get("unitFamily"),
        "default_unit": row.get("defaultUnit"),
        "validation": row.get("validation"),
    } | {name: row.get(name, False) for name in flags}


def _values(rows: Iterable[Row]) -> tuple[ValueInput, ...]:
    return tuple(ValueInput(one["attribute"], one["value"], one.get("channel"), one.get("locale")) for one in rows)


def product(row: Row) -> ProductInput:
    variants = tuple(VariantInput(v["sku"], v.get("gtin"), _values(v.get("values", ()))) for v in row["variants"])
    kinds: dict[str, tuple[str, ...]] = {}
    for one in row.get("associations", ()):
        kinds[one["kind"]] = (*kinds.get(one["kind"], ()), *one.get("products", ()))
    return ProductInput(
        row["code"], row["family"], tuple(row["categories"]), _values(row["values"]), variants, kinds or None
    )


async def _products(conn: WriteConn, shop: Content) -> None:
    saved = await catalog.save_products(conn, [product(row) for row in shop.products], actor=LOADER.name, bulk=True)
    if refused := [one for one in saved.results if isinstance(one, Refused)]:
        raise ValueError(f"the demo shop's {refused[0].code} was refused: {refused[0].problems}")


async def _pictures(conn: WriteConn, store: Store, shop: Content) -> None:
    known = await product_queries.products_by_code(conn, [row["code"] for row in shop.products])
    kinds = {row["code"]: labels(row) for row in shop.families}
    attached = {}
    for row in shop.products:
        kind = row["picture"]["kind"]
        colors = [row["picture"]["color"], *(v["picture"]["color"] for v in row["variants"] if "picture" in v)]
        found = []
        for color in dict.fromkeys(colors):
            drawn = pictures.draw(kind, color)
            kept = await _keep(store, drawn, f"{row['code']}-{kind}.webp")
            found.append((await media.add(conn, kept, alt=kinds[row["family"]])).id)
        attached[known[row["code"]].id] = found
    await media.attach(conn, attached)


async def _keep(store: Store, drawn: bytes, name: str) -> Kept:
    with store.files.a_folder() as folder:
        incoming = Incoming(folder, most=len(drawn))
        await incoming.write(drawn)
        upload = await incoming.finish(name)
        kept = await store.look(upload)
        await store.put(upload, kept)
    return kept


async def _prices(conn: WriteConn, shop: Content, now: datetime) -> None:
    for row in shop.prices:
        await prices.save_list(
            conn,
            code=row["priceList"],
            currency=row["currency"],
            channels=row["channels"],
            tax_included=row.get("taxIncluded", True),
        )
        given = [
            PriceInput(
                one["sku"],
                Decimal(one["amount"]),
                one.get("minQuantity", 1),
                content.moment(one.get("validFrom"), now),
                content.moment(one.get("validUntil"), now),
            )
            for one in row["prices"]
        ]
        await catalog.set_prices(
            conn, price_list=row["priceList"], prices=given, set_by=LOADER.name, now=now, bulk=True
        )


async def _stock(conn: WriteConn, shop: Content) -> None:
    given = [
        Setting(one["sku"], one["location"], one["quantity"], safety_stock=one.get("safetyStock")) for one in shop.stock
    ]
    why = stock.Why("RECEIVED", LOADER.name, "demo")
    for start in range(0, len(given), stock.MOST):
        await stock.set_levels(conn, LOADER, why=why, quantities=given[start : start + stock.MOST], bulk=True)


async def _listings(conn: WriteConn, shop: Content, now: datetime) -> None:
    for row in shop.listings:
        since, until = (content.moment(row.get(name), now) for name in ("from", "until"))
        for codes, draft in ((row.get("products", ()), False), (row.get("drafts", ()), True)):
            if codes:
                await offers.publish(
                    conn,
                    channel=row["channel"],
                    products=codes,
                    publish_from=since,
                    publish_until=until,
                    draft=draft,
                    position=1,
                    bulk=True,
                )
