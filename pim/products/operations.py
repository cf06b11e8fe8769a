import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import any_, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from kernel import ids
from kernel.db import WriteConn, texts, to_json, uuids
from kernel.errors import InvalidInput
from kernel.outbox import emit
from pim.attributes import locking
from pim.attributes import queries as attribute_queries
from pim.attributes.model import Attribute
from pim.categories import queries as category_queries
from pim.channels import queries as channel_queries
from pim.families import queries as family_queries

from . import pointing, queries
from .events import ProductChanged
from .merging import Catalog, State, VariantState, merge
from .model import Content, Problem, Product, ProductInput, Refused, Saved, Upserted
from .tables import product_association, product_category, unique_value

MOST = 500


async def upsert(conn: WriteConn, products: Sequence[ProductInput], *, actor: str, bulk: bool = False) -> Saved:
    """Make true what each input says; a product with a problem is refused as a whole, the others go in.

    ``actor`` is who does it, as revisions name them. What says nothing new changes nothing. Up to 500 at once, in a few
    statements however many. Raises InvalidInput.
    """
    if len(products) > MOST:
        raise InvalidInput("products", f"must be at most {MOST} at once")
    await locking.share(conn)
    known = await _lock(conn, sorted({one.code for one in products if "\0" not in one.code}))
    catalog = await _catalog(conn, products, known)
    states = await _states(conn, known, catalog)
    catalog = await pointing.widened(conn, catalog, products, [c for one in states.values() for c in one.contents])
    merged: dict[str, State] = {}
    refused: dict[int, Refused] = {}
    for place, given in enumerate(products):
        before = merged.get(given.code) or states.get(given.code) or State(given.code)
        after, problems = merge(before, given, catalog)
        if problems:
            refused[place] = Refused(given.code, tuple(problems))
        else:
            merged[given.code] = after
    paths = {(one.code, v.sku): f"variants.{place}" for one in products for place, v in enumerate(one.variants)}
    for code, problem in [*await _clashes(conn, merged, known, catalog, paths), *await _nowhere(conn, merged)]:
        places = [place for place, given in enumerate(products) if given.code == code and place not in refused]
        refused |= {place: Refused(code, (problem,)) for place in places}
        merged.pop(code, None)
    changed = [state for code, state in merged.items() if states.get(code) != state]
    written = await _write(conn, changed, known, catalog, actor=actor, bulk=bulk)
    saved = Saved()
    for place, given in enumerate(products):
        if place in refused:
            saved.results.append(refused[place])
        else:
            created = given.code not in known
            product_id = written.get(given.code) or known[given.code].id
            saved.results.append(Upserted(given.code, product_id, created, given.code in written))
    return saved


async def _catalog(conn: WriteConn, products: Sequence[ProductInput], known: dict[str, Product]) -> Catalog:
    attributes = await attribute_queries.all_attributes(conn)
    selects = [code for code, one in attributes.items() if one.type in ("SELECT", "MULTI_SELECT")]
    every = await family_queries.all_families(conn)
    held = await queries.category_codes_by_product(conn, [one.id for one in known.values()])
    named = {code for one in products for code in one.categories or ()} | {c for found in held.values() for c in found}
    return Catalog(
        attributes,
        await attribute_queries.options_by_attribute(conn, selects),
        {one.code: one for one in every},
        await category_queries.categories_by_code(conn, named),
        {one.code: one for one in await channel_queries.all_channels(conn)},
    )


async def _lock(conn: WriteConn, codes: Sequence[str]) -> dict[str, Product]:
    await conn.execute(_LOCK, {"codes": list(codes)})
    return await queries.products_by_code(conn, codes)


_LOCK = text("SELECT id FROM product WHERE code = ANY(:codes) ORDER BY code FOR UPDATE")


async def _states(conn: WriteConn, known: dict[str, Product], catalog: Catalog) -> dict[str, State]:
    found = [one.id for one in known.values()]
    variants = await queries.variants_by_product(conn, found)
    categories = await queries.category_codes_by_product(conn, found)
    associations = await queries.associations_by_product(conn, found)
    families = {one.id: code for code, one in catalog.families.items()}
    return {
        code: State(
            code,
            families[one.family_id] if one.family_id else None,
            one.content,
            categories.get(one.id, ()),
            {v.sku: VariantState(v.sku, v.gtin, v.content, v.axes) for v in variants.get(one.id, ())},
            associations.get(one.id, {}),
        )
        for code, one in known.items()
    }


