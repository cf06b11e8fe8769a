"""Growing the demo shop to any size by COPY: more products after the pattern of those that are there.

Written is what saving, pricing, stocking and publishing each of them would have written: levels have their ledger,
listings their terms and counters, and followers hear of the products and the stock.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from asyncpg import Range
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import any_, func, select, text
from sqlalchemy.exc import DBAPIError
from stdnum import ean

from kernel import ids
from kernel.db import Database, ReadConn, WriteConn, copy, texts, to_json
from kernel.outbox import Event, camel
from oms.stock.events import StockAdjusted
from oms.stock.model import deltas
from oms.stock.tables import STATES
from pim.channels.model import Channel
from pim.completeness import operations as completeness
from pim.listings import indexing, projecting
from pim.listings.tables import listing, listing_text
from pim.products.events import ProductChanged
from pim.products.model import Content, Variant
from pim.products.tables import variant
from pim.search import documents
from pim.search import operations as search_operations
from server.demo import content, patterns
from server.demo.finding import Finding, Made, prepare
from server.demo.patterns import Pattern, Patterns
from server.demo.people import LOADER

CHUNK = 2_000  # products that are written together
MODELS_A_SERIES = 10_000
GTIN_PREFIX = "21"  # of the restricted-circulation range; the demo shop itself has 20
MAIN = "berlin-dc"
WORDS = [
    "Amrum",
    "Baltrum",
    "Borkum",
    "Fehmarn",
    "Fischland",
    "Gröde",
    "Helgoland",
    "Hiddensee",
    "Hooge",
    "Juist",
    "Langeoog",
    "Mellum",
    "Memmert",
    "Neuwerk",
    "Norderney",
    "Nordstrand",
    "Oland",
    "Pellworm",
    "Poel",
    "Rügen",
    "Scharhörn",
    "Spiekeroog",
    "Südfall",
    "Sylt",
    "Trischen",
    "Usedom",
    "Vilm",
    "Wangerooge",
    "Bornholm",
    "Fanø",
    "Møn",
    "Ærø",
]


async def grow(db: Database, variants: int) -> None:
    """Make the catalog have ``variants`` variants in all; where it has as many, nothing is done.

    One transaction: whole or not at all.
    """
    bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("variants"))
    with Progress(*bar, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        shown = progress.add_task("Growing the shop", total=variants)

        async def work(conn: WriteConn) -> int:
            await conn.execute(text("SET LOCAL statement_timeout = 0"))
            there = int((await conn.execute(select(func.count()).select_from(variant))).scalar_one())
            progress.update(shown, completed=min(there, variants))
            missing = variants - there
            if missing <= 0:
                return 0
            await _prepare(conn)
            growth = await _begin(conn)
            making: asyncio.Task[_Rows] | None = None
            for wanted in [*_cut(growth.orders(missing), CHUNK), []]:
                made = await making if making else None
                making = asyncio.create_task(growth.make(db, wanted))  # while the chunk before is written
                if made:
                    await _write(conn, made)
                    progress.update(shown, advance=len(made.variant))
            await indexing.count(conn, growth.finding.counts)
            await search_operations.learn(conn, growth.finding.learned)
            for searched in ("ix_product_search", "ix_search_document_document"):
                await conn.execute(text(f"SELECT gin_clean_pending_list('{searched}')"))
            return missing

        if await db.transact(work):
            async with db.writer.connect() as conn:
                await (await conn.execution_options(isolation_level="AUTOCOMMIT")).execute(text("ANALYZE"))


async def _prepare(conn: WriteConn) -> None:
    await conn.execute(text("SET LOCAL work_mem = '256MB'"))
    await conn.execute(text("SET LOCAL gin_pending_list_limit = '64MB'"))  # what is searched, in few large merges
    try:  # every key that is written was read or made here: looking each up again takes a third of the time
        async with conn.begin_nested():
            await conn.execute(text("SET LOCAL session_replication_role = replica"))
    except DBAPIError:
        pass  # not for this account to say: then each is looked up
    await conn.execute(_DOCUMENT)


async def _begin(conn: WriteConn) -> "_Growth":
    known = await patterns.read(conn, [row["code"] for row in content.load().products])
    if not any(one.variants for one in known.patterns):
        raise ValueError("the demo shop is not there to grow")
    first = (await conn.execute(_GENERATION, {"codes": [one.code for one in known.patterns]})).scalar_one()
    channel, position = listing.c.channel_id, func.max(listing.c.position)
    ends = {row[0]: row[1] for row in await conn.execute(select(channel, position).group_by(channel))}
    finding = await prepare(conn, known)
    return _Growth(known, finding, first, {one.id: ends.get(one.id, 0) for one in known.channels})


@dataclass(frozen=True, slots=True)
class _Order:
    """One product to be made: after a pattern, with its first ``variants`` variants."""

    pattern: Pattern
    generation: int
    variants: int
    id: uuid.UUID

    @property
    def make(self) -> int:
        return (self.generation + self.pattern.number) % patterns.MAKES

    @property
    def made(self) -> Made:
        return self.pattern.number, self.make, self.variants

    @property
    def code(self) -> str:
        return f"{self.pattern.code}.{self.generation}"


@dataclass(slots=True)
class _Rows:
    """What goes into each table."""

    product: list[Any] = field(default_factory=list)
    variant: list[Any] = field(default_factory=list)
    unique_value: list[Any] = field(default_factory=list)
    product_category: list[Any] = field(default_factory=list)
    product_association: list[Any] = field(default_factory=list)
    product_media: list[Any] = field(default_factory=list)
    price: list[Any] = field(default_factory=list)
    stock_level: list[Any] = field(default_factory=list)
    listing: list[Any] = field(default_factory=list)
    listing_text: list[Any] = field(default_factory=list)
    outbox: list[Any] = field(default_factory=list)
    demo_document: list[Any] = field(default_factory=list)


COLUMNS = {
    "product": ("id", "code", "family_id", "content", "search", "created_by"),
    "variant": ("id", "product_id", "sku", "gtin", "content", "axes", "position"),
    "unique_value": ("attribute_id", "value", "product_id"),
    "product_category": ("product_id", "category_id", "position"),
    "product_association": ("product_id", "kind", "target_id", "position"),
    "product_media": ("product_id", "media_id", "position"),
    "price": ("price_list_id", "variant_id", "min_quantity", "valid", "amount", "set_by"),
    "stock_level": ("variant_id", "location_id", "available", "safety_stock", "updated_at"),
    "listing": (
        "id", "channel_id", "product_id", "status", "category_id", "position", "shown", "price", "in_stock", "facets",
        "terms",
    ),
    "listing_text": ("listing_id", "channel_id", "locale", "slug", "name", "sort"),
    "outbox": ("bulk", "topic", "event", "entity", "channel", "location", "payload"),
    "demo_document": ("listing_id", "locale", "document"),
}  # fmt: skip


_Name = tuple[Channel, str, str, str, str]  # channel, locale, name, short and long slug


class _Growth:
    """The making of products, chunk by chunk."""

    def __init__(self, known: Patterns, finding: Finding, generation: int, ends: dict[uuid.UUID, int]) -> None:
        self.known = known
        self.finding = finding
        self.generation = generation
        self.ends = ends
        self.now = datetime.now(UTC)
        self.keys = keys()
        self.random = random.Random(generation)  # noqa: S311 -- the same shop each time
        self.taken: set[tuple[uuid.UUID, str, str]] = set()
        self.first_of_pattern: list[int] = []
        self.all_variants = sum(len(one.variants) for one in known.patterns)
        before = 0
        for one in known.patterns:
            self.first_of_pattern.append(before)
            before += len(one.variants)

    def orders(self, variants: int) -> Iterator[_Order]:
        """Products with ``variants`` variants in all."""
        generation = self.generation
        while variants > 0:
            for pattern in self.known.patterns:
                if taken := min(variants, len(pattern.variants)):
                    yield _Order(pattern, generation, taken, next(self.keys))
                    variants -= taken
            generation += 1

    async def make(self, db: Database, orders: Sequence[_Order]) -> "_Rows":
        names = await asyncio.to_thread(lambda: {one.id: self._names(one) for one in orders})
        async with db.read() as conn:
            self.taken |= await _taken(conn, {short for found in names.values() for *_, short, _ in found})
        return await asyncio.to_thread(self._rows, orders, names)

    def _rows(self, orders: Sequence[_Order], names: dict[uuid.UUID, list[_Name]]) -> "_Rows":
        rows = _Rows()
        siblings = {(one.generation, one.pattern.code): one.id for one in orders}
        for one in orders:
            self._make(rows, one, siblings)
            self._name(rows, one, names[one.id])
        return rows

    def _names(self, one: _Order) -> list[_Name]:
        """What the product is called in each locale of each channel, and its short and long slug."""
        called = self._content(one)
        label = one.pattern.family.label_attribute if one.pattern.family else None
        slugs: dict[str, tuple[str, str]] = {}
        found = []
        for channel in self.known.channels:
            for locale in channel.locales:
                name = projecting.name(called, label, channel, locale, one.code)
                if name not in slugs:
                    slugs[name] = projecting.slug(name, one.code)
                found.append((channel, locale, name, *slugs[name]))
        return found

    def _content(self, one: _Order) -> Content:
        """The pattern's content with a name and a model number of its own."""
        varied = dict(one.pattern.contents[one.make])
        label = one.pattern.family.label_attribute if one.pattern.family else None
        number, word = divmod(one.generation, len(WORDS))
        suffix = f" {WORDS[word]}" + (f" {number + 1}" if number else "")
        for code in {label or "name"} & varied.keys():
            varied[code] = {
                channel: {locale: f"{stored}{suffix}" for locale, stored in by_locale.items()}
                for channel, by_locale in varied[code].items()
            }
        if "model_number" in varied:
            varied["model_number"] = {"*": {"*": self._model(one)}}
        return varied

    def _model(self, one: _Order) -> str:
        series, number = divmod(one.generation * len(self.known.patterns) + one.pattern.number, MODELS_A_SERIES)
        first, second = divmod(series, 26)
        return f"{chr(65 + first)}{chr(65 + second)}-{number:04}"

    def _make(self, rows: _Rows, one: _Order, siblings: dict[tuple[int, str], uuid.UUID]) -> None:
        pattern, written = one.pattern, self._content(one)
        variants = [self._variant(one, place) for place in range(one.variants)]
        search = self.known.search(one.code, written, [(sku, gtin, v) for _, sku, gtin, v in variants])
        family = pattern.family.id if pattern.family else None
        rows.product.append((one.id, one.code, family, to_json(written), search, LOADER.name))
        rows.variant += [
            (key, one.id, sku, gtin, to_json(v.content), to_json(v.axes), place)
            for place, (key, sku, gtin, v) in enumerate(variants)
        ]
        if "model_number" in written:
            rows.unique_value.append((self.known.attributes["model_number"].id, self._model(one), one.id))
        rows.product_category += [(one.id, key, place) for place, key in enumerate(pattern.categories)]
        rows.product_media += [(one.id, key, place) for place, key in enumerate(pattern.media)]
        rows.product_association += [
            (one.id, kind, siblings.get((one.generation, code), self._original(code)), place)
            for kind, codes in pattern.associations.items()
            for place, code in enumerate(codes)
        ]
        skus = sorted(sku for _, sku, _, _ in variants)
        told = ProductChanged(entity=ids.entity("Product", one.id), code=one.code, revision=1, skus=skus)
        rows.outbox.append(_told(told))
        current = self._price(rows, one, variants)
        available = self._stock(rows, variants)
        self._list(rows, one, current, available)

    def _name(self, rows: _Rows, one: _Order, names: Sequence[_Name]) -> None:
        by_channel = {row[1]: row[0] for row in rows.listing[-len(self.known.channels) :]}
        variants = rows.variant[-one.variants :]
        codes = documents.codes([one.code, *(code for _, _, sku, gtin, *_ in variants for code in (sku, gtin))])
        model = [self._model(one)] if "model_number" in one.pattern.contents[0] else []
        for channel, locale, name, short, long in names:
            slug = long if (channel.id, locale, short) in self.taken else short
            self.taken.add((channel.id, locale, short))
            key = by_channel[channel.id]
            rows.listing_text.append((key, channel.id, locale, slug, name, projecting.sort_key(name)))
            said = {"A": [name], "C": model}
            document = self.finding.document(one.made, one.pattern, channel, locale, said, codes)
            rows.demo_document.append((key, locale, document))

    def _original(self, code: str) -> uuid.UUID:
        return next(one.id for one in self.known.patterns if one.code == code)

    def _variant(self, one: _Order, place: int) -> tuple[uuid.UUID, str, str, Variant]:
        of = one.pattern.variants[place]
        number = one.generation * self.all_variants + self.first_of_pattern[one.pattern.number] + place
        digits = f"{GTIN_PREFIX}{number:010}"
        return next(self.keys), f"{of.sku}.{one.generation}", digits + ean.calc_check_digit(digits), of

    def _price(self, rows: _Rows, one: _Order, variants: Sequence[Any]) -> dict[uuid.UUID, int]:
        """Price the variants as the pattern's are, within a fifth; the lowest current price in each list."""
        percent = 80 + one.generation * 17 % 41
        lowest: dict[uuid.UUID, int] = {}
        for key, _, _, of in variants:
            for period in one.pattern.prices[of.id]:
                amount, of_list = period.amount * percent // 100, period.price_list_id
                valid = Range(period.valid.lower, period.valid.upper)
                rows.price.append((of_list, key, period.min_quantity, valid, amount, LOADER.name))
                if period.min_quantity == 1 and period.holds(self.now):
                    lowest[of_list] = min(amount, lowest.get(of_list, amount))
        return lowest

    def _stock(self, rows: _Rows, variants: Sequence[Any]) -> dict[uuid.UUID, int]:
        """Put the variants on the shelves of two or three locations; the most that is available of one at each."""
        most: dict[uuid.UUID, int] = {}
        others = [code for code in self.known.locations if code != MAIN]
        for key, sku, _, _ in variants:
            for code in (MAIN, *self.random.sample(others, self.random.randint(1, 2))):
                at = self.known.locations[code]
                quantity = max(0, self.random.randint(-6, 40))
                safety = min(quantity, 2) if code == MAIN else 0
                level = dict.fromkeys(STATES, 0) | {"available": quantity - safety, "safety_stock": safety}
                rows.stock_level.append((key, at, quantity - safety, safety, self.now))
                if any(level.values()):
                    rows.outbox.append(_told(self._adjusted(f"{key}:{at}", sku, code, level)))
                most[at] = max(quantity - safety, most.get(at, 0))
        return most

    def _adjusted(self, key: str, sku: str, location: str, level: dict[str, int]) -> StockAdjusted:
        moved = deltas(level)
        states = {"onHand": moved.get("ON_HAND", 0)} | {camel(state): count for state, count in level.items()}
        return StockAdjusted(
            entity=ids.entity("StockLevel", key),
            location=location,
            skus=[sku],
            reason="RECEIVED",
            reference="demo",
            deltas=moved,
            level=states | {"location": location, "updatedAt": self.now.isoformat()},
        )

    def _list(self, rows: _Rows, one: _Order, lowest: dict[uuid.UUID, int], available: dict[uuid.UUID, int]) -> None:
        for channel in self.known.channels:
            self.ends[channel.id] += 1
            place = self.ends[channel.id]
            costs = [lowest[one] for one in self.known.lists_of.get(channel.id, ()) if one in lowest]
            buffers = self.known.sells_from.get(channel.id, {})
            in_stock = any(available.get(at, 0) > buffer for at, buffer in buffers.items())
            key, price, home = next(self.keys), min(costs, default=None), one.pattern.home(channel)
            found = self.finding.terms(one.made, one.pattern, channel)
            rows.listing.append((key, channel.id, one.id, "PUBLISHED", home, place, True, price, in_stock, *found))


