import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, text
from sqlalchemy.dialects.postgresql import insert

from kernel import tasks
from kernel.db import WriteConn
from kernel.errors import InvalidInput
from kernel.tasks import Task
from pim.channels.model import Channel
from pim.listings import exclusions
from pim.listings import operations as listing_operations
from pim.products import operations as product_operations
from pim.products import queries as product_queries

from . import following, locking, matching, model, queries
from .following import AT_ONCE
from .jobs import FOLLOW
from .model import Assortment
from .tables import assortment


async def save(
    conn: WriteConn,
    *,
    channel: str,
    rules: object = None,
    exclude_products: Sequence[str] | None = None,
    exclude_skus: Sequence[str] | None = None,
    leave_to_rules: Sequence[str] = (),
    actor: str,
) -> Assortment:
    """Let a channel list what these rules include, and withdraw what they no longer do; what is None stays.

    ``rules`` is a document. Excluded products are not listed by rule, excluded skus are not offered however their
    product came on the channel. ``leave_to_rules`` are products whose listings by hand are no longer so. Where many
    products are concerned a task does it. Raises NotFound and InvalidInput.
    """
    given = model.parse(rules) if rules is not None else None
    await locking.hold(conn)
    target = await queries.channel_of(conn, channel)
    before = (await queries.assortments_by_channel(conn, [target.id])).get(target.id)
    parsed = given if given is not None else before.rules if before else ()
    wanted = await matching.wanted(conn, parsed, strict=True)
    if exclude_products is not None:
        await _exclude_products(conn, target, exclude_products)
    await _leave(conn, target, leave_to_rules)
    touched = [] if exclude_skus is None else await _exclude_skus(conn, target, exclude_skus)
    row = {"channel_id": target.id, "rules": model.dump(parsed), "task_id": None}
    made = insert(assortment).values(row)
    await conn.execute(made.on_conflict_do_update(index_elements=["channel_id"], set_=row))
    for start in range(0, len(touched), AT_ONCE):
        await listing_operations.refresh(conn, touched[start : start + AT_ONCE], announce=target)
    task = await _follow_all(conn, target, wanted, actor=actor)
    return Assortment(target.id, parsed, task.id if task else None)


async def _exclude_products(conn: WriteConn, target: Channel, codes: Sequence[str]) -> None:
    given = {"channel": target.id, "products": await queries.named_products(conn, codes, "excludeProducts")}
    await conn.execute(_ALLOW, given)
    await conn.execute(_EXCLUDE, given)


async def _leave(conn: WriteConn, target: Channel, codes: Sequence[str]) -> None:
    """Forget what was decided by hand of these products; what is not shown now is withdrawn until a rule lists it."""
    products = await queries.named_products(conn, codes, "leaveToRules")
    if products:
        await product_operations.hold(conn, products)
        left = await listing_operations.leave_to_rules(conn, target.id, products)
        await listing_operations.refresh(conn, left)


async def _exclude_skus(conn: WriteConn, target: Channel, skus: Sequence[str]) -> list[uuid.UUID]:
    """The products that are offered in other variants now, which are held."""
    queries.check_number(skus, "excludeSkus")
    known = await product_queries.variants_by_sku(conn, set(skus))
    for place, sku in enumerate(skus):
        if sku not in known:
            raise InvalidInput(f"excludeSkus.{place}", f"there is no variant {sku[:100]}")
    touched = await exclusions.replace(conn, target.id, [one.id for one in known.values()])
    await product_operations.hold(conn, touched)
    await listing_operations.unsettle(conn, target.id, touched)
    return touched


async def _follow_all(conn: WriteConn, target: Channel, wanted: ColumnElement[bool], *, actor: str) -> Task | None:
    """Bring the listings of a channel in line with what its rules ask for, at once or by a task."""
    found = queries.differing(target, wanted).limit(AT_ONCE + 1)
    ids = [row.id for row in await conn.execute(found)]
    if len(ids) <= AT_ONCE:
        await product_operations.hold(conn, ids)
        await listing_operations.refresh(conn, await following.follow_on(conn, target, wanted, ids))
        return None
    task = await tasks.start(conn, FOLLOW, actor=actor, given={"channel": str(target.id)})
    given = assortment.update().where(assortment.c.channel_id == target.id).values(task_id=task.id)
    await conn.execute(given)
    return task


_ALLOW = text("DELETE FROM assortment_exclusion WHERE channel_id = :channel AND product_id <> ALL(:products)")
_EXCLUDE = text("""
    INSERT INTO assortment_exclusion (channel_id, product_id)
    SELECT :channel, id FROM unnest(CAST(:products AS uuid[])) AS r (id) ORDER BY id ON CONFLICT DO NOTHING
""")
