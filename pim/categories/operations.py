import re
from collections.abc import Mapping

from slugify import slugify
from sqlalchemy import cast, text
from sqlalchemy.dialects.postgresql import insert

from kernel import codes
from kernel.db import WriteConn
from kernel.errors import InvalidInput

from . import queries
from .model import Category
from .tables import category

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,100}")  # what an ltree label may hold


async def save(
    conn: WriteConn, *, code: str, parent: str | None = None, labels: Mapping[str, str], position: int = 0
) -> Category:
    """Create the category ``code`` or change it; moving it moves what is below. Raises InvalidInput."""
    codes.check(code, path="code")
    if not _LABEL.fullmatch(code):
        raise InvalidInput("code", "must have letters, digits, '_' and '-' only")
    known = await queries.categories_by_code(conn, [code, *([parent] if parent else [])])
    above = known.get(parent) if parent else None
    if parent and above is None:
        raise InvalidInput("parent", f"there is no category {parent}")
    before = known.get(code)
    if above and before and (above.path == before.path or above.path.startswith(before.path + ".")):
        raise InvalidInput("parent", f"{parent} is below {code}")
    taken = await queries.category_by_slug(conn, slugify(code))
    if taken and taken.code != code:
        raise InvalidInput("code", f"is too like {taken.code}: both would have the slug {taken.slug}")
    path = f"{above.path}.{code}" if above else code
    row = {
        "code": code,
        "slug": slugify(code),
        "parent_id": above.id if above else None,
        "labels": dict(labels),
        "position": position,
    }
    changed = {name: value for name, value in row.items() if name != "code"}
    new = insert(category).values(row | {"path": cast(path, category.c.path.type)})
    await conn.execute(new.on_conflict_do_update(index_elements=["code"], set_=changed))
    if before and before.path != path:
        await conn.execute(_MOVE, {"old": before.path, "new": path})
    return (await queries.categories_by_code(conn, [code]))[code]


_MOVE = text("""
    UPDATE category SET path = CASE WHEN path = CAST(:old AS text)::ltree THEN CAST(:new AS text)::ltree
        ELSE CAST(:new AS text)::ltree || subpath(path, nlevel(CAST(:old AS text)::ltree)) END
    WHERE path <@ CAST(:old AS text)::ltree
""")
