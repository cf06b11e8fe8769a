from collections.abc import Sequence
from typing import Any

from sqlalchemy import any_, select
from sqlalchemy.dialects.postgresql import insert

from kernel import codes, money
from kernel.db import WriteConn, texts
from kernel.errors import InvalidInput
from pim.categories.tables import category

from . import locales as locale_rules
from . import queries
from .model import Channel
from .tables import channel

KINDS = ("WEB", "APP", "POS", "MARKETPLACE", "PRINT")


async def save(
    conn: WriteConn,
    *,
    code: str,
    name: str,
    kind: str,
    currency: str,
    locales: Sequence[str],
    category_tree: str | None = None,
    time_zone: str | None = None,
    required_completeness: int | None = None,
) -> Channel:
    """Create the channel ``code`` or change it. Raises InvalidInput."""
    codes.check(code, path="code")
    money.exponent(currency)
    if kind not in KINDS:
        raise InvalidInput("kind", f"must be one of {', '.join(KINDS)}")
    if not locales:
        raise InvalidInput("locales", "must name at least one")
    row: dict[str, Any] = {
        "code": code,
        "name": codes.text(name, path="name"),
        "kind": kind,
        "currency": currency,
        "locales": list(dict.fromkeys(locale_rules.normal(locale, path="locales") for locale in locales)),
        "category_id": None,
        "time_zone": codes.time_zone(time_zone or "UTC"),
        "required_completeness": required_completeness,
    }
    if required_completeness is not None and not 1 <= required_completeness <= 100:  # noqa: PLR2004 -- percent
        raise InvalidInput("requiredCompleteness", "must be between 1 and 100")
    if category_tree is not None:
        root = select(category.c.id).where(category.c.code == any_(texts([category_tree])))
        row["category_id"] = (await conn.execute(root)).scalar_one_or_none()
        if row["category_id"] is None:
            raise InvalidInput("categoryTree", f"there is no category {category_tree[:100]}")
    changed = {name: value for name, value in row.items() if name != "code"}
    await conn.execute(insert(channel).values(row).on_conflict_do_update(index_elements=["code"], set_=changed))
    return (await queries.channels_by_code(conn, [code]))[code]
