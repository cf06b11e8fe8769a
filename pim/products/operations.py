import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from kernel.db import WriteConn, fetch, to_json
from kernel.errors import InvalidInput, NotFound
from pim.attributes import locking

from . import catalogs, clashes, linking, pointing, queries, restoring, revisions, writing
from .catalogs import Catalog
from .clashes import Draft, Shown
from .merging import merge
from .model import KINDS, Content, KindOfAssociation, Problem, Product, ProductInput, Refused, Saved, Upserted
from .restoring import Restoring
from .revisions import Told
from .staleness import conflicts
from .states import State
from .tables import association_kind
from .writing import Written

MOST = 500


async def upsert(
    conn: WriteConn,
    products: Sequence[ProductInput],
    *,
    actor: str,
    bulk: bool = False,
    catalog: Catalog | None = None,
    shown: Collection[Shown] = (),
) -> Saved:
    """Make true what each input says; a product with a problem is refused as a whole, the others go in.

    ``actor`` is who does it, as revisions name them: each product that changes has one revision more. What says nothing
    new changes nothing. Who has many to bring may read the ``catalog`` once and hand it over. ``shown`` are slugs at
    which channels show products. Up to 500 at once, in a few statements however many. Raises InvalidInput.
    """
    if len(products) > MOST:
        raise InvalidInput("products", f"must be at most {MOST} at once")
    await locking.share(conn)
    known = await _lock(conn, {one.code for one in products})
    states = await _states(conn, known)
    contents = [content for one in states.values() for content in one.contents]
    catalog = catalog or await _catalog(conn, products, contents)
    catalog = await pointing.widened(conn, catalog, products, contents)
    told = await revisions.since(conn, _bases(products, known))
    drafts, problems = _drafts(products, known, states, catalog, told)
    for code, problem in await clashes.find(conn, drafts, catalog, shown):
        drafts.pop(code, None)
        for place in (place for place, one in enumerate(products) if one.code == code):
            problems[place].append(problem)
    changed = {code: one for code, one in drafts.items() if one.known is None or one.before != one.after}
    changed |= await _other_ends(conn, changed)
    written = await writing.write(conn, changed, catalog, actor=actor, bulk=bulk)
    return Saved(
        [
            Refused(one.code, tuple(problems[place])) if problems[place] else _upserted(one.code, known, written)
            for place, one in enumerate(products)
        ],
        tuple(one.id for one in written.values()),
    )


def _drafts(
    products: Sequence[ProductInput],
    known: Mapping[str, Product],
    states: Mapping[str, State],
    catalog: Catalog,
    told: Mapping[uuid.UUID, Sequence[Told]],
) -> tuple[dict[str, Draft], dict[int, list[Problem]]]:
    """What each product is to become, and what is wrong with each input."""
    drafts: dict[str, Draft] = {}
    problems: dict[int, list[Problem]] = defaultdict(list)
    for place, given in enumerate(products):
        mine, before = known.get(given.code), states.get(given.code) or State(given.code)
        start = drafts[given.code].after if given.code in drafts else before
        after, found = merge(start, given, catalog)
        if not found and given.base_revision is not None:
            since = told.get(mine.id, ()) if mine else ()
            found = list(conflicts(given.base_revision, mine.revision if mine else 0, before, start, after, since))
        if found:
            problems[place] += found
        else:
            paths = {variant.sku: f"variants.{number}" for number, variant in enumerate(given.variants)}
            drafts[given.code] = Draft(mine, before, after, paths)
    return drafts, problems


def _bases(products: Sequence[ProductInput], known: Mapping[str, Product]) -> dict[uuid.UUID, int]:
    """The oldest revision that an input for each product was made from, where there were others since."""
    bases: dict[uuid.UUID, int] = {}
    for given in products:
        mine = known.get(given.code)
        if mine and given.base_revision is not None and 0 < given.base_revision < mine.revision:
            bases[mine.id] = min(given.base_revision, bases.get(mine.id, given.base_revision))
    return bases


def _upserted(code: str, known: Mapping[str, Product], written: Mapping[str, Written]) -> Upserted:
    if code not in written:
        return Upserted(code, known[code].id, created=False, changed=False, revision=known[code].revision)
    one = written[code]
    return Upserted(code, one.id, created=code not in known, changed=True, revision=one.revision)


async def _catalog(conn: WriteConn, products: Sequence[ProductInput], contents: Iterable[Content]) -> Catalog:
    """The catalog as far as these products name it."""
    selects = {value.attribute for one in products for value in one.values}
    selects |= {value.attribute for one in products for variant in one.variants for value in variant.values}
    selects |= {code for content in contents for code in content}
    named = {code for one in products for code in one.categories or ()}
    return await catalogs.read(conn, categories=named, selects=selects)


