"""By what listings are found: their terms with the counters of these, and their documents."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from kernel.db import WriteConn
from pim.channels.model import Channel
from pim.products.model import Variant
from pim.search import documents
from pim.search import operations as search_operations
from pim.search.documents import Learned

from . import projecting
from .projecting import Term
from .reading import Sources

VISIBLE = """(l.status = 'PUBLISHED' AND coalesce(l.publish_from <= now(), true)
    AND coalesce(l.publish_until > now(), true))"""

InChannel = tuple[uuid.UUID, str, str]  # channel, attribute, value


async def classify(conn: WriteConn, rows: Sequence[Any], found: Sources) -> None:
    """Write under which terms the listings are found, as far as it changed, and count them where they are visible.

    ``rows`` are the listings with their terms so far.
    """
    wanted: list[Mapping[Term, Decimal | None]] = []
    homes: list[uuid.UUID | None] = []
    alike: dict[Any, Mapping[Term, Decimal | None]] = {}
    scopes = {one: found.scopes(one) for one in {row.product_id for row in rows}}
    for row in rows:
        channel = found.channels[row.channel_id]
        paths = found.paths(row.product_id, channel)
        lineage = {one.id: one for path in paths for one in path}
        own = channel.id if channel.code in scopes[row.product_id] else None
        key = (row.product_id, own, channel.currency, *lineage, *found.left_out(row.product_id, channel))
        if key not in alike:
            contents = found.contents(row.product_id, channel)
            alike[key] = projecting.terms(contents, lineage.values(), found.attributes, channel)
        wanted.append(alike[key])
        homes.append(paths[0][-1].id if paths else None)
    ids = await identify(
        conn, {(row.channel_id, *term): n for row, mine in zip(rows, wanted, strict=True) for term, n in mine.items()}
    )
    facets: list[list[int]] = []
    terms: list[list[int]] = []
    gone: list[tuple[int, uuid.UUID]] = []
    made: list[tuple[int, uuid.UUID]] = []
    counts = Counter[int]()
    for row, mine in zip(rows, wanted, strict=True):
        narrowing = [term for term in mine if projecting.faceted(term, found.attributes)]
        facets.append(sorted(ids[row.channel_id, *term] for term in narrowing))
        terms.append(sorted(ids[row.channel_id, *term] for term in mine.keys() - narrowing))
        before, after = {*row.facets, *row.terms}, {*facets[-1], *terms[-1]}
        gone += [(one, row.id) for one in before - after]
        made += [(one, row.id) for one in after - before]
        if row.shown:
            counts.subtract(before)
        if row.visible:
            counts.update(after)
    given = {"ids": [row.id for row in rows], "homes": homes, "facets": _arrays(facets), "terms": _arrays(terms)}
    await conn.execute(_UPDATE, given)
    await _relate(conn, gone, made)
    await count(conn, counts)


async def count(conn: WriteConn, counts: Mapping[int, int]) -> None:
    """Add to how many visible listings have each term."""
    if changed := {one: count for one, count in counts.items() if count}:
        await conn.execute(_COUNT, {"terms": list(changed), "counts": list(changed.values())})


def _arrays(some: Iterable[Iterable[int]]) -> list[str]:
    """Arrays of differing lengths as PostgreSQL reads them: an array of arrays has one length only."""
    return [f"{{{','.join(map(str, one))}}}" for one in some]


async def identify(conn: WriteConn, wanted: Mapping[InChannel, Decimal | None]) -> dict[InChannel, int]:
    """The ids of these terms; new ones are given one. Who else is just naming the same is waited for.

    A term that was of an attribute of another type gets the number that it is compared by now.
    """
    found: dict[InChannel, int] = {}
    while missing := [key for key in wanted if key not in found]:
        channels, attributes, words = zip(*missing, strict=True)
        given = {"channels": list(channels), "attributes": list(attributes), "values": list(words)}
        rows = await conn.execute(_IDS, given | {"numbers": [wanted[key] for key in missing]})
        found |= {(channel, attribute, value): number for number, channel, attribute, value in rows}
    return found


async def _relate(
    conn: WriteConn, gone: Sequence[tuple[int, uuid.UUID]], made: Sequence[tuple[int, uuid.UUID]]
) -> None:
    for statement, pairs in ((_GONE, gone), (_MADE, made)):
        if pairs:
            terms, listings = zip(*pairs, strict=True)
            await conn.execute(statement, {"terms": list(terms), "listings": list(listings)})


async def moved(conn: WriteConn, channel: Channel, product_ids: Sequence[uuid.UUID]) -> None:
    """Bring the positions by which categories are paged in line with those of the listings."""
    await conn.execute(_MOVED, {"channel": channel.id, "products": list(product_ids)})


async def describe(conn: WriteConn, rows: Sequence[Any], found: Sources) -> None:
    """Write the documents by which the listings are searched, and keep their words."""
    learned: dict[str, Learned] = defaultdict(dict)
    bodies: dict[Any, str] = {}
    written = []
    searchable = found.searchable
    products = {row.product_id for row in rows}
    codes: dict[Any, str] = {}
    scopes = {one: found.scopes(one) for one in products}
    for row in rows:
        channel = found.channels[row.channel_id]
        contents, left_out = found.contents(row.product_id, channel), found.left_out(row.product_id, channel)
        coded = (row.product_id, *left_out)
        if coded not in codes:
            offered = found.offered(row.product_id, channel)
            codes[coded] = documents.codes(_codes(found.products[row.product_id].code, offered))
        lineage = {one.id: one for path in found.paths(row.product_id, channel) for one in path}
        own = channel.id if channel.code in scopes[row.product_id] else None
        for locale in channel.locales:
            name = found.name(row.product_id, channel, locale)
            key = (row.product_id, name, locale, channel.locales[0], own, *lineage, *left_out)
            if key not in bodies:
                said = projecting.texts(name, contents, lineage.values(), searchable, found.options, channel, locale)
                bodies[key] = documents.literal(documents.weigh(said, locale, learned[locale]))
            scope = documents.scope(channel.code, locale)
            written.append((row.id, locale, f"{scope} {codes[coded]} {bodies[key]}"))
    await search_operations.index(conn, written)
    await search_operations.learn(conn, learned)


def _codes(product: str, variants: Iterable[Variant]) -> Iterable[str | None]:
    yield product
    for one in variants:
        yield from (one.sku, one.gtin)


_UPDATE = text(f"""
    UPDATE listing l SET category_id = r.category_id, facets = CAST(r.facets AS int[]),
        terms = CAST(r.terms AS int[]), shown = {VISIBLE},
        published_at = CASE WHEN {VISIBLE} AND NOT l.shown THEN now() ELSE l.published_at END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:homes AS uuid[]), CAST(:facets AS text[]), CAST(:terms AS text[]))
        AS r (id, category_id, facets, terms)
    WHERE l.id = r.id AND (l.category_id, l.facets, l.terms, l.shown)
        IS DISTINCT FROM (r.category_id, CAST(r.facets AS int[]), CAST(r.terms AS int[]), {VISIBLE})
