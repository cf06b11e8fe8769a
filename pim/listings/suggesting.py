"""What a shop suggests while somebody types: the word that is meant, listings, and the categories these are in.

All of it comes from the best listings that a search for what is typed finds, so nothing is told that is not shown.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from kernel.db import ReadConn
from kernel.errors import InvalidInput
from kernel.paging import Window
from pim.search import words

from . import browsing, filters, queries
from .model import Listing, ListingFilter, ListingQuery, Shop, ShopCategory, Suggestions

MOST = 20
LOOKED_AT = 50  # of the best listings


async def suggest(conn: ReadConn, shop: Shop, typed: str, *, first: int) -> Suggestions:
    """Up to ``first`` of each, the likeliest first; nothing where nothing is typed. Raises InvalidInput."""
    if not 1 <= first <= MOST:
        raise InvalidInput("first", f"must be between 1 and {MOST}")
    if len(typed) > filters.LONGEST_SEARCH:
        raise InvalidInput("query", f"must not have more than {filters.LONGEST_SEARCH} characters")
    asked = ListingQuery(shop, ListingFilter(search=typed), "RELEVANCE")
    found = await queries.page_of_listings(conn, await filters.resolve(conn, asked), Window(LOOKED_AT))
    completed = _completed(typed, (one.name for one in found.items))
    return Suggestions(completed[:first], found.items[:first], await _categories(conn, found.items, first))


def _completed(typed: str, names: Iterable[str]) -> list[str]:
    """What is typed with its last word as it is written in names that have it, the most frequent first."""
    spoken = words.spoken(typed)
    if not spoken or not typed.endswith(spoken[-1]):
        return []
    begun = words.fold(spoken[-1])
    found = Counter(
        word.casefold()
        for name in names
        for word in dict.fromkeys(words.spoken(name))
        if words.fold(word).startswith(begun) and words.fold(word) != begun
    )
    return [f"{typed[: -len(spoken[-1])]}{word}" for word, _ in found.most_common()]


async def _categories(conn: ReadConn, listings: Sequence[Listing], first: int) -> list[ShopCategory]:
    homes = Counter((one.shop, one.category_id) for one in listings if one.category_id)
    likeliest = [home for home, _ in homes.most_common(first)]
    known = await browsing.shop_categories(conn, likeliest)
    return [known[home] for home in likeliest if home in known]