async def _write(conn: WriteConn, rows: _Rows) -> None:
    for table, columns in COLUMNS.items():
        if mine := getattr(rows, table):
            await copy(conn, table, columns, mine)
    given: dict[str, Any] = {
        "actor": LOADER.name,
        "listings": [row[0] for row in rows.listing],
        "products": [r[0] for r in rows.product],
    }
    for statement in (_MOVEMENTS, _BY_TERM, _DOCUMENTS, _FORGET):
        await conn.execute(statement, given)
    await completeness.refresh(conn, given["products"])


def keys() -> Iterator[uuid.UUID]:
    """UUIDs of version 7, each greater than the one before: RFC 9562, section 6.2, method 3."""
    last = 0
    while True:
        last = max(time.time_ns() * 4096 // 1_000_000, last + 1)  # milliseconds and 12 bits of their fraction
        high = (last >> 12) << 16 | 7 << 12 | last & 0xFFF
        yield uuid.UUID(int=high << 64 | 2 << 62 | random.getrandbits(62))


def _told(event: Event) -> tuple[Any, ...]:
    row = event.row(bulk=True) | {"payload": None}
    facts = event.row(bulk=True)["payload"]
    return tuple(to_json(facts) if name == "payload" else row[name] for name in COLUMNS["outbox"])


def _cut(orders: Iterable[_Order], size: int) -> Iterator[list[_Order]]:
    chunk: list[_Order] = []
    for one in orders:
        chunk.append(one)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def _taken(conn: ReadConn, slugs: set[str]) -> set[tuple[uuid.UUID, str, str]]:
    c = listing_text.c
    wanted = select(c.channel_id, c.locale, c.slug).where(c.slug == any_(texts(slugs)))
    return {(row.channel_id, row.locale, row.slug) for row in await conn.execute(wanted)}


_GENERATION = text("""
    SELECT coalesce(max(CAST(substring(code FROM '\\.([0-9]{1,9})$') AS bigint)), 0) + 1 FROM product
    WHERE regexp_replace(code, '\\.[0-9]{1,9}$', '') = ANY(:codes)
""")
_DOCUMENT = text("CREATE TEMP TABLE demo_document (listing_id uuid, locale text, document text) ON COMMIT DROP")
_FORGET = text("TRUNCATE demo_document")
_MOVEMENTS = text("""
    INSERT INTO stock_movement (variant_id, location_id, reason, reference, actor, available, safety_stock,
        available_after, committed_after, reserved_after, damaged_after, quality_control_after, safety_stock_after,
        incoming_after)
    SELECT s.variant_id, s.location_id, 'RECEIVED', 'demo', :actor, s.available, s.safety_stock, s.available, 0, 0, 0,
        0, s.safety_stock, 0
    FROM stock_level s
    WHERE (s.available, s.safety_stock) <> (0, 0)
        AND s.variant_id IN (SELECT id FROM variant WHERE product_id = ANY(:products))
    ORDER BY 1, 2
""")
_BY_TERM = text("""
    INSERT INTO listing_by_term (term_id, position, listing_id)
    SELECT term, position, id FROM listing CROSS JOIN LATERAL unnest(facets || terms) AS term
    WHERE id = ANY(:listings) ORDER BY 1, 2, 3
""")
_DOCUMENTS = text("""
    INSERT INTO search_document (listing_id, locale, document)
    SELECT listing_id, locale, CAST(document AS tsvector) FROM demo_document ORDER BY 1, 2
""")