""")
_IDS = text("""
    WITH given AS (
        SELECT * FROM unnest(CAST(:channels AS uuid[]), CAST(:attributes AS text[]), CAST(:values AS text[]),
            CAST(:numbers AS numeric[])) AS g (channel_id, attribute, value, number)
    ), known AS (
        SELECT t.id, channel_id, attribute, value, given.number
        FROM given JOIN listing_term t USING (channel_id, attribute, value)
    ), stale AS (
        SELECT t.id, known.number FROM known JOIN listing_term t USING (id)
        WHERE t.number IS DISTINCT FROM known.number
        ORDER BY t.id FOR NO KEY UPDATE OF t
    ), mended AS (
        UPDATE listing_term t SET number = stale.number FROM stale WHERE t.id = stale.id
    ), made AS (
        INSERT INTO listing_term (channel_id, attribute, value, number)
        SELECT * FROM given g
        WHERE NOT EXISTS (SELECT FROM known k WHERE (k.channel_id, k.attribute, k.value)
            = (g.channel_id, g.attribute, g.value))
        ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING
        RETURNING id, channel_id, attribute, value
    )
    SELECT id, channel_id, attribute, value FROM known UNION ALL SELECT * FROM made
""")
_PAIRS = "unnest(CAST(:terms AS int[]), CAST(:listings AS uuid[])) AS r (term_id, listing_id)"
_GONE = text(f"""
    DELETE FROM listing_by_term b USING {_PAIRS} WHERE b.listing_id = r.listing_id AND b.term_id = r.term_id
""")
_MADE = text(f"""
    INSERT INTO listing_by_term (term_id, position, listing_id)
    SELECT r.term_id, l.position, r.listing_id FROM {_PAIRS} JOIN listing l ON l.id = r.listing_id ORDER BY 1, 2, 3
""")
_MOVED = text("""
    UPDATE listing_by_term b SET position = l.position FROM listing l
    WHERE l.channel_id = :channel AND l.product_id = ANY(:products) AND b.listing_id = l.id
        AND b.position <> l.position
""")
_COUNT = text("""
    WITH held AS (SELECT id FROM listing_term WHERE id = ANY(:terms) ORDER BY id FOR NO KEY UPDATE)
    UPDATE listing_term t SET count = t.count + r.count
    FROM held JOIN unnest(CAST(:terms AS int[]), CAST(:counts AS int[])) AS r (id, count) ON r.id = held.id
    WHERE t.id = held.id
""")
