"""How products on their way in are written: a few statements, however many products and variants there are."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import any_, delete, text

from kernel import ids
from kernel.db import WriteConn, to_json, uuids
from kernel.outbox import emit

from . import queries, states
from .catalogs import Catalog
from .clashes import Draft, unique_values
from .events import ProductChanged
from .model import Change
from .searching import search_text
from .states import State
from .tables import (
    product_association,
    product_category,
    product_component,
    product_slug,
    unique_value,
)


@dataclass(frozen=True, slots=True)
class Written:
    id: uuid.UUID
    code: str
    revision: int


async def write(
    conn: WriteConn, changed: Mapping[str, Draft], catalog: Catalog, *, actor: str, bulk: bool
) -> dict[str, Written]:
    """Write products with their revisions and tell of them; who loses a race for a new code, sku or GTIN begins again.

    (PostgreSQL says 23505 then, see ``Database.transact``.)
    """
    if not changed:
        return {}
    found = {one.code: one for one in await _products(conn, changed, catalog, actor)}
    owned = {code: found[code].id for code in changed}
    await _variants(conn, changed, owned)
    await _lists(conn, changed, owned, catalog)
    told = (
        ProductChanged(
            entity=ids.entity("Product", one.id),
            code=code,
            revision=one.revision,
            skus=sorted(changed[code].after.variants),
        )
        for code, one in sorted(found.items())
    )
    await emit(conn, *told, bulk=bulk)
    return found


async def _products(conn: WriteConn, changed: Mapping[str, Draft], catalog: Catalog, actor: str) -> list[Written]:
    found: list[Written] = []
    for is_known, statement in ((True, _KEPT), (False, _NEW)):
        drafts = [one for _, one in sorted(changed.items()) if (one.known is not None) is is_known]
        if drafts:
            given = {
                "codes": [one.after.code for one in drafts],
                "families": [catalog.families[one.after.family].id if one.after.family else None for one in drafts],
                "contents": [to_json(one.after.content) for one in drafts],
                "searches": [_search(one, catalog) for one in drafts],
                "actor": actor,
            }
            if is_known:
                given["changes"] = [to_json(states.dump(_changes(one))) for one in drafts]
            found += [Written(*row) for row in await conn.execute(statement, given)]
    return found


def _search(draft: Draft, catalog: Catalog) -> str | None:
    before, after = draft.before, draft.after
    if draft.known and before.content == after.content and before.variants == after.variants:
        return None
    return search_text(after, catalog)


def _changes(draft: Draft) -> list[Change]:
    return states.diff(states.facts(draft.before), states.facts(draft.after))


_ROWS = """
    unnest(CAST(:codes AS text[]), CAST(:families AS uuid[]), CAST(:contents AS text[]),
        CAST(:searches AS text[]){more}) AS r (code, family_id, content, search{name})
"""
_KEPT = text(f"""
    WITH kept AS (
        UPDATE product p SET family_id = r.family_id, content = r.content::jsonb, search = coalesce(r.search, p.search),
            revision = p.revision + 1, updated_at = greatest(clock_timestamp(), p.updated_at)
        FROM {_ROWS.format(more=", CAST(:changes AS text[])", name=", changes")} WHERE p.code = r.code
        RETURNING p.id, p.code, p.revision, p.updated_at, r.changes
    ), told AS (
        INSERT INTO product_revision (product_id, number, at, actor, changes)
        SELECT id, revision, updated_at, :actor, changes::jsonb FROM kept
    )
    SELECT id, code, revision FROM kept
""")
_NEW = text(f"""
    INSERT INTO product (code, family_id, content, search, created_by, created_at, updated_at)
    SELECT r.code, r.family_id, r.content::jsonb, r.search, :actor, now.at, now.at
    FROM {_ROWS.format(more="", name="")}, (SELECT clock_timestamp() AS at OFFSET 0) AS now
    RETURNING id, code, revision
""")


async def _variants(conn: WriteConn, changed: Mapping[str, Draft], owned: Mapping[str, uuid.UUID]) -> None:
    kept, new = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
    for code, draft in changed.items():
        before = draft.before.variants
        for place, one in enumerate(draft.after.variants.values()):
            if before.get(one.sku) != one:
                row = (owned[code], one.sku, one.gtin, to_json(one.content), to_json(one.axes), place)
                (kept if one.sku in before else new).append(row)
    for rows, statement in ((kept, _KEPT_VARIANTS), (sorted(new, key=lambda row: row[1]), _NEW_VARIANTS)):
        if rows:
            await conn.execute(statement, _columns(rows, "products", "skus", "gtins", "contents", "axes", "places"))


def _columns(rows: Sequence[Sequence[Any]], *names: str) -> dict[str, Any]:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


_VARIANTS = """
    unnest(CAST(:products AS uuid[]), CAST(:skus AS text[]), CAST(:gtins AS text[]), CAST(:contents AS text[]),
        CAST(:axes AS text[]), CAST(:places AS int[])) AS r (product_id, sku, gtin, content, axes, position)
"""
_KEPT_VARIANTS = text(f"""
    UPDATE variant v SET gtin = r.gtin, content = r.content::jsonb, axes = r.axes::jsonb
    FROM {_VARIANTS} WHERE v.sku = r.sku AND v.product_id = r.product_id
