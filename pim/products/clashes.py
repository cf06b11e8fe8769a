"""What only one product may have, or what must be there for another to point to: checked for many products at once."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import any_, select, text

from kernel.db import WriteConn, texts
from pim.attributes import scoping
from pim.channels import locales
from pim.media import operations as media_operations

from . import gtins, queries
from .catalogs import Catalog
from .model import BUNDLE, Problem, Product
from .states import State, VariantState
from .tables import product, product_slug, unique_value

Found = Iterable[tuple[str, Problem]]  # by the code of the product that has the problem
Key = tuple[str, str]
Shown = tuple[str, str, str]  # locale, slug, code of the product


@dataclass(slots=True)
class Draft:
    """A product on its way in: what it was, what it is to be, and where its input names each of its variants."""

    known: Product | None
    before: State
    after: State
    paths: dict[str, str]

    @property
    def fresh(self) -> Iterator[VariantState]:
        """The variants of which something is new."""
        return (one for sku, one in self.after.variants.items() if self.before.variants.get(sku) != one)


async def find(
    conn: WriteConn, drafts: Mapping[str, Draft], catalog: Catalog, shown: Collection[Shown]
) -> list[tuple[str, Problem]]:
    """Everything that keeps drafts from going in beside each other and beside what is there.

    ``shown`` are slugs at which channels show products. Where two drafts want the same, the first may have it.
    """
    found = [
        *await _variants(conn, drafts),
        *await _unique_values(conn, drafts, catalog),
        *await _slugs(conn, drafts, shown),
        *await _media(conn, drafts),
    ]
    kept = drafts.keys() - {code for code, _ in found}
    return found + await _pointers(conn, {code: drafts[code] for code in drafts if code in kept})


async def _variants(conn: WriteConn, drafts: Mapping[str, Draft]) -> list[tuple[str, Problem]]:
    claims = {code: list(_claims(draft)) for code, draft in drafts.items()}
    skus = [key for some in claims.values() for (kind, key), *_ in some if kind == "sku"]
    numbers = [key for some in claims.values() for (kind, key), *_ in some if kind == "gtin"]
    held: dict[Key, uuid.UUID] = {}
    if skus or numbers:
        for kind, key, product_id in await conn.execute(_HELD, {"skus": skus, "gtins": numbers}):
            held[kind, key] = product_id
    found: list[tuple[str, Problem]] = []
    owners: dict[Key, str] = {}
    for code, some in claims.items():
        known = drafts[code].known
        for key, path, shown in some:
            if key in held and (known is None or held[key] != known.id):
                found.append((code, Problem(path, f"{shown} belongs to another product")))
            elif owners.setdefault(key, code) != code:
                found.append((code, Problem(path, f"{shown} is given to {owners[key]} too")))
    return found


def _claims(draft: Draft) -> Iterator[tuple[Key, str, str]]:
    """What only one variant in the catalog may have, as far as it is new, where it is said, and how."""
    for one in draft.fresh:
        before = draft.before.variants.get(one.sku)
        path = draft.paths.get(one.sku, "variants")
        if before is None:
            yield ("sku", one.sku), f"{path}.sku", one.sku
        if one.gtin and (before is None or before.gtin != one.gtin):
            yield ("gtin", gtins.padded(one.gtin)), f"{path}.gtin", one.gtin


_HELD = text("""
    SELECT 'sku', sku, product_id FROM variant WHERE sku = ANY(:skus)
    UNION ALL SELECT 'gtin', gtin14, product_id FROM variant WHERE gtin14 = ANY(:gtins)
""")


def unique_values(state: State, catalog: Catalog) -> set[tuple[uuid.UUID, str]]:
    """The values of attributes that are unique in the whole catalog."""
    return {
        (one.id, str(stored))
        for one in catalog.unique
        for content in state.contents
        for stored in scoping.every(content.get(one.code, {}))
    }


async def _unique_values(conn: WriteConn, drafts: Mapping[str, Draft], catalog: Catalog) -> Found:
    if not catalog.unique:
        return []
    values = {code: sorted(unique_values(one.after, catalog)) for code, one in drafts.items()}
    c = unique_value.c
    wanted = {value for some in values.values() for _, value in some}
    taken = select(c.attribute_id, c.value, c.product_id).where(c.value == any_(texts(wanted)))
    held = {(row.attribute_id, row.value): row.product_id for row in await conn.execute(taken)} if wanted else {}
    names = {one.id: one.code for one in catalog.unique}
    return list(_taken(drafts, values, held, names))


async def _slugs(conn: WriteConn, drafts: Mapping[str, Draft], shown: Collection[Shown]) -> Found:
    """Slugs that are somebody else's, in a locale where both would count."""
    wanted = {code: sorted(one.after.slugs.items() - one.before.slugs.items()) for code, one in drafts.items()}
    slugs = {slug for some in wanted.values() for _, slug in some}
    if not slugs:
        return []
    p, c = product.c, product_slug.c
    rows = select(c.locale, c.slug, p.code).join(product, p.id == c.product_id).where(c.slug == any_(texts(slugs)))
    held = [*shown, *((row.locale, row.slug, row.code) for row in await conn.execute(rows))]
    kept = {code: one.after.slugs.items() for code, one in drafts.items()}
    taken = [one for one in held if one[2] not in drafts] + [(*pair, code) for code in kept for pair in kept[code]]
    return list(_same_slugs(wanted, taken))


