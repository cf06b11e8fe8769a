"""Products as merchandisers look for them: by what they are, hold and still lack, and where they are shown."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, any_, case, exists, func, not_, select

from kernel.db import ReadConn, texts, uuids
from kernel.errors import InvalidInput
from kernel.paging import Order, Page, Window, page
from pim.attributes import queries as attribute_queries
from pim.categories import queries as category_queries
from pim.channels import queries as channel_queries
from pim.channels.model import Channel
from pim.completeness import queries as completeness_queries
from pim.families import queries as family_queries
from pim.listings.tables import listing
from pim.products import holding
from pim.products import queries as product_queries
from pim.products.holding import ValueFilter
from pim.products.model import Product
from pim.products.tables import product

from .model import CompletenessFilter, ListingFilter, ProductFilter

MOST_CODES = 1_000
FEW = 1_000
MOST_FILTERS = 20
MOST_WORDS = 8
LONGEST_SEARCH = 200

_p, _l = product.c, listing.c
_ORDER = Order("product.code", [_p.code], kinds=[str])


async def page_of_products(conn: ReadConn, given: ProductFilter, window: Window) -> Page[Product]:
    """The products wanted, by code. Raises InvalidInput as ``matching`` does."""
    wanted = product_queries.PRODUCTS.where(*await conditions(conn, given))
    return await page(conn, wanted, _ORDER, window, Product)


async def product_counts(conn: ReadConn, asked: Collection[ProductFilter]) -> dict[ProductFilter, int]:
    """How many products each filter finds."""
    return {one: await _count(conn, one) for one in set(asked)}


async def _count(conn: ReadConn, one: ProductFilter) -> int:
    if one.completeness is not None and one == ProductFilter(completeness=one.completeness):
        on = await _judged_on(conn, one.completeness)
        return await completeness_queries.count_below(conn, on.id, one.completeness.locale, one.completeness.below)
    counted = select(func.count()).select_from(product)
    return int((await conn.execute(counted.where(*await conditions(conn, one)))).scalar_one())


async def matching(conn: ReadConn, given: ProductFilter) -> Select[Any]:
    """The ids of the products wanted, as a statement. Raises InvalidInput where the filter names what is not there."""
    return select(_p.id).where(*await conditions(conn, given))


async def conditions(conn: ReadConn, given: ProductFilter) -> list[ColumnElement[bool]]:
    """What must hold of a row of ``product``. Raises InvalidInput."""
    found: list[ColumnElement[bool]] = []
    if given.codes is not None:
        if len(given.codes) > MOST_CODES:
            raise InvalidInput("filter.codes", f"must be at most {MOST_CODES}")
        found.append(_p.code == any_(texts(given.codes)))
    if given.search is not None:
        found += _searched(given.search)
    if given.attributes:
        found += await _valued(conn, given.attributes)
    if given.updated_since is not None:
        found.append(_p.updated_at >= given.updated_since)
    named: list[tuple[Any, Callable[[ReadConn, Any], Awaitable[ColumnElement[bool]]]]] = [
        (given.family, _of_family),
        (given.category, _below),
        (given.completeness, _incomplete),
        (given.listing, _listed),
    ]
    return found + [await condition(conn, asked) for asked, condition in named if asked is not None]


async def _of_family(conn: ReadConn, code: str) -> ColumnElement[bool]:
    known = (await family_queries.families_by_code(conn, [code])).get(code)
    if known is None:
        raise InvalidInput("filter.family", f"there is no family {code[:100]}")
    return _p.family_id == known.id


def _searched(search: str) -> Iterable[ColumnElement[bool]]:
    if len(search) > LONGEST_SEARCH:
        raise InvalidInput("filter.search", f"must not have more than {LONGEST_SEARCH} characters")
    for word in search.lower().split()[:MOST_WORDS]:
        yield _p.search.contains(word, autoescape=True)


async def _below(conn: ReadConn, code: str) -> ColumnElement[bool]:
    known = (await category_queries.categories_by_code(conn, [code])).get(code)
    if known is None:
        raise InvalidInput("filter.category", f"there is no category {code[:100]}")
    return holding.below(known.path)


async def _channel(conn: ReadConn, code: str, path: str) -> Channel:
    found = await channel_queries.channel_by_code(conn, code)
    if found is None:
        raise InvalidInput(path, f"there is no channel {code[:100]}")
    return found


async def _incomplete(conn: ReadConn, given: CompletenessFilter) -> ColumnElement[bool]:
    """Where there are few they are named: looked for product by product, the last of them would take long."""
    on = await _judged_on(conn, given)
    few = await completeness_queries.some_below(conn, on.id, given.locale, given.below, most=FEW + 1)
    if len(few) <= FEW:
        return _p.id == any_(uuids(few))
    return completeness_queries.below(_p.id, on.id, given.locale, given.below)


async def _judged_on(conn: ReadConn, given: CompletenessFilter) -> Channel:
    on = await _channel(conn, given.channel, "filter.completeness.channel")
    if given.locale not in on.locales:
        raise InvalidInput("filter.completeness.locale", f"must be one of {', '.join(on.locales)}")
    if not 0 <= given.below <= 100:  # noqa: PLR2004 -- percent
        raise InvalidInput("filter.completeness.below", "must be between 0 and 100")
    return on


async def _listed(conn: ReadConn, given: ListingFilter) -> ColumnElement[bool]:
    on = await _channel(conn, given.channel, "filter.listing.channel")
    if not given.listed and given.status is not None:
        raise InvalidInput("filter.listing.status", "is of listings only")
    mine = exists().where(_l.product_id == _p.id, _l.channel_id == on.id)
    if not given.listed:
        return not_(mine)
    return mine if given.status is None else mine.where(_status() == given.status)


def _status() -> ColumnElement[str]:
    """The state of a listing as its window has it now."""
    return case(
        (_l.status != "PUBLISHED", _l.status),
        (_l.publish_until <= func.now(), "WITHDRAWN"),
        (_l.publish_from > func.now(), "SCHEDULED"),
        else_="PUBLISHED",
    )


async def _valued(conn: ReadConn, given: Collection[ValueFilter]) -> list[ColumnElement[bool]]:
    if len(given) > MOST_FILTERS:
        raise InvalidInput("filter.attributes", f"must be at most {MOST_FILTERS}")
    known = await attribute_queries.attributes_by_code(conn, {one.code for one in given})
    return [holding.value(known.get(one.code), one, f"filter.attributes.{place}") for place, one in enumerate(given)]