""")
_NEW_VARIANTS = text(f"""
    INSERT INTO variant (product_id, sku, gtin, content, axes, position)
    SELECT product_id, sku, gtin, content::jsonb, axes::jsonb, position FROM {_VARIANTS}
""")


async def _lists(
    conn: WriteConn, changed: Mapping[str, Draft], owned: Mapping[str, uuid.UUID], catalog: Catalog
) -> None:
    """What a product has in lists of its own is short: where one changed, it is written anew."""

    def given(part: Callable[[State], Any], rows: Callable[[State], Iterable[tuple[Any, ...]]]) -> _Part:
        mine = [one for one in changed.values() if part(one.before) != part(one.after)]
        stale = [owned[one.after.code] for one in mine if part(one.before)]
        return _Part(stale, [(owned[one.after.code], *row) for one in mine for row in rows(one.after)])

    await _rewrite(conn, product_category, _CATEGORIES, given(
        lambda one: one.categories,
        lambda one: ((catalog.categories[code].id, place) for place, code in enumerate(one.categories)),
    ))  # fmt: skip
    await _rewrite(conn, unique_value, _UNIQUE, given(
        lambda one: unique_values(one, catalog), lambda one: sorted(unique_values(one, catalog))
    ))  # fmt: skip
    await _rewrite(conn, product_slug, _SLUGS, given(lambda one: one.slugs, lambda one: one.slugs.items()))
    await _media(conn, given(lambda one: one.media, lambda one: ((key, n) for n, key in enumerate(one.media))))
    parts = given(lambda one: one.components, lambda one: _numbered(one.components))
    await _rewrite(conn, product_component, _COMPONENTS, parts)
    links = given(lambda one: one.associations, _links)
    known = await queries.ids_by_code(conn, {code for _, _, code, _ in links.rows}) if links.rows else {}
    links.rows = [(mine, kind, known[code], place) for mine, kind, code, place in links.rows]
    await _rewrite(conn, product_association, _ASSOCIATIONS, links)


@dataclass(slots=True)
class _Part:
    """One list of some products: whose rows are stale, and the rows that come in their place."""

    stale: list[uuid.UUID]
    rows: list[tuple[Any, ...]]


def _links(state: State) -> Iterator[tuple[str, str, int]]:
    for kind, codes in state.associations.items():
        for place, code in enumerate(codes):
            yield kind, code, place


def _numbered(pairs: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int, int]]:
    for place, (key, value) in enumerate(pairs):
        yield key, value, place


async def _rewrite(conn: WriteConn, table: Any, statement: Any, part: _Part) -> None:
    if part.stale:
        await conn.execute(delete(table).where(table.c.product_id == any_(uuids(part.stale))))
    if part.rows:
        names = [f"c{place}" for place in range(len(part.rows[0]))]
        await conn.execute(statement, _columns(part.rows, *names))


async def _media(conn: WriteConn, part: _Part) -> None:
    """Bring files in order; which variant a file shows, it goes on showing."""
    products, files, places = zip(*part.rows, strict=True) if part.rows else ((), (), ())
    given = {"c0": list(products), "c1": list(files), "c2": list(places)}
    if part.stale:
        await conn.execute(_DETACH, given | {"stale": part.stale})
    if part.rows:
        await conn.execute(_ATTACH, given)


_CATEGORIES = text("""
    INSERT INTO product_category (product_id, category_id, position)
    SELECT * FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[]), CAST(:c2 AS int[]))
""")
_UNIQUE = text("""
    INSERT INTO unique_value (product_id, attribute_id, value)
    SELECT * FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[]), CAST(:c2 AS text[])) ORDER BY 2, 3
""")
_SLUGS = text("""
    INSERT INTO product_slug (product_id, locale, slug)
    SELECT * FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS text[]), CAST(:c2 AS text[])) ORDER BY 2, 3
""")
_ASSOCIATIONS = text("""
    INSERT INTO product_association (product_id, kind, target_id, position)
    SELECT * FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS text[]), CAST(:c2 AS uuid[]), CAST(:c3 AS int[]))
""")
_COMPONENTS = text("""
    INSERT INTO product_component (product_id, variant_id, quantity, position)
    SELECT r.product_id, v.id, r.quantity, r.position
    FROM unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS text[]), CAST(:c2 AS int[]), CAST(:c3 AS int[]))
        AS r (product_id, sku, quantity, position)
    JOIN variant v ON v.sku = r.sku
""")
_FILES = "unnest(CAST(:c0 AS uuid[]), CAST(:c1 AS uuid[]), CAST(:c2 AS int[])) AS r (product_id, media_id, position)"
_DETACH = text(f"""
    DELETE FROM product_media m WHERE m.product_id = ANY(:stale)
        AND NOT EXISTS (SELECT FROM {_FILES} WHERE r.product_id = m.product_id AND r.media_id = m.media_id)
""")
_ATTACH = text(f"""
    INSERT INTO product_media (product_id, media_id, position) SELECT r.* FROM {_FILES}
    ON CONFLICT (product_id, media_id) DO UPDATE SET position = excluded.position
""")
