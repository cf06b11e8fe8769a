"""Changing all products that a filter finds, seeing before what that would do, and taking it back."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import insert, literal, select

from kernel import tasks
from kernel.db import WriteConn, fetch
from kernel.errors import DomainError, InvalidInput, NotFound
from pim.catalog import browsing
from pim.catalog import operations as catalog
from pim.catalog.model import ProductFilter
from pim.products import queries as product_queries
from pim.products.model import Product, Refused, Upserted
from pim.products.tables import product

from . import checking, queries, working
from .jobs import EDITING, UNDOING
from .model import BulkEdit, Edit, Preview, PreviewedProduct
from .tables import bulk_target

MOST_SAMPLED = 100


@dataclass
class NotEnded(DomainError):
    """The bulk edit is {status}; cancel it or wait for its end."""

    status: str


async def start(conn: WriteConn, *, filter: ProductFilter, edits: Sequence[Edit], actor: str) -> BulkEdit:
    """Have ``edits`` done to every product that the filter finds now, in the order given. Raises InvalidInput."""
    given = await checking.checked(conn, edits)
    task = await tasks.start(conn, EDITING, actor=actor, given={"edits": [asdict(one) for one in given]})
    matched = (await browsing.matching(conn, filter)).add_columns(literal(task.id))
    made = await conn.execute(insert(bulk_target).from_select(["product_id", "task_id"], matched))
    return BulkEdit.of(await tasks.expect(conn, task, total=made.rowcount))


async def undo(conn: WriteConn, *, id: uuid.UUID, actor: str) -> BulkEdit:
    """Put back what an edit changed, and only that; undoing an undoing does the edit again.

    Products that were changed since in the same places are left alone and told. Raises NotFound and NotEnded.
    """
    known = (await queries.bulk_edits_by_id(conn, [id])).get(id)
    if known is None:
        raise NotFound("bulk edit", str(id))
    if known.status in (tasks.QUEUED, tasks.RUNNING):
        raise NotEnded(known.status)
    task = await tasks.start(conn, UNDOING, actor=actor, given={"undoes": str(id)})
    c = bulk_target.c
    changed = select(c.product_id, literal(task.id)).where(c.task_id == id, c.revision.is_not(None))
    made = await conn.execute(insert(bulk_target).from_select(["product_id", "task_id"], changed))
    return BulkEdit.of(await tasks.expect(conn, task, total=made.rowcount))


async def preview(conn: WriteConn, *, filter: ProductFilter, edits: Sequence[Edit], sample: int, actor: str) -> Preview:
    """What ``start`` would do, tried on the first ``sample`` products by code. Changes nothing. Raises InvalidInput."""
    if not 0 <= sample <= MOST_SAMPLED:
        raise InvalidInput("sample", f"must be between 0 and {MOST_SAMPLED}")
    given = await checking.checked(conn, edits)
    matched = (await browsing.product_counts(conn, [filter]))[filter]
    wanted = product_queries.PRODUCTS.where(*await browsing.conditions(conn, filter))
    products = await fetch(conn, wanted.order_by(product.c.code).limit(sample), Product)
    plans = await working.planned(conn, given, products)
    tried = await catalog.preview_products(conn, [plans[one.code].input for one in products], actor=actor)
    found: list[PreviewedProduct] = []
    for one in tried.results:
        if isinstance(one, Refused):
            found.append(PreviewedProduct(one.code, problems=plans[one.code].named(one).problems))
        elif isinstance(one, Upserted):
            found.append(PreviewedProduct(one.code, one.changes or ()))
    return Preview(matched, tuple(found))
