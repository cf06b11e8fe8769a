"""Whether an edit makes sense at all, said before it begins; what fits not every product is told by product."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kernel.db import ReadConn
from kernel.errors import InvalidInput
from pim.attributes import queries as attribute_queries
from pim.attributes import values
from pim.attributes.model import Attribute
from pim.categories import queries as category_queries
from pim.channels import locales
from pim.channels import queries as channel_queries
from pim.entities import targets
from pim.products.model import KINDS

from .model import ACTIONS, ADD, CLEAR, REMOVE, Below, Edit

MOST = 20
MOST_LISTED = 500


async def checked(conn: ReadConn, edits: Sequence[Edit]) -> list[Edit]:
    """The edits with their locales and lists as they are worked with. Raises InvalidInput naming ``edits.0.value``."""
    if not 0 < len(edits) <= MOST:
        raise InvalidInput("edits", f"must be 1 to {MOST}")
    codes = {one.attribute for one in edits if one.attribute}
    attributes = await attribute_queries.attributes_by_code(conn, codes)
    options: dict[str, Mapping[str, Any]] = dict(await attribute_queries.options_by_attribute(conn, codes))
    given = [(one.attribute, item) for one in edits if one.attribute for item in _items(one.value)]
    options |= await targets.there(conn, attributes, given, new={})
    channels = {one.code for one in await channel_queries.all_channels(conn)}
    categories = await category_queries.categories_by_code(conn, {one.category for one in edits if one.category})
    found = []
    for place, one in enumerate(edits):
        at = f"edits.{place}"
        _shape(one, at)
        if one.attribute is not None:
            attribute = attributes.get(one.attribute)
            if attribute is None:
                raise InvalidInput(f"{at}.attribute", f"there is no attribute {one.attribute[:100]}")
            found.append(_value(_scoped(one, attribute, channels, at), attribute, options.get(one.attribute, ()), at))
        elif one.category is not None:
            if one.category not in categories:
                raise InvalidInput(f"{at}.category", f"there is no category {one.category[:100]}")
            found.append(one)
        else:
            found.append(_link(one, at))
    return found


async def below(conn: ReadConn, edits: Sequence[Edit]) -> Below:
    """The categories that are cleared, each with all that stand below it now."""
    cleared = {one.category for one in edits if one.category and one.action == CLEAR}
    known = await category_queries.categories_by_code(conn, cleared)
    return {
        code: frozenset(other.code for other in await category_queries.subtree(conn, one.id))
        for code, one in known.items()
    }


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _shape(one: Edit, at: str) -> None:
    if one.action not in ACTIONS:
        raise InvalidInput(f"{at}.action", f"must be one of {', '.join(ACTIONS)}")
    if sum(part is not None for part in (one.attribute, one.category, one.association)) != 1:
        raise InvalidInput(at, "must name an attribute, a category or a kind of association, and only one of them")
    if one.attribute is None and (one.channel is not None or one.locale is not None):
        raise InvalidInput(at, "only an attribute has a channel and a locale")
    if one.value is not None and (one.action == CLEAR or one.category is not None):
        raise InvalidInput(f"{at}.value", "must not be given")
    if one.value is None and one.action != CLEAR and one.category is None:
        raise InvalidInput(f"{at}.value", "must be given")


def _scoped(one: Edit, attribute: Attribute, channels: Container[str], at: str) -> Edit:
    clears = one.action in (CLEAR, REMOVE)  # what is there may go, whatever became of the attribute since
    if one.channel is not None and not clears:
        if not attribute.scopable:
            raise InvalidInput(f"{at}.channel", f"{attribute.code} is the same on every channel")
        if one.channel not in channels:
            raise InvalidInput(f"{at}.channel", f"there is no channel {one.channel[:100]}")
    if one.locale is None:
        return one
    if not attribute.localizable and not clears:
        raise InvalidInput(f"{at}.locale", f"{attribute.code} is the same in every locale")
    return replace(one, locale=locales.normal(one.locale, path=f"{at}.locale"))


def _value(one: Edit, attribute: Attribute, options: Container[str], at: str) -> Edit:
    if one.action == CLEAR:
        return one
    listed = attribute.type == "MULTI_SELECT"
    if one.action in (ADD, REMOVE) and not listed:
        raise InvalidInput(f"{at}.action", f"only a multi-select is added to and removed from; SET {attribute.code}")
    if listed:
        one = replace(one, value=_items(one.value))
        if one.action == REMOVE:
            return replace(one, value=_codes(one.value, f"{at}.value"))
    try:
        values.clean(attribute, one.value, options)
    except values.Unfit as unfit:
        raise InvalidInput(f"{at}.value", f"{attribute.code} {unfit}") from None
    return one


def _link(one: Edit, at: str) -> Edit:
    if one.association not in KINDS:
        raise InvalidInput(f"{at}.association", f"must be one of {', '.join(KINDS)}")
    return one if one.action == CLEAR else replace(one, value=_codes(_items(one.value), f"{at}.value"))


def _codes(given: Any, path: str) -> list[str]:
    fits = isinstance(given, list) and 0 < len(given) <= MOST_LISTED
    if not fits or not all(isinstance(code, str) and "\0" not in code for code in given):
        raise InvalidInput(path, f"must be 1 to {MOST_LISTED} codes")
    return list(given)
