"""Completeness counted from scratch, by other means than those that keep it."""

from typing import Any

from sqlalchemy import text

from kernel.db import ReadConn

Kept = dict[tuple[str, str, str], tuple[int, tuple[str, ...]]]  # (product, channel, locale) → (percent, missing)


async def kept(conn: ReadConn) -> Kept:
    rows = await conn.execute(
        text("""
            SELECT p.code, c.code, k.locale, k.percent, k.missing
            FROM completeness k JOIN product p ON p.id = k.product_id JOIN channel c ON c.id = k.channel_id
        """)
    )
    return {(p, c, locale): (percent, tuple(missing)) for p, c, locale, percent, missing in rows}


async def recounted(conn: ReadConn) -> Kept:
    """Every product by every channel and locale, one value after the other."""
    channels = (await conn.execute(text("SELECT code, locales FROM channel"))).all()
    needs: dict[Any, list[Any]] = {}
    for row in await conn.execute(
        text("""
            SELECT f.family_id, a.code, f.level, f.required_on
            FROM family_attribute f JOIN attribute a ON a.id = f.attribute_id
        """)
    ):
        needs.setdefault(row.family_id, []).append(row)
    variants: dict[Any, list[Any]] = {}
    for product_id, content in await conn.execute(text("SELECT product_id, content FROM variant")):
        variants.setdefault(product_id, []).append(content)
    found: Kept = {}
    for row in await conn.execute(text("SELECT id, code, family_id, content FROM product WHERE family_id IS NOT NULL")):
        for channel, locales in channels:
            required = [one for one in needs.get(row.family_id, ()) if channel in one.required_on]
            for locale in locales:
                missing = [
                    one.code
                    for one in required
                    if not _held(
                        one, [row.content] if one.level == "PRODUCT" else variants.get(row.id, []), channel, locale
                    )
                ]
                percent = 100 * (len(required) - len(missing)) // len(required) if required else 100
                found[row.code, channel, locale] = percent, tuple(sorted(missing))
    return found


def _held(needed: Any, contents: list[Any], channel: str, locale: str) -> bool:
    return bool(contents) and all(
        any(
            content.get(needed.code, {}).get(scope, {}).get(tag) not in (None, [])
            for scope in (channel, "*")
            for tag in (locale, locale.partition("-")[0], "*")
        )
        for content in contents
    )
