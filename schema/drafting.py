"""Changing products without showing it yet."""

from datetime import datetime
from typing import Any

import strawberry

from kernel.db import WriteConn
from kernel.errors import InvalidInput
from kernel.paging import Window
from kernel.principals import Principal
from pim.drafts import model, operations, queries
from pim.products import model as product_model
from pim.products import queries as product_queries

from .access import Permission
from .context import Info
from .drafts import ProductDraft, ProductProblem
from .errors import Error
from .fields import field, loads, mirrors, mutation
from .paging import Connection, connection
from .products import Product
from .saving import ProductInput, product_input

READ, WRITE = Permission.CATALOG_READ, Permission.CATALOG_WRITE
SOME = Window(50)


@strawberry.type
class NotApplicable(Error):
    code: str
    problems: list[ProductProblem]


@strawberry.input
class SaveDraftInput:
    idempotency_key: str
    product: ProductInput = strawberry.field(
        description="What is to be changed, laid over the draft that there is. It is made from `baseRevision`, or from "
        "the newest revision at its first saving."
    )
    publish_at: datetime | None = strawberry.field(
        default=None, description="When it is to be applied by itself; null leaves that to applyDraft."
    )


@mutation(
    ProductDraft,
    needs=WRITE,
    description="Keep a change of a product that is shown nowhere until it is applied. It is tried at once; one with "
    "problems is kept with them.",
)
async def save_draft(conn: WriteConn, caller: Principal, input: SaveDraftInput) -> model.Draft:
    given = product_input(input.product)
    if isinstance(given, product_model.Refused):
        raise InvalidInput(f"product.{given.problems[0].path}", given.problems[0].message)
    return await operations.save(conn, given, publish_at=input.publish_at, actor=caller.name)


@strawberry.input
class ApplyDraftInput:
    idempotency_key: str
    product: str = strawberry.field(description="The code of the product.")


@strawberry.type
@mirrors(model.Applied)
class DraftApplied:
    code: str
    product = loads(Product | None, product_queries.products_by_id, by="product_id")
    revision: int


@mutation(
    DraftApplied,
    NotApplicable,
    needs=WRITE,
    description="Make a product what its draft says. What others have changed since in the same places is refused.",
)
async def apply_draft(conn: WriteConn, caller: Principal, input: ApplyDraftInput) -> model.Applied:
    return await operations.apply(conn, product=input.product, actor=caller.name)


@strawberry.input
class DiscardDraftInput:
    idempotency_key: str
    product: str = strawberry.field(description="The code of the product.")


@strawberry.type
@mirrors(model.Discarded)
class DraftDiscarded:
    code: str


@mutation(DraftDiscarded, needs=WRITE, description="Forget the draft of a product.")
async def discard_draft(conn: WriteConn, _caller: Principal, input: DiscardDraftInput) -> model.Discarded:
    return await operations.discard(conn, product=input.product)


@field(Connection[ProductDraft], needs=READ, description="All drafts, by the codes of their products.")
async def drafts(
    _caller: Principal,
    info: Info,
    window: Window = SOME,
) -> Any:
    async with info.context.db.read() as conn:
        return connection(await queries.page_of_drafts(conn, window))
