"""The category tree of a shop: its own part of the catalog's trees, with how much each category shows."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable

from kernel.db import ReadConn
from pim.categories import queries as category_queries

from . import projecting
from .counting import kept_counts
from .model import Shop, ShopCategory
from .queries import InShop, by_shop


async def shop_categories(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, ShopCategory]:
    known = await category_queries.categories_by_id(conn, {key for _, key in keys if key})
    return {
        (one, key): ShopCategory(key, known[key].slug, known[key].path, known[key].labels, one)
        for one, key in keys
        if key in known
    }


async def breadcrumbs(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, list[ShopCategory]]:
    """The path to each category from below the root of its shop's tree."""
    above = await category_queries.ancestors(conn, {key for _, key in keys if key})
    return {
        (one, key): [
            ShopCategory(found.id, found.slug, found.path, found.labels, one)
            for found in projecting.in_tree(above.get(key, []), one.channel.category_id)
        ]
        for one, key in keys
    }


async def category_tree(conn: ReadConn, one: Shop) -> list[ShopCategory]:
    """The whole category tree of a shop with its counts, by position; the root itself is left out."""
    if one.channel.category_id is None:
        return []
    found = await category_queries.subtree(conn, one.channel.category_id)
    terms = [(projecting.CATEGORY, str(category.id)) for category in found]
    counted = await kept_counts(conn, one, terms) if terms else {}
    below: dict[uuid.UUID | None, list[ShopCategory]] = defaultdict(list)
    for category in sorted(found, key=lambda c: (-c.path.count("."), c.position, c.code)):
        count = counted.get((projecting.CATEGORY, str(category.id)), 0)
        children = tuple(below[category.id])
        below[category.parent_id].append(
            ShopCategory(category.id, category.slug, category.path, category.labels, one, children, count)
        )
    return below[one.channel.category_id]


async def below_category(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, list[ShopCategory]]:
    """What stands directly below each category in its shop."""
    trees = {one: _flat(await category_tree(conn, one)) for one in {one for one, _ in keys}}
    return {(one, key): list(trees[one][key].below or ()) for one, key in keys if key in trees[one]}


def _flat(tree: Iterable[ShopCategory]) -> dict[uuid.UUID, ShopCategory]:
    found: dict[uuid.UUID, ShopCategory] = {}
    for one in tree:
        found |= {one.id: one} | _flat(one.below or ())
    return found


async def category_counts(conn: ReadConn, keys: Collection[InShop]) -> dict[InShop, int]:
    found: dict[InShop, int] = {}
    for one, wanted in by_shop(keys).items():
        kept = await kept_counts(conn, one, [(projecting.CATEGORY, str(category_id)) for category_id in wanted])
        found |= {(one, uuid.UUID(value)): count for (_, value), count in kept.items()}
    return found