async def _clashes(
    conn: WriteConn,
    merged: dict[str, State],
    known: dict[str, Product],
    catalog: Catalog,
    paths: Mapping[tuple[str, str], str],
) -> list[tuple[str, Problem]]:
    """Skus, GTINs and unique values that another product has, in the database or among ``merged``."""
    found: list[tuple[str, Problem]] = []
    keys = {code: list(_keys(state)) for code, state in merged.items()}
    skus = {key for some in keys.values() for (kind, key), _ in some if kind == "sku"}
    gtins = {key for some in keys.values() for (kind, key), _ in some if kind == "gtin"}
    held: dict[tuple[str, str], uuid.UUID] = {}
    for variant in await queries.variants_clashing(conn, skus, gtins):
        held |= {("sku", variant.sku): variant.product_id, ("gtin", variant.gtin or ""): variant.product_id}
    owners: dict[tuple[str, str], str] = {}
    for code, some in keys.items():
        for key, sku in some:
            path = f"{paths[code, sku]}.{key[0]}" if (code, sku) in paths else key[0]
            if key in held and (code not in known or held[key] != known[code].id):
                found.append((code, Problem(path, f"{key[1]} belongs to another product")))
            elif owners.setdefault(key, code) != code:
                found.append((code, Problem(path, f"{key[1]} is given to {owners[key]} too")))
    return found + await _unique_clashes(conn, merged, known, catalog)


async def _nowhere(conn: WriteConn, merged: Mapping[str, State]) -> list[tuple[str, Problem]]:
    """Associations that point to no product, neither in the database nor among ``merged``."""
    targets = {one for state in merged.values() for found in state.associations.values() for one in found}
    known = await queries.products_by_code(conn, targets - merged.keys())
    return [
        (code, Problem(f"associations.{kind}.{place}", f"there is no product {target[:100]}"))
        for code, state in merged.items()
        for kind, found in state.associations.items()
        for place, target in enumerate(found)
        if target not in known and target not in merged
    ]


def _keys(state: State) -> Iterable[tuple[tuple[str, str], str]]:
    """What only one variant in the catalog may have, with the sku of the variant that has it."""
    for variant in state.variants.values():
        yield ("sku", variant.sku), variant.sku
        if variant.gtin:
            yield ("gtin", variant.gtin), variant.sku


def _unique_values(state: State, catalog: Catalog) -> set[tuple[uuid.UUID, str]]:
    unique = [one for one in catalog.attributes.values() if one.is_unique]
    return {
        (one.id, str(stored))
        for one in unique
        for content in state.contents
        for by_locale in content.get(one.code, {}).values()
        for stored in by_locale.values()
    }


async def _unique_clashes(
    conn: WriteConn, merged: dict[str, State], known: dict[str, Product], catalog: Catalog
) -> list[tuple[str, Problem]]:
    found: list[tuple[str, Problem]] = []
    values = {code: sorted(_unique_values(state, catalog)) for code, state in merged.items()}
    c = unique_value.c
    wanted = {value for some in values.values() for _, value in some}
    taken = select(c.attribute_id, c.value, c.product_id).where(c.value == any_(texts(wanted)))
    held = {(row.attribute_id, row.value): row.product_id for row in await conn.execute(taken)} if wanted else {}
    names = {one.id: one.code for one in catalog.attributes.values()}
    owners: dict[tuple[uuid.UUID, str], str] = {}
    for code, some in values.items():
        for key in some:
            if key in held and (code not in known or held[key] != known[code].id):
                found.append((code, Problem(names[key[0]], f"{key[1][:60]} belongs to another product")))
            elif owners.setdefault(key, code) != code:
                found.append((code, Problem(names[key[0]], f"{key[1][:60]} is given to {owners[key]} too")))
    return found


async def _write(
    conn: WriteConn,
    changed: Sequence[State],
    known: Mapping[str, Product],
    catalog: Catalog,
    *,
    actor: str,
    bulk: bool,
) -> dict[str, uuid.UUID]:
    """Write products and variants; who loses a race for a new code, sku or GTIN is told to begin again (23505)."""
    if not changed:
        return {}
    rows = [
        {
            "code": one.code,
            "family_id": catalog.families[one.family].id if one.family else None,
            "content": one.content,
            "search": search_text(one, catalog),
        }
        for one in changed
    ]
    kept, new = ([row for row in rows if (row["code"] in known) is there] for there in (True, False))
    saved = [
        *await conn.execute(_KEPT, {"rows": to_json(kept), "actor": actor}),
        *await conn.execute(_NEW, {"rows": to_json(new), "actor": actor}),
    ]
    found = {row.code: row.id for row in saved}
    await _write_variants(conn, changed, found)
    await _replace(conn, changed, found, catalog)
    await emit(
        conn,
        *(
            ProductChanged(
                entity=ids.entity("Product", row.id),
                code=row.code,
                revision=row.revision,
                skus=sorted(next(one for one in changed if one.code == row.code).variants),
            )
            for row in saved
        ),
        bulk=bulk,
    )
    return found


