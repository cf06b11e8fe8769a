"""What listings are called in each locale of their channel, and the slugs of their addresses."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import any_, select, text

from kernel.db import WriteConn, texts, to_json, uuids
from pim.products import queries as product_queries

from . import projecting
from .reading import Sources
from .tables import listing_text


async def name(conn: WriteConn, rows: Sequence[Any], found: Sources) -> None:
    """Write the listings' names; a slug, once made, stays, unless the product is given another."""
    t = listing_text.c
    mine = uuids([row.id for row in rows])
    kept = {
        (row.listing_id, row.locale): row
        for row in await conn.execute(
            select(t.listing_id, t.locale, t.slug, t.name, t.sort).where(t.listing_id == any_(mine))
        )
    }
    given = await product_queries.slugs_by_product(conn, {row.product_id for row in rows})
    wanted: list[dict[str, Any]] = []
    fresh: list[tuple[dict[str, Any], Sequence[str]]] = []
    for row in rows:
        channel = found.channels[row.channel_id]
        for locale in channel.locales:
            called = found.name(row.product_id, channel, locale)
            before = kept.get((row.id, locale))
            slug = projecting.given_slug(given.get(row.product_id, {}), locale) or (before.slug if before else None)
            if before is not None and (before.name, before.slug) == (called, slug):
                continue
            wanted.append(
                {"listing_id": row.id, "channel_id": channel.id, "locale": locale, "name": called}
                | {"sort": projecting.sort_key(called), "slug": slug}
            )
            if slug is None:
                short, long = projecting.slug(called, found.products[row.product_id].code)
                fresh.append((wanted[-1], (short, long, f"{short}-{row.id.hex}")))
    if fresh:
        await _slug(conn, fresh)
    if wanted:
        await conn.execute(_TEXTS, {"rows": to_json(wanted)})


async def _slug(conn: WriteConn, fresh: Sequence[tuple[dict[str, Any], Sequence[str]]]) -> None:
    """Give each text the first of its slugs that is free; others who name listings of its channel wait meanwhile."""
    await conn.execute(_NAMING, {"channels": [one["channel_id"] for one, _ in fresh]})
    t = listing_text.c
    held = select(t.channel_id, t.slug, t.locale, t.listing_id)
    held = held.where(t.slug == any_(texts({slug for _, slugs in fresh for slug in slugs})))
    owners = {(row.channel_id, row.slug, row.locale): row.listing_id for row in await conn.execute(held)}
    reserved = await product_queries.given_slugs(conn, {slug for _, slugs in fresh for slug in slugs})
    for one, slugs in fresh:
        channel, locale, mine = one["channel_id"], one["locale"], one["listing_id"]
        free = (slug for slug in slugs if slug not in reserved)
        one["slug"] = next(slug for slug in free if owners.setdefault((channel, slug, locale), mine) == mine)


_NAMING = text("SELECT FROM channel WHERE id = ANY(:channels) ORDER BY id FOR NO KEY UPDATE")
_TEXTS = text("""
    INSERT INTO listing_text AS t (listing_id, locale, channel_id, slug, name, sort)
    SELECT listing_id, locale, channel_id, slug, name, sort
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r (listing_id uuid, locale text, channel_id uuid, slug text, name text, sort text)
    ON CONFLICT (listing_id, locale) DO UPDATE
    SET name = excluded.name, sort = excluded.sort, slug = excluded.slug
    WHERE (t.name, t.slug) <> (excluded.name, excluded.slug)
""")
