"""The work of bulk edits and of undoing them: some hundred products at a time, each chunk a transaction."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import any_, text

from kernel import tasks
from kernel.db import Database, WriteConn, fetch, uuids
from kernel.tasks import Task
from pim.catalog import locking
from pim.catalog import operations as catalog
from pim.families import queries as family_queries
from pim.products import queries as product_queries
from pim.products import restoring, revisions, states
from pim.products.model import Change, Problem, Product, Refused, Upserted, Version
from pim.products.restoring import Restoring
from pim.products.states import State
from pim.products.tables import product

from . import checking, editing
from .model import Edit

AT_ONCE = 500

Versions = Mapping[uuid.UUID, int | None]  # the targets of a chunk, with the revisions that are to be undone


@dataclass(slots=True)
class Planned:
    """What is to be done to products, and what is not because of problems, by code."""

    inputs: dict[str, Restoring] = field(default_factory=dict)
    problems: dict[str, list[Problem]] = field(default_factory=dict)


Plan = Callable[[WriteConn, Task, Sequence[Product], Versions], Awaitable[Planned]]


async def edit(db: Database, task: Task) -> None:
    await tasks.in_chunks(db, task, lambda conn, at: _chunk(conn, at, _edits))


async def undo(db: Database, task: Task) -> None:
    await tasks.in_chunks(db, task, lambda conn, at: _chunk(conn, at, _undone))


async def _chunk(conn: WriteConn, task: Task, plan: Plan) -> Task | None:
    """Do the next products after those that are done, and store that in the same transaction; None at the end."""
    given = {"task": task.id, "undoes": task.given.get("undoes"), "after": task.after, "most": AT_ONCE}
    targets = (await conn.execute(_NEXT, given)).all()
    if not targets:
        return None
    versions: Versions = {row.product_id: row.revision for row in targets}
    await locking.share(conn)
    products = await held(conn, list(versions))
    planned = await plan(conn, task, products, versions)
    made = await _saved(conn, task, planned)
    await conn.execute(
        _DONE, {"task": task.id, "products": [key for key, _ in made], "revisions": [n for _, n in made]}
    )
    told = [(code, one.path, one.message) for code, some in planned.problems.items() for one in some]
    told += [(str(key), "", "is no more") for key in versions.keys() - {one.id for one in products}]
    if told:
        codes, paths, messages = (list(part) for part in zip(*told, strict=True))
        given = {"task": task.id, "codes": codes, "paths": paths, "messages": messages}
        await conn.execute(_PROBLEMS, given)
    counts = {
        "changed": task.counts.get("changed", 0) + len(made),
        "refused": task.counts.get("refused", 0) + len({code for code, *_ in told}),
    }
    done = task.done + len(targets)
    return await tasks.progress(conn, task, done=done, counts=counts, state={"after": str(targets[-1].product_id)})


async def _saved(conn: WriteConn, task: Task, planned: Planned) -> list[Version]:
    """The new revisions; what was refused joins the problems."""
    if not planned.inputs:
        return []
    inputs = [one.input for one in planned.inputs.values()]
    saved = await catalog.save_products(conn, inputs, actor=_actor(task), bulk=True)
    for one in saved.results:
        if isinstance(one, Refused):
            planned.problems[one.code] = list(planned.inputs[one.code].named(one).problems)
    return [one.version for one in saved.results if isinstance(one, Upserted) and one.changed]


def _actor(task: Task) -> str:
    what = "undo of bulk edit" if (undoes := task.given.get("undoes")) else "bulk edit"
    return f"{task.actor} ({what} {str(undoes or task.id)[-12:]})"


async def held(conn: WriteConn, ids: Sequence[uuid.UUID]) -> list[Product]:
    """These products as they are now; until the transaction ends nobody else changes them."""
    wanted = product_queries.PRODUCTS.where(product.c.id == any_(uuids(ids))).order_by(product.c.code)
    return await fetch(conn, wanted.with_for_update(key_share=True), Product)


async def planned(conn: WriteConn, edits: Sequence[Edit], products: Sequence[Product]) -> dict[str, Restoring]:
    """What the edits say to each of these products, by code."""
    below = await checking.below(conn, edits)
    families = {one.code: one for one in await family_queries.all_families(conn)}
    found = {}
    for state in (await product_queries.states_by_product(conn, products)).values():
        family = families.get(state.family or "")
        levels = {one.attribute: one.level for one in family.attributes} if family else None
        found[state.code] = editing.edited(state, edits, levels, below)
    return found


async def _edits(conn: WriteConn, task: Task, products: Sequence[Product], _: Versions) -> Planned:
    return Planned(await planned(conn, [Edit(**one) for one in task.given["edits"]], products))


async def _undone(conn: WriteConn, _task: Task, products: Sequence[Product], versions: Versions) -> Planned:
    """The way back for each product that still has, wherever the edit changed it, what the edit made of it."""
    wanted = [(key, number) for key, number in versions.items() if number is not None]
    changes = await revisions.changes_by_version(conn, wanted)
    found = Planned()
    for key, state in (await product_queries.states_by_product(conn, products)).items():
        mine = changes.get((key, versions[key] or 0), [])
        since = list(_changed_since(state, mine))
        if since:
            found.problems[state.code] = [Problem(one.name, "was changed since") for one in since]
        else:
            found.inputs[state.code] = restoring.back(state, [mine])
    return found


def _changed_since(state: State, changes: Sequence[Change]) -> list[Change]:
    """Where a product holds neither what the edit made of it nor, everywhere, what it was before."""
    now = states.facts(state)
    since = [one for one in changes if now.get(one.path) != one.after]
    return [] if all(now.get(one.path) == one.before for one in changes) else since


_NEXT = text("""
    SELECT t.product_id, undone.revision
    FROM bulk_target t
    LEFT JOIN bulk_target undone ON undone.task_id = CAST(:undoes AS uuid) AND undone.product_id = t.product_id
    WHERE t.task_id = :task AND (CAST(:after AS uuid) IS NULL OR t.product_id > CAST(:after AS uuid))
    ORDER BY t.product_id LIMIT :most
""")
_DONE = text("""
    UPDATE bulk_target t SET revision = r.revision
    FROM unnest(CAST(:products AS uuid[]), CAST(:revisions AS int[])) AS r (product_id, revision)
    WHERE t.task_id = :task AND t.product_id = r.product_id
""")
_PROBLEMS = text("""
    INSERT INTO bulk_problem (task_id, code, path, message)
    SELECT :task, r.* FROM unnest(CAST(:codes AS text[]), CAST(:paths AS text[]), CAST(:messages AS text[])) AS r
""")
