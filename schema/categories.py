import uuid
from typing import Annotated, Any

import strawberry

from kernel.db import WriteConn
from kernel.errors import NotFound
from kernel.paging import Window
from kernel.principals import Principal
from pim.categories import model, operations, queries
from pim.modeling import operations as modeling

from .access import Permission
from .context import Info
from .errors import Error
from .fields import field, loads, mirrors, mutation
from .labels import LabelInput, labels, texts
from .modeling import work
from .nodes import SOURCES, Node, Source, node_id
from .paging import Connection, connection

READ, WRITE = Permission.CATALOG_READ, Permission.CATALOG_WRITE
SOME = Window(100)


def _below(
    root: model.Category,
    *,
    window: Window = SOME,
) -> tuple[uuid.UUID, Window]:
    return root.id, window


@strawberry.type
@mirrors(model.Category)
class Category(Node):
    id = node_id("Category")
    code: str
    path: str = strawberry.field(description="The codes from the root to here, joined by dots.")
    slug: str
    position: int
    labels = labels()
    tasks = work("category")
    parent = loads(
        Annotated["Category", strawberry.lazy("schema.categories")] | None,
        queries.categories_by_id,
        by="parent_id",
        needs=READ,
    )
    children = loads(
        Connection[Annotated["Category", strawberry.lazy("schema.categories")]],
        queries.pages_below,
        by=_below,
        pick=connection,
        needs=READ,
        description="What stands directly below, by position.",
    )


SOURCES["Category"] = Source(queries.categories_by_id, READ)


@strawberry.type
@mirrors(model.DeletedCategory)
class CategoryDeleted:
    code: str


@strawberry.type
class CategoryNotEmpty(Error):
    code: str
    children: int
    products: int
    channels: int


@strawberry.input
class DeleteCategoryInput:
    idempotency_key: str
    code: str


@strawberry.input
class SaveCategoryInput:
    idempotency_key: str
    code: str
    parent: str | None = strawberry.field(default=None, description="None makes it the root of a tree.")
    labels: list[LabelInput]
    position: int | None = strawberry.field(
        default=None, description="Its place among its siblings; where none is given, it stays or is the last."
    )


@mutation(Category, needs=WRITE, description="Create a category, or change and move it with all that is below.")
async def save_category(conn: WriteConn, caller: Principal, input: SaveCategoryInput) -> model.Category:
    return await modeling.save_category(
        conn,
        code=input.code,
        actor=caller.name,
        parent=input.parent,
        labels=texts(input.labels),
        position=input.position,
    )


@mutation(CategoryDeleted, CategoryNotEmpty, needs=WRITE, description="Delete a category that is empty.")
async def delete_category(conn: WriteConn, _caller: Principal, input: DeleteCategoryInput) -> model.DeletedCategory:
    return await operations.delete(conn, code=input.code)


@field(Category | None, needs=READ)
async def category(_caller: Principal, info: Info, code: str) -> model.Category | None:
    return await info.context.reads.load(queries.categories_by_code, code)


@field(Connection[Category], needs=READ, description="What stands below the category ``root``, or the roots.")
async def categories(
    _caller: Principal,
    info: Info,
    above: Annotated[str | None, strawberry.argument(name="root")] = None,
    *,
    window: Window,
) -> Any:
    async with info.context.db.read() as conn:
        if above is None:
            return connection(await queries.page_of_roots(conn, window))
        known = (await queries.categories_by_code(conn, [above])).get(above)
        if known is None:
            raise NotFound("category", above[:100])
        found = await queries.pages_below(conn, [(known.id, window)])
    return connection(found[known.id, window])
