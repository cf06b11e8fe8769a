"""Saves some products in one transaction: content, then prices, then listings."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from kernel.db import WriteConn
from kernel.importing import CHANGED, CREATED, REFUSED, UNCHANGED, Problem
from pim.catalog import operations as catalog_operations
from pim.listings import operations as listing_operations
from pim.prices.model import OverlappingPrices
from pim.products.model import Upserted

from .assembling import Draft, World, assemble, reduce
from .grouping import Group
from .reading import Row

ACTOR = "akeneo"
MOST_PRICES = 1_000
T = TypeVar("T")


@dataclass(slots=True)
class Saved:
    """What became of each row, the problems, and the products that are in, by their rows' codes."""

    outcomes: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    accepted: list[Draft] = field(default_factory=list)


async def save(
    conn: WriteConn, groups: Sequence[Group], world: World, lists: Mapping[str, str], *, now: datetime
) -> Saved:
    """Save up to 500 products. ``lists`` names the price list of each currency.

    Where a row is refused, the rest of its product is tried again without it.
    """
    done = Saved()
    pending = list(groups)
    while pending:
        drafts = [assemble(group, world) for group in pending]
        pending = []
        saved = await catalog_operations.save_products(conn, [one.product for one in drafts], actor=ACTOR, bulk=True)
        for draft, result in zip(drafts, saved.results, strict=True):
            if isinstance(result, Upserted):
                _accept(draft, result, done)
                continue
            left, problems = reduce(draft, result)
            done.problems += problems
            kept = set(left.rows) if left else set[Row]()
            done.outcomes += [(row.file, REFUSED) for row in draft.group.rows if row not in kept]
            if left:
                pending.append(left)
    await _price(conn, done, lists, now)
    await _publish(conn, done.accepted, world)
    return done


def _accept(draft: Draft, result: Upserted, done: Saved) -> None:
    outcome = CREATED if result.created else CHANGED if result.changed else UNCHANGED
    done.outcomes += [(row.file, outcome) for row in draft.group.rows]
    done.problems += draft.notes
    done.accepted.append(draft)


async def _price(conn: WriteConn, done: Saved, lists: Mapping[str, str], now: datetime) -> None:
    by_currency = defaultdict(list)
    for draft in done.accepted:
        for currency, price, row, column in draft.prices:
            by_currency[currency].append((price, row, column))
    for currency, every in sorted(by_currency.items()):
        for some in chunks(every, MOST_PRICES):
            left = list(some)
            while left:
                try:
                    async with conn.begin_nested():
                        await catalog_operations.set_prices(
                            conn,
                            price_list=lists[currency],
                            prices=[price for price, _, _ in left],
                            set_by=ACTOR,
                            now=now,
                            bulk=True,
                        )
                    break
                except OverlappingPrices as overlap:
                    done.problems += [
                        row.problem(column, f"{overlap}; left out", refused=False)
                        for price, row, column in left
                        if price.sku == overlap.sku
                    ]
                    left = [one for one in left if one[0].sku != overlap.sku]


async def _publish(conn: WriteConn, drafts: Iterable[Draft], world: World) -> None:
    """List each product on the channels in whose tree one of its categories is; as a draft where it is disabled."""
    wanted: defaultdict[tuple[str, bool], list[str]] = defaultdict(list)
    for draft in drafts:
        channels = {channel for code in draft.product.categories or () for channel in world.shown_on.get(code, ())}
        for channel in channels:
            wanted[channel, draft.enabled].append(draft.product.code)
    for (channel, enabled), products in sorted(wanted.items()):
        await listing_operations.publish(conn, channel=channel, products=products, draft=not enabled, bulk=True)


def chunks(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), most):
        yield items[start : start + most]
