import re
from collections.abc import Mapping
from typing import Any

from slugify import slugify
from sqlalchemy import cast, func, select, text
from sqlalchemy.dialects.postgresql import insert

from kernel import codes, ids
from kernel.db import WriteConn
from kernel.errors import InvalidInput, NotFound
from kernel.outbox import emit

from . import locking, queries
from .events import CategoryChanged
from .model import Category, CategoryNotEmpty, DeletedCategory
from .tables import category

LABEL = re.compile(r"[A-Za-z0-9_-]{1,100}")  # what an ltree label may hold
DEEPEST = 50


async def save(
    conn: WriteConn, *, code: str, parent: str | None = None, labels: Mapping[str, str], position: int | None = None
) -> Category:
    """Create the category ``code`` or change it; moving it moves what is below. Raises InvalidInput.

    Without a position it stays where it is among its siblings, or comes last. It keeps its slug.
    """
    codes.check(code, path="code")
    if not LABEL.fullmatch(code):
        raise InvalidInput("code", "must have letters, digits, '_' and '-' only")
    await locking.hold(conn)
    known = await queries.categories_by_code(conn, [code, *([parent] if parent else [])])
    above = known.get(parent) if parent else None
    if parent and above is None:
        raise InvalidInput("parent", f"there is no category {parent[:100]}")
    before = known.get(code)
    if above and before and (above.path == before.path or above.path.startswith(before.path + ".")):
        raise InvalidInput("parent", f"{parent} is below {code}" if parent != code else "cannot be the category itself")
    slug = before.slug if before else slugify(code)
    taken = await queries.category_by_slug(conn, slug)
    if taken and taken.code != code:
        raise InvalidInput("code", f"is too like {taken.code}: both would have the slug {taken.slug}")
    path = f"{above.path}.{code}" if above else code
    await _check_depth(conn, before, path)
    row = {"code": code, "slug": slug, "parent_id": above.id if above else None, "labels": dict(labels)}
    changed: dict[str, Any] = {name: value for name, value in row.items() if name != "code"}
    moved = before is not None and before.parent_id != row["parent_id"]
    last = select(func.coalesce(func.max(category.c.position) + 1, 0))
    last = last.where(category.c.parent_id.is_not_distinct_from(row["parent_id"]), category.c.code != code)
    place = last.scalar_subquery() if position is None else position
    changed |= {} if position is None and not moved else {"position": place}
    new = insert(category).values(row | {"path": cast(path, category.c.path.type), "position": place})
    await conn.execute(new.on_conflict_do_update(index_elements=["code"], set_=changed))
    if before and before.path != path:
        await conn.execute(_MOVE, {"old": before.path, "new": path})
    after = (await queries.categories_by_code(conn, [code]))[code]
    if after != before:
        await emit(conn, CategoryChanged(entity=ids.entity("Category", after.id), code=code, path=after.path))
    return after


async def delete(conn: WriteConn, *, code: str) -> DeletedCategory:
    """Delete a category that has nothing below it and no products. Raises NotFound and CategoryNotEmpty."""
    await locking.hold(conn)
    known = (await queries.categories_by_code(conn, [code])).get(code)
    if known is None:
        raise NotFound("category", code[:100])
    if (await conn.execute(_DELETE, {"id": known.id})).rowcount == 0:
        raise CategoryNotEmpty(code, *(await conn.execute(_CONTENTS, {"id": known.id})).one())
    gone = CategoryChanged(entity=ids.entity("Category", known.id), code=code, path=known.path, deleted=True)
    await emit(conn, gone)
    return DeletedCategory(code)


async def _check_depth(conn: WriteConn, before: Category | None, path: str) -> None:
    own = path.count(".") + 1
    below = (await conn.execute(_DEPTH, {"path": before.path})).scalar_one() if before else 0
    if own + below > DEEPEST:
        raise InvalidInput("parent", f"would make the tree deeper than {DEEPEST}")


_DELETE = text("""
    DELETE FROM category c WHERE id = :id
        AND NOT EXISTS (SELECT FROM category WHERE parent_id = :id)
        AND NOT EXISTS (SELECT FROM product_category WHERE category_id = :id)
        AND NOT EXISTS (SELECT FROM listing WHERE category_id = :id)
        AND NOT EXISTS (SELECT FROM channel WHERE category_id = :id)
""")
_CONTENTS = text("""
    SELECT (SELECT count(*) FROM category WHERE parent_id = :id),
        (SELECT count(*) FROM product_category WHERE category_id = :id),
        (SELECT count(*) FROM channel WHERE category_id = :id)
""")
_DEPTH = text("""
    SELECT max(nlevel(path)) - nlevel(CAST(CAST(:path AS text) AS ltree)) FROM category
    WHERE path <@ CAST(CAST(:path AS text) AS ltree)
""")
_MOVE = text("""
    UPDATE category SET path = CASE WHEN path = CAST(:old AS text)::ltree THEN CAST(:new AS text)::ltree
        ELSE CAST(:new AS text)::ltree || subpath(path, nlevel(CAST(:old AS text)::ltree)) END
    WHERE path <@ CAST(:old AS text)::ltree
""")
