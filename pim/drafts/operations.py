from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel import codes
from kernel.db import WriteConn, fetch_one, to_json
from kernel.errors import InvalidInput, NotFound
from pim.catalog import operations as catalog
from pim.products import queries as product_queries
from pim.products import states
from pim.products.model import Problem, ProductInput, Refused, Upserted

from . import model, queries
from .model import Applied, Discarded, Draft, NotApplicable
from .tables import draft

_d = draft.c


async def save(conn: WriteConn, product: ProductInput, *, publish_at: datetime | None, actor: str) -> Draft:
    """Keep what is to be changed of a product, laid over the draft that it has; shown nowhere until it is applied.

    It is tried at once: what is wrong with it is kept with it. It is made from the revision that it names, or else from
    the one at its first saving. At ``publish_at`` it is applied by itself; None is never. Raises InvalidInput.
    """
    codes.check(product.code, path="product.code")
    before = await _held(conn, product.code)
    if before is not None:
        product = model.laid_over(before.input, product)
    elif product.base_revision is None:
        known = (await product_queries.products_by_code(conn, [product.code])).get(product.code)
        product = replace(product, base_revision=known.revision if known else 0)
    kept = model.dump(product)
    if "\\u0000" in to_json(kept):
        raise InvalidInput("product", "must not have NUL characters")
    [tried] = (await catalog.preview_products(conn, [product], actor=actor)).results
    row = {
        "given": kept,
        "changes": states.dump(tried.changes or ()) if isinstance(tried, Upserted) else [],
        "problems": _problems(tried.problems) if isinstance(tried, Refused) else [],
        "actor": actor,
        "at": func.now(),
        "publish_at": publish_at,
        "failed": False,
    }
    if before is None:  # who loses a race for the code begins again
        await conn.execute(insert(draft).values(row | {"code": product.code}))
    else:
        await conn.execute(update(draft).where(_d.id == before.id).values(row))
    return (await queries.drafts_by_code(conn, [product.code]))[product.code]


async def apply(conn: WriteConn, *, product: str, actor: str) -> Applied:
    """Make a product what its draft says, and be done with the draft. Raises NotFound and NotApplicable."""
    mine = await _needed(conn, product)
    [saved] = (await catalog.save_products(conn, [mine.input], actor=actor)).results
    if isinstance(saved, Refused):
        raise NotApplicable(mine.code, saved.problems)
    await conn.execute(delete(draft).where(_d.id == mine.id))
    return Applied(saved.code, saved.product_id, saved.revision)


async def discard(conn: WriteConn, *, product: str) -> Discarded:
    """Forget the draft of a product. Raises NotFound."""
    mine = await _needed(conn, product)
    await conn.execute(delete(draft).where(_d.id == mine.id))
    return Discarded(mine.code)


async def _held(conn: WriteConn, code: str) -> Draft | None:
    return await fetch_one(conn, select(*queries.COLUMNS).where(_d.code == code).with_for_update(), queries.read)


async def _needed(conn: WriteConn, code: str) -> Draft:
    found = None if "\0" in code else await _held(conn, code)
    if found is None:
        raise NotFound("draft of", code[:100])
    return found


def _problems(problems: Sequence[Problem]) -> list[list[str]]:
    return [[one.path, one.message] for one in problems]


async def apply_due(conn: WriteConn, *, product: str) -> None:
    """Apply the draft of a product as who wrote it, if it is still there and its time has come.

    One that cannot be applied is left with its problems, and is not tried again before it is saved anew.
    """
    wanted = select(*queries.COLUMNS).where(_d.code == product, queries.DUE).with_for_update()
    mine = await fetch_one(conn, wanted, queries.read)
    if mine is None:
        return
    [saved] = (await catalog.save_products(conn, [mine.input], actor=mine.actor)).results
    if isinstance(saved, Refused):
        await fail(conn, product=product, problems=saved.problems)
    else:
        await conn.execute(delete(draft).where(_d.id == mine.id))


async def fail(conn: WriteConn, *, product: str, problems: Sequence[Problem]) -> None:
    """Keep why a draft could not be applied at its time, if that has still come."""
    row = {"failed": True, "problems": _problems(problems)}
    await conn.execute(update(draft).where(_d.code == product, queries.DUE).values(row))
