"""Bringing what products hold into line with the model: looked through first, then written, at once or as a task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kernel import tasks
from kernel.db import Database, ReadConn, WriteConn
from kernel.tasks import Task
from pim.attributes import queries as attribute_queries
from pim.attributes import scoping
from pim.attributes.model import Attribute
from pim.catalog import operations as catalog_operations
from pim.channels import queries as channel_queries
from pim.entities import targets
from pim.families import queries as family_queries
from pim.families.model import Family
from pim.products.model import ProductInput, Refused, ValueInput, VariantInput

from . import queries
from .converting import Converting, Regrouping, raw_of
from .model import Held, Refit, Tally

AT_ONCE = 500  # products that are rewritten in the transaction of the definition; more are a task
POINTING = ("REFERENCE", "MEDIA")


@dataclass(frozen=True, slots=True)
class Fit:
    """What is to be brought into line with what: an attribute, or some attributes with a family."""

    codes: tuple[str, ...]
    family: str | None = None

    @property
    def given(self) -> dict[str, Any]:
        where = {"family": self.family} if self.family else {"attribute": self.codes[0]}
        return {"where": where, "codes": list(self.codes)}


def attribute(one: Attribute) -> Fit:
    return Fit((one.code,))


def family(one: Family, codes: Sequence[str]) -> Fit:
    return Fit(tuple(codes), one.code)


async def survey(conn: ReadConn, fit: Fit) -> Tally:
    """What bringing every product into line would change, and what it would lose."""
    tally, owners = Tally(), dict[str, str]()
    kind = await _family(conn, fit)
    async for page in queries.every_held(conn, fit.codes, family=kind.id if kind else None):
        for held, refit in await _refits(conn, fit, kind, page, owners):
            tally.add(held, refit)
    return tally


async def fit(conn: WriteConn, wanted: Fit, changing: int, *, actor: str) -> Task | None:
    """Bring ``changing`` products into line: in this transaction where they are few, else by a task, returned."""
    if changing > AT_ONCE:
        return await tasks.start(conn, JOB, actor=actor, given=wanted.given, total=changing)
    after, owners = queries.NOTHING, dict[str, str]()
    kind = await _family(conn, wanted)
    while changing and (page := await queries.held(conn, wanted.codes, family=kind.id if kind else None, after=after)):
        await _write(conn, await _refits(conn, wanted, kind, page, owners), actor=actor)
        after = page[-1].id
    return None


async def work(db: Database, task: Task) -> None:
    """Do the same chunk by chunk; what another has brought into line meanwhile is left alone."""
    wanted = Fit(tuple(task.given["codes"]), task.given["where"].get("family"))
    owners: dict[str, str] = {}

    async def chunk(conn: WriteConn, task: Task) -> Task | None:
        kind = await _family(conn, wanted)
        mine, after = kind.id if kind else None, task.after or queries.NOTHING
        page = await queries.held(conn, wanted.codes, family=mine, after=after, most=AT_ONCE)
        if not page:
            return None
        changed = await _write(conn, await _refits(conn, wanted, kind, page, owners), actor=task.actor, bulk=True)
        return await tasks.progress(conn, task, done=task.done + changed, state={"after": str(page[-1].id)})

    await tasks.in_chunks(db, task, chunk)


JOB = tasks.job("model.fit", work)


async def _family(conn: ReadConn, fit: Fit) -> Family | None:
    return (await family_queries.families_by_code(conn, [fit.family]))[fit.family] if fit.family else None


async def _refits(
    conn: ReadConn, fit: Fit, kind: Family | None, page: Sequence[Held], owners: dict[str, str]
) -> list[tuple[Held, Refit]]:
    if kind is not None:
        regroup = Regrouping({one.attribute: one.level for one in kind.attributes})
        return [(held, regroup.refit(held)) for held in page]
    [code] = fit.codes
    known = await attribute_queries.attributes_by_code(conn, [code])
    if code not in known:
        return []
    convert = Converting(known[code], await _options(conn, known[code], page), await _default(conn), owners)
    return [(held, convert.refit(held)) for held in page]


async def _options(conn: ReadConn, one: Attribute, page: Sequence[Held]) -> Mapping[str, Any]:
    """What the values of an attribute may be, as far as this page names it."""
    if one.type not in POINTING:
        return (await attribute_queries.options_by_attribute(conn, [one.code])).get(one.code, {})
    raws = [
        raw_of(stored, one.type)
        for held in page
        for content in (held.content, *held.variants.values())
        for stored in scoping.every(content.get(one.code, {}))
    ]
    return (await targets.there(conn, {one.code: one}, [(one.code, raw) for raw in raws])).get(one.code, {})


async def _default(conn: ReadConn) -> str:
    """The locale whose values count where one must be chosen: the first of the first channel."""
    channels = await channel_queries.all_channels(conn)
    return channels[0].locales[0] if channels else "en"


async def _write(conn: WriteConn, refits: Sequence[tuple[Held, Refit]], *, actor: str, bulk: bool = False) -> int:
    """Save what is to change; a value that is refused after all, because another has it by now, is taken away."""
    inputs = [_input(held, refit) for held, refit in refits if refit.changes]
    for start in range(0, len(inputs), AT_ONCE):
        some = inputs[start : start + AT_ONCE]
        saved = await catalog_operations.save_products(conn, some, actor=actor, bulk=bulk)
        again = [_emptied(given) for given, one in zip(some, saved.results, strict=True) if isinstance(one, Refused)]
        if again:
            await catalog_operations.save_products(conn, again, actor=actor, bulk=bulk)
    return len(inputs)


def _input(held: Held, refit: Refit) -> ProductInput:
    variants = tuple(VariantInput(sku, values=tuple(some)) for sku, some in refit.variants.items())
    return ProductInput(held.code, values=tuple(refit.product), variants=variants)


def _emptied(given: ProductInput) -> ProductInput:
    return replace(
        given,
        values=_cleared(given.values),
        variants=tuple(replace(one, values=_cleared(one.values)) for one in given.variants),
    )


def _cleared(values: Sequence[ValueInput]) -> tuple[ValueInput, ...]:
    return tuple(replace(one, value=None) for one in values)