async def _write_variants(conn: WriteConn, changed: Sequence[State], found: dict[str, uuid.UUID]) -> None:
    rows = [
        {
            "product_id": found[one.code],
            "sku": variant.sku,
            "gtin": variant.gtin,
            "content": variant.content,
            "axes": variant.axes,
            "position": place,
        }
        for one in changed
        for place, variant in enumerate(one.variants.values())
    ]
    await conn.execute(_KEPT_VARIANTS, {"rows": to_json(rows)})
    await conn.execute(_NEW_VARIANTS, {"rows": to_json(rows)})


async def _replace(conn: WriteConn, changed: Sequence[State], found: dict[str, uuid.UUID], catalog: Catalog) -> None:
    """Categories, associations and unique values are few: they are written anew."""
    mine = uuids(list(found.values()))
    for table in (product_category, product_association, unique_value):
        await conn.execute(delete(table).where(table.c.product_id == any_(mine)))
    categories = [
        {"product_id": found[one.code], "category_id": catalog.categories[code].id, "position": place}
        for one in changed
        for place, code in enumerate(one.categories)
    ]
    if categories:
        await conn.execute(insert(product_category), categories)
    targets = {code for one in changed for codes in one.associations.values() for code in codes}
    known = await queries.products_by_code(conn, targets)
    associations = [
        {"product_id": found[one.code], "kind": kind, "target_id": known[code].id, "position": place}
        for one in changed
        for kind, codes in one.associations.items()
        for place, code in enumerate(codes)
        if code in known
    ]
    if associations:
        await conn.execute(insert(product_association), associations)
    unique = [
        {"attribute_id": attribute_id, "value": value, "product_id": found[one.code]}
        for one in changed
        for attribute_id, value in sorted(_unique_values(one, catalog))
    ]
    if unique:
        await conn.execute(insert(unique_value), unique)


def search_text(state: State, catalog: Catalog) -> str:
    """What a product is found by when somebody types: its codes and the values of searchable attributes, lower case."""
    words = [state.code]
    contents: list[Content] = [state.content]
    for variant in state.variants.values():
        words += [variant.sku, variant.gtin or ""]
        contents.append(variant.content)
    for attribute in catalog.attributes.values():
        if attribute.searchable:
            found = [stored for c in contents for by in c.get(attribute.code, {}).values() for stored in by.values()]
            words += [shown for stored in found for shown in _words(attribute, stored, catalog)]
    return " ".join(dict.fromkeys(word for word in words if word)).lower()[:20_000]


def _words(attribute: Attribute, stored: Any, catalog: Catalog) -> list[str]:
    if attribute.type in ("SELECT", "MULTI_SELECT") or attribute.reference_entity:
        options = catalog.options.get(attribute.code, {})
        codes = stored if attribute.type == "MULTI_SELECT" else [stored]
        return [label for code in codes if code in options for label in options[code].labels.values()]
    return [stored] if isinstance(stored, str) else []


_ROWS = "jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (code text, family_id uuid, content jsonb, search text)"
_KEPT = text(f"""
    WITH kept AS (
        UPDATE product p SET family_id = r.family_id, content = r.content, search = r.search,
            revision = p.revision + 1, updated_at = clock_timestamp()
        FROM {_ROWS} WHERE p.code = r.code
        RETURNING p.id, p.code, p.revision, p.updated_at
    ), told AS (
        INSERT INTO product_revision (product_id, number, at, actor, changes)
        SELECT id, revision, updated_at, :actor, '[]' FROM kept
    )
    SELECT id, code, revision FROM kept
""")
_NEW = text(f"""
    INSERT INTO product (code, family_id, content, search, created_by)
    SELECT code, family_id, content, search, :actor FROM {_ROWS} ORDER BY code
    RETURNING id, code, revision
""")
_VARIANTS = """
    jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r (product_id uuid, sku text, gtin text, content jsonb, axes jsonb, position int)
"""
_KEPT_VARIANTS = text(f"""
    UPDATE variant v SET gtin = r.gtin, content = r.content, axes = r.axes, position = r.position
    FROM {_VARIANTS} WHERE v.sku = r.sku AND v.product_id = r.product_id
""")
_NEW_VARIANTS = text(f"""
    INSERT INTO variant (product_id, sku, gtin, content, axes, position)
    SELECT product_id, sku, gtin, content, axes, position FROM {_VARIANTS}
    WHERE NOT EXISTS (SELECT FROM variant v WHERE v.sku = r.sku AND v.product_id = r.product_id)
    ORDER BY sku
""")
