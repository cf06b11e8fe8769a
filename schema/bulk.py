"""Changing everything that a filter finds."""

from datetime import datetime
from typing import Any

import strawberry

from kernel import ids
from kernel.db import WriteConn
from kernel.paging import Window
from kernel.principals import Principal
from pim.bulk import model, operations, queries

from .access import Permission
from .context import Info
from .enums import AssociationKind, BulkAction, JobStatus
from .errors import Error
from .fields import computed, field, loads, mirrors, mutation
from .nodes import SOURCES, Node, Source, node_id
from .paging import Connection, connection
from .products import ProductFilter, wanted
from .scalars import JSON
from .tasks import key_of

READ, WRITE = Permission.CATALOG_READ, Permission.CATALOG_WRITE
SOME = Window(20)


@strawberry.type(description="What kept a product as it was, and where in the product.")
@mirrors(model.BulkProblem)
class BulkEditProblem:
    code: str
    path: str
    message: str


def _problems_of(
    root: model.BulkEdit,
    *,
    window: Window = SOME,
) -> Any:
    return root.id, window


def _undoes(root: strawberry.Parent[Any]) -> Any:
    return ids.encode("BulkEdit", root.undoes) if root.undoes else None


@strawberry.type(description="An edit of many products, or the undoing of one. Counts are of products.")
@mirrors(model.BulkEdit)
class BulkEdit(Node):
    id = node_id("BulkEdit")
    status: JobStatus
    actor: str
    done: int
    total: int | None
    changed: int
    refused: int
    problem: str | None = strawberry.field(description="Why it failed as a whole.")
    edits: JSON | None = strawberry.field(description="What is done to each product; null where it undoes an edit.")
    undoes = computed(strawberry.ID | None, _undoes, "The edit that this one undoes.")
    created_at: datetime
    finished_at: datetime | None
    problems = loads(
        Connection[BulkEditProblem], queries.problems_by_edit, by=_problems_of, pick=connection, needs=READ
    )


SOURCES["BulkEdit"] = Source(queries.bulk_edits_by_id, READ)


@strawberry.type
class NotEnded(Error):
    status: JobStatus


@strawberry.input(description="One thing to do to each product: to an attribute, a category or an association.")
class ProductEditInput:
    action: BulkAction
    attribute: str | None = None
    category: str | None = strawberry.field(
        default=None, description="SET leaves it alone, CLEAR takes out of it and of all below."
    )
    association: AssociationKind | None = None
    value: JSON | None = strawberry.field(
        default=None, description="As in upsertProducts; for options and codes of products, one or a list."
    )
    channel: str | None = None
    locale: str | None = None


@strawberry.input
class BulkEditInput:
    idempotency_key: str
    filter: ProductFilter = strawberry.field(description="An empty one finds every product.")
    edits: list[ProductEditInput]


@strawberry.input
class UndoBulkEditInput:
    idempotency_key: str
    id: strawberry.ID


@mutation(
    BulkEdit,
    needs=WRITE,
    description="Do `edits`, in order, to every product that the filter finds now. Watch it by its id; cancelTask "
    "stops it, undoBulkEdit takes it back.",
)
async def bulk_edit(conn: WriteConn, caller: Principal, input: BulkEditInput) -> model.BulkEdit:
    return await operations.start(conn, filter=wanted(input.filter), edits=_edits(input.edits), actor=caller.name)


@mutation(
    BulkEdit,
    NotEnded,
    needs=WRITE,
    description="Put back what a bulk edit changed, and only that. What was changed since in the same places stays, "
    "and is told as a problem.",
)
async def undo_bulk_edit(conn: WriteConn, caller: Principal, input: UndoBulkEditInput) -> model.BulkEdit:
    return await operations.undo(conn, id=key_of(input.id), actor=caller.name)


def _edits(given: list[ProductEditInput]) -> list[model.Edit]:
    return [
        model.Edit(
            one.action.value,
            one.attribute,
            one.category,
            one.association and one.association.value,
            one.value,
            one.channel,
            one.locale,
        )
        for one in given
    ]


def _path(root: strawberry.Parent[Any]) -> Any:
    return root.name


@strawberry.type(description="What one place of a product says before and after; null where nothing.")
class PreviewedChange:
    path = computed(str, _path)
    before: JSON | None
    after: JSON | None


@strawberry.type
class PreviewedProblem:
    path: str
    message: str


@strawberry.type
@mirrors(model.PreviewedProduct)
class PreviewedProduct:
    code: str
    changes: list[PreviewedChange]
    problems: list[PreviewedProblem]


@strawberry.type(description="What a bulk edit would do, tried on some of the products.")
@mirrors(model.Preview)
class BulkEditPreview:
    matched: int = strawberry.field(description="How many products the filter finds.")
    sampled: int = strawberry.field(description="How many of them were tried, the first by code.")
    changing: int = strawberry.field(description="How many of those would change.")
    refused: int = strawberry.field(description="How many of those would be refused.")
    products: list[PreviewedProduct]


@field(
    BulkEditPreview, needs=WRITE, description="What bulkEdit would do, tried on up to 100 products; changes nothing."
)
async def preview_bulk_edit(
    caller: Principal, info: Info, filter: ProductFilter, edits: list[ProductEditInput], sample: int = 20
) -> model.Preview:
    async def look(conn: WriteConn) -> model.Preview:
        return await operations.preview(
            conn, filter=wanted(filter), edits=_edits(edits), sample=sample, actor=caller.name
        )

    return await info.context.db.transact(look)