def _same_slugs(wanted: Mapping[str, Sequence[tuple[str, str]]], taken: Sequence[Shown]) -> Found:
    by_slug: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for locale, slug, owner in taken:
        by_slug[slug].append((locale, owner))
    told = set[str]()
    for code, pairs in wanted.items():
        for locale, slug in pairs:
            for other, owner in by_slug[slug]:
                both = other in locales.fallbacks(locale) or locale in locales.fallbacks(other)
                if both and owner not in {code, *told}:
                    told.add(code)
                    yield code, Problem(f"slugs.{locale}", f"{slug} is the address of {owner}")
                    break


def _taken(
    drafts: Mapping[str, Draft],
    wanted: Mapping[str, Sequence[tuple[uuid.UUID, str]]],
    held: Mapping[tuple[uuid.UUID, str], uuid.UUID],
    names: Mapping[uuid.UUID, str],
) -> Found:
    owners: dict[tuple[uuid.UUID, str], str] = {}
    for code, keys in wanted.items():
        known = drafts[code].known
        for key in keys:
            path = f"values.{names[key[0]]}"
            if key in held and (known is None or held[key] != known.id):
                yield code, Problem(path, f"{key[1][:60]} belongs to another product")
            elif owners.setdefault(key, code) != code:
                yield code, Problem(path, f"{key[1][:60]} is given to {owners[key]} too")


async def _media(conn: WriteConn, drafts: Mapping[str, Draft]) -> Found:
    new = {code: set(one.after.media) - set(one.before.media) for code, one in drafts.items()}
    wanted = {key for some in new.values() for key in some}
    known = await media_operations.hold(conn, wanted) if wanted else set()
    return [
        (code, Problem(f"media.{place}", "there is no such file"))
        for code, some in new.items()
        if some
        for place, key in enumerate(drafts[code].after.media)
        if key in some and key not in known
    ]


async def _pointers(conn: WriteConn, drafts: Mapping[str, Draft]) -> list[tuple[str, Problem]]:
    """Associations with no product and bundles of no variant, or of themselves; who points to a refused one is too."""
    products = {one for draft in drafts.values() for one in _targets(draft)}
    skus = {sku for draft in drafts.values() for sku in _parts(draft)}
    known = set(await queries.products_by_code(conn, products - drafts.keys())) if products else set[str]()
    parts = await _edges(conn, skus) if skus else {}
    left, found = dict(drafts), list[tuple[str, Problem]]()
    while True:
        there = known | left.keys()
        owners = {sku: owner for sku, (owner, _) in parts.items()}
        owners |= {sku: code for code, draft in left.items() for sku in draft.after.variants}
        lost = [(code, problem) for code, draft in left.items() for problem in _lost(draft, there, owners)]
        if not lost:
            break
        found += lost
        left = {code: draft for code, draft in left.items() if code not in {code for code, _ in lost}}
    below = {owner: {one for one in some if one in owners} for owner, some in parts.values()}
    below |= {code: {sku for sku, _ in draft.after.components} for code, draft in left.items()}
    return found + [
        (code, Problem(f"associations.{BUNDLE}.{place}.sku", f"{sku} consists of {code} itself"))
        for code, draft in left.items()
        for place, (sku, _) in enumerate(draft.after.components)
        if code in _reached(owners.get(sku), below, owners)
    ]


def _targets(draft: Draft) -> Iterator[str]:
    for kind, codes in draft.after.associations.items():
        if draft.before.associations.get(kind) != codes:
            yield from codes


def _parts(draft: Draft) -> Iterator[str]:
    if draft.before.components != draft.after.components:
        yield from (sku for sku, _ in draft.after.components)


def _lost(draft: Draft, there: set[str], owners: Mapping[str, str]) -> Iterator[Problem]:
    new = set(_targets(draft))
    for kind, codes in draft.after.associations.items():
        for place, target in enumerate(codes):
            if target in new and target not in there:
                yield Problem(f"associations.{kind}.{place}", f"there is no product {target[:100]}")
    parts = set(_parts(draft))
    for place, (sku, _) in enumerate(draft.after.components):
        if sku in parts and sku not in owners:
            yield Problem(f"associations.{BUNDLE}.{place}.sku", f"there is no variant {sku[:100]}")


def _reached(start: str | None, below: Mapping[str, set[str]], owners: Mapping[str, str]) -> set[str]:
    """The products that ``start`` consists of, itself included."""
    seen, waiting = set[str](), [start] if start else []
    while waiting:
        code = waiting.pop()
        if code not in seen:
            seen.add(code)
            waiting += [owners[sku] for sku in below.get(code, ()) if sku in owners]
    return seen


async def _edges(conn: WriteConn, skus: set[str]) -> dict[str, tuple[str, set[str]]]:
    """By each of these skus and of those they consist of at any depth: its product, and what that consists of.

    Bundles are changed one transaction at a time, for two may close a circle that neither sees.
    """
    await conn.execute(_ALONE)
    found: dict[str, tuple[str, set[str]]] = {}
    for sku, owner, parts in await conn.execute(_BELOW, {"skus": [one for one in skus if "\0" not in one]}):
        found[sku] = (owner, set(parts or ()))
    return found


_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('product_component', 0))")
_BELOW = text("""
    WITH RECURSIVE reached AS (
        SELECT v.id, v.sku, v.product_id FROM variant v WHERE v.sku = ANY(:skus)
        UNION
        SELECT v.id, v.sku, v.product_id
        FROM reached r JOIN product_component c ON c.product_id = r.product_id JOIN variant v ON v.id = c.variant_id
    )
    SELECT r.sku, p.code, (
        SELECT array_agg(v.sku) FROM product_component c JOIN variant v ON v.id = c.variant_id
        WHERE c.product_id = r.product_id
    )
    FROM reached r JOIN product p ON p.id = r.product_id
""")