async def _lock(conn: WriteConn, codes: Collection[str]) -> dict[str, Product]:
    given = [code for code in codes if "\0" not in code]
    return {one.code: one for one in await fetch(conn, _LOCK, Product, codes=given)}


async def _states(conn: WriteConn, known: Mapping[str, Product]) -> dict[str, State]:
    return {one.code: one for one in (await queries.states_by_product(conn, list(known.values()))).values()}


async def _other_ends(conn: WriteConn, changed: Mapping[str, Draft]) -> dict[str, Draft]:
    """The products to which links of a kind that goes both ways lead, or no longer do, and what becomes of them."""
    if all(one.before.associations == one.after.associations for one in changed.values()):
        return {}
    kinds = set((await conn.execute(_TWO_WAY)).scalars())
    pairs = [linking.touched(one.before, one.after, kinds) for one in changed.values()]
    new, gone = ([pair for both in pairs for pair in both[side]] for side in (0, 1))
    others = await _lock(conn, {target for _, _, target in (*new, *gone)} - changed.keys())
    drafts = {code: Draft(others[code], one, one, {}) for code, one in (await _states(conn, others)).items()}
    drafts |= changed
    after = linking.mirrored({code: one.after for code, one in drafts.items()}, new, gone)
    return {
        code: Draft(drafts[code].known, drafts[code].before, one, drafts[code].paths) for code, one in after.items()
    }


async def hold(conn: WriteConn, product_ids: Collection[uuid.UUID]) -> None:
    """Hold these products until the transaction ends."""
    if product_ids:
        await conn.execute(_HOLD, {"products": list(product_ids)})


async def restoring_of(conn: WriteConn, *, product: str, revision: int) -> Restoring:
    """What makes of a product what it was at ``revision``, with the variants that came since; the product is held.

    Raises NotFound.
    """
    known = await _lock(conn, [product])
    if product not in known:
        raise NotFound("product", product[:100])
    mine = known[product]
    if not 1 <= revision <= mine.revision:
        raise NotFound("revision", f"{revision} of {product}")
    [current] = (await _states(conn, known)).values()
    told = (await revisions.since(conn, {mine.id: revision})).get(mine.id, [])
    return restoring.back(current, [one.changes for one in told])


async def save_kind(conn: WriteConn, *, kind: str, two_way: bool) -> KindOfAssociation:
    """Say whether associations of a kind go both ways from now on; those that are there stay. Raises InvalidInput."""
    if kind not in KINDS:
        raise InvalidInput("kind", f"must be one of {', '.join(KINDS)}")
    row = insert(association_kind).values(kind=kind, two_way=two_way)
    await conn.execute(row.on_conflict_do_update(index_elements=["kind"], set_={"two_way": two_way}))
    return KindOfAssociation(kind, two_way)


async def store_bought_together(conn: WriteConn, found: Mapping[uuid.UUID, Sequence[uuid.UUID]]) -> int:
    """Keep what is often bought with each of these products, the most often first, in place of what was kept.

    Products that are no more are left out. Returns how many rows changed.
    """
    rows = [
        {"product_id": product_id, "target_id": target, "position": place}
        for product_id, targets in found.items()
        for place, target in enumerate(dict.fromkeys(one for one in targets if one != product_id))
    ]
    given = {"products": list(found), "rows": to_json(rows)}
    gone = (await conn.execute(_UNBOUGHT, given)).rowcount
    return int(gone + (await conn.execute(_BOUGHT, {"rows": given["rows"]})).rowcount)


_LOCK = text("""
    SELECT id, code, family_id, content, revision, updated_at FROM product WHERE code = ANY(:codes)
    ORDER BY code FOR NO KEY UPDATE
""")
_HOLD = text("SELECT FROM product WHERE id = ANY(:products) ORDER BY code FOR NO KEY UPDATE")
_TWO_WAY = text("SELECT kind FROM association_kind WHERE two_way")
_PAIRS = "jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (product_id uuid, target_id uuid, position int)"
_UNBOUGHT = text(f"""
    DELETE FROM bought_together b WHERE b.product_id = ANY(:products)
        AND NOT EXISTS (SELECT FROM {_PAIRS} WHERE (r.product_id, r.target_id) = (b.product_id, b.target_id))
""")
_BOUGHT = text(f"""
    INSERT INTO bought_together AS b (product_id, target_id, position)
    SELECT r.* FROM {_PAIRS}
    WHERE EXISTS (SELECT FROM product p WHERE p.id = r.product_id)
        AND EXISTS (SELECT FROM product p WHERE p.id = r.target_id)
    ORDER BY 1, 2
    ON CONFLICT (product_id, target_id) DO UPDATE SET position = excluded.position
    WHERE b.position <> excluded.position
""")
