"""Many categories at once, as a taxonomy brings them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slugify import slugify
from sqlalchemy import text

from kernel import codes, ids
from kernel.db import WriteConn, to_json
from kernel.errors import InvalidInput
from kernel.outbox import emit

from . import locking, queries
from .events import CategoryChanged
from .model import Category
from .operations import DEEPEST, LABEL

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"


@dataclass(frozen=True, slots=True)
class CategoryInput:
    """A category, and what it is called in some locales; ``parent`` says where a new one goes."""

    code: str
    parent: str | None
    labels: Mapping[str, str]


async def save_many(conn: WriteConn, given: Sequence[CategoryInput]) -> list[str | InvalidInput]:
    """Create categories, or add labels to them; says of each what became of it, or why it was refused.

    A parent stands before what is below it. A category that there is stays where it is, whatever its ``parent`` says,
    and keeps its labels in other locales. A slug that is taken gets a number.
    """
    await locking.hold(conn)
    named = {one.code for one in given} | {one.parent for one in given if one.parent}
    known = await queries.categories_by_code(conn, named)
    paths = {code: one.path for code, one in known.items()}
    outcomes: list[str | InvalidInput] = []
    new: dict[str, CategoryInput] = {}
    labels: dict[str, dict[str, str]] = {}
    for one in given:
        try:
            if one.code not in paths:
                paths[one.code] = _path(one, paths)
                new[one.code] = one
                outcomes.append(CREATED)
            elif one.code in new:
                raise InvalidInput("code", f"{one.code} is given twice")
            else:
                outcomes.append(_relabelled(known[one.code], one, labels))
        except InvalidInput as refused:
            outcomes.append(refused)
    made = await _insert(conn, list(new.values()), known, paths)
    if labels:
        rows = [{"code": code, "labels": found} for code, found in labels.items()]
        await conn.execute(_RELABEL, {"rows": to_json(rows)})
    touched = made | {code: known[code].id for code in labels}
    told = [
        CategoryChanged(entity=ids.entity("Category", key), code=code, path=paths[code])
        for code, key in touched.items()
    ]
    await emit(conn, *told, bulk=True)
    return outcomes


def _path(one: CategoryInput, paths: Mapping[str, str]) -> str:
    codes.check(one.code, path="code")
    if not LABEL.fullmatch(one.code):
        raise InvalidInput("code", "must have letters, digits, '_' and '-' only")
    if one.parent is None:
        return one.code
    if one.parent not in paths:
        raise InvalidInput("parent", f"there is no category {one.parent[:100]}")
    path = f"{paths[one.parent]}.{one.code}"
    if path.count(".") >= DEEPEST:
        raise InvalidInput("parent", f"would make the tree deeper than {DEEPEST}")
    return path


def _relabelled(before: Category, one: CategoryInput, labels: dict[str, dict[str, str]]) -> str:
    after = {**before.labels, **one.labels}
    if after == before.labels:
        return UNCHANGED
    labels[one.code] = after
    return UPDATED


async def _insert(
    conn: WriteConn, new: Sequence[CategoryInput], known: Mapping[str, Category], paths: Mapping[str, str]
) -> dict[str, uuid.UUID]:
    if not new:
        return {}
    fresh = (await conn.execute(_IDS, {"count": len(new)})).scalars()
    made: dict[str, uuid.UUID] = dict(zip((one.code for one in new), fresh, strict=True))
    keys = made | {code: one.id for code, one in known.items()}
    slugs = await _slugs(conn, [one.code for one in new])
    parents = [keys[one.parent] for one in new if one.parent]
    found = await conn.execute(_PLACES, {"parents": parents})
    places: dict[Any, int] = {parent: place for parent, place in found}  # noqa: C416 -- rows are no tuples to a type checker
    rows = []
    for one in new:
        parent = keys[one.parent] if one.parent else None
        places[parent] = places.get(parent, -1) + 1
        facts = {"id": keys[one.code], "code": one.code, "slug": slugs[one.code], "parent_id": parent}
        rows.append(facts | {"path": paths[one.code], "labels": dict(one.labels), "position": places[parent]})
    await conn.execute(_INSERT, {"rows": to_json(rows)})
    return made


async def _slugs(conn: WriteConn, named: Sequence[str]) -> dict[str, str]:
    """A slug for each code that no other category has: where one is taken, the first free number follows it."""
    bases = {code: slugify(code) or "category" for code in named}
    taken = set((await conn.execute(_TAKEN, {"bases": list(set(bases.values()))})).scalars())
    found: dict[str, str] = {}
    for code, base in bases.items():
        slug, number = base, 1
        while slug in taken:
            number += 1
            slug = f"{base}-{number}"
        taken.add(slug)
        found[code] = slug
    return found


_IDS = text("SELECT uuidv7() FROM generate_series(1, :count)")
_PLACES = text("""
    SELECT parent_id, max(position) FROM category WHERE parent_id = ANY(CAST(:parents AS uuid[])) OR parent_id IS NULL
    GROUP BY parent_id
""")
_TAKEN = text("""
    SELECT c.slug FROM unnest(CAST(:bases AS text[])) base
    JOIN category c ON c.slug = base OR c.slug ^@ (base || '-') AND c.slug ~ '-[0-9]+$'
""")
_INSERT = text("""
    INSERT INTO category (id, code, slug, parent_id, path, labels, position)
    SELECT id, code, slug, parent_id, CAST(path AS ltree), labels, position
    FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r (id uuid, code text, slug text, parent_id uuid, path text, labels jsonb, position int)
""")
_RELABEL = text("""
    UPDATE category c SET labels = r.labels
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (code text, labels jsonb) WHERE c.code = r.code
""")
