"""What was changed of a product, by whom and when."""

from datetime import datetime
from typing import Any

import strawberry

from kernel import ids
from pim.products import model, revisions

from .access import Permission
from .fields import computed, loads, mirrors
from .scalars import JSON

CATALOG = Permission.CATALOG_READ


def _before(root: strawberry.Parent[model.Change]) -> Any:
    return _shown(root, root.before)


def _after(root: strawberry.Parent[model.Change]) -> Any:
    return _shown(root, root.after)


def _shown(change: model.Change, said: Any) -> Any:
    is_media = change.path[0] == "media" and said is not None
    return [ids.encode("Media", key) for key in said] if is_media else said


def _path(root: strawberry.Parent[model.Change]) -> str:
    return root.name


@strawberry.type(description="What is said at one path, before and after; null where nothing was or is.")
@mirrors(model.Change)
class RevisionChange:
    path = computed(str, _path, description="Such as values.name.*.de or variants.SKU.values.color.*.*")
    before = computed(JSON | None, _before)
    after = computed(JSON | None, _after)


@strawberry.type
@mirrors(revisions.Revision)
class Revision:
    number: int
    at: datetime
    actor: str
    changes = loads(list[RevisionChange], revisions.changes_by_version, by="version", otherwise=(), needs=CATALOG)
