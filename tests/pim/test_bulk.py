"""Changing everything that a filter finds, and taking it back."""

import asyncio
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import text

from kernel import tasks
from kernel.db import Database, WriteConn
from kernel.errors import InvalidInput, NotFound
from kernel.paging import Window
from pim.bulk import operations, queries, working
from pim.bulk.model import BulkEdit, BulkProblem, Edit
from pim.catalog import operations as catalog
from pim.catalog.model import ProductFilter
from pim.families.model import FamilyAttribute
from pim.products import queries as product_queries
from pim.products import states
from pim.products.holding import ValueFilter
from pim.products.model import ProductInput, ValueInput, VariantInput
from tests import make
from tests.conftest import _create, _drop, _named
from tests.server.hubs import ROOT, soon

EVERYTHING = ProductFilter()
SHOES = ProductFilter(family="shoes")


@pytest.fixture(scope="module")
async def modeled(server_url: str, template: str) -> AsyncIterator[Database]:
    await _create(server_url, "bulk", template)
    db = Database(_named(server_url, "bulk"), readers=2, writers=3)
    async with db.write() as conn:
        await make.a_category(conn, code="wear")
        await make.a_category(conn, code="feet", parent="wear")
        await make.a_category(conn, code="sale")
        await make.a_channel(conn, code="web", locales=["de", "en"])
        await make.an_attribute(conn, code="name", localizable=True, scopable=True)
        await make.an_attribute(conn, code="care", type="MULTI_SELECT", options=["wax", "brush", "dye"])
        await make.an_attribute(conn, code="eyelets", type="NUMBER", validation={"max": 20})
        await make.an_attribute(conn, code="size", type="SELECT", options=["41", "42"])
        await make.an_attribute(conn, code="note")
        family = [FamilyAttribute(one, "PRODUCT") for one in ("name", "care", "eyelets")]
        family += [FamilyAttribute("note", "VARIANT")]
        await make.a_family(conn, code="shoes", attributes=family, axes=["size"])
    yield db
    await db.close()
    await _drop(server_url, "bulk")


@pytest.fixture
async def shelf(modeled: Database) -> Database:
    """Two shoes of one family, with sizes, and a cup of none."""
    async with modeled.write() as conn:
        await conn.execute(text("TRUNCATE product, task, outbox CASCADE"))
        sizes = [
            tuple(VariantInput(f"{code}-{n}", values=(ValueInput("size", n),)) for n in ("41", "42")) for code in "bs"
        ]
        boot = (ValueInput("care", ["wax"]), ValueInput("eyelets", 8))
        saved = await catalog.save_products(
            conn,
            [
                ProductInput("boot", "shoes", ("feet",), boot, sizes[0]),
                ProductInput("shoe", "shoes", ("wear", "sale"), (), sizes[1]),
                ProductInput("cup", None, ("sale",), variants=(VariantInput("cup"),)),
            ],
            actor="Ada",
        )
        assert {type(one).__name__ for one in saved.results} == {"Upserted"}
    return modeled


async def started(db: Database, *edits: Edit, filter: ProductFilter = EVERYTHING) -> BulkEdit:
    async with db.write() as conn:
        return await operations.start(conn, filter=filter, edits=edits, actor="Ada")


async def done(db: Database, *edits: Edit, filter: ProductFilter = EVERYTHING) -> BulkEdit:
    one = await started(db, *edits, filter=filter)
    await tasks.run(db, one.id, working.edit)
    return await found(db, one.id)


async def undone(db: Database, id: uuid.UUID) -> BulkEdit:
    async with db.write() as conn:
        one = await operations.undo(conn, id=id, actor="Bob")
    await tasks.run(db, one.id, working.undo)
    return await found(db, one.id)


async def found(db: Database, id: uuid.UUID) -> BulkEdit:
    async with db.read() as conn:
        return (await queries.bulk_edits_by_id(conn, [id]))[id]


async def problems(db: Database, id: uuid.UUID) -> list[tuple[str, str, str]]:
    window = Window(100)
    async with db.read() as conn:
        page = (await queries.problems_by_edit(conn, [(id, window)]))[id, window]
    return [(one.code, one.path, one.message) for one in page.items if isinstance(one, BulkProblem)]


async def said(db: Database, *codes: str) -> dict[str, dict[str, Any]]:
    """Everything that is said of products, by path."""
    async with db.read() as conn:
        known = await product_queries.products_by_code(conn, codes or ["boot", "shoe", "cup"])
        held = await product_queries.states_by_product(conn, list(known.values()))
    return {one.code: {".".join(path): what for path, what in states.facts(one).items()} for one in held.values()}


async def save(db: Database, *products: ProductInput) -> None:
    async with db.write() as conn:
        await catalog.save_products(conn, products, actor="Eve")


async def test_a_value_is_set_on_all_that_match_and_on_nothing_else(shelf: Database) -> None:
    one = await done(shelf, Edit("SET", attribute="name", value="Schuh", locale="de_DE", channel="web"), filter=SHOES)
    assert (one.status, one.done, one.total, one.changed, one.refused) == ("DONE", 2, 2, 2, 0)
    now = await said(shelf)
    assert {code: facts.get("values.name.web.de-DE") for code, facts in now.items()} == {
        "boot": "Schuh", "shoe": "Schuh", "cup": None,
    }  # fmt: skip


async def test_what_it_changes_is_a_revision_by_whom_it_was_done(shelf: Database) -> None:
    one = await done(shelf, Edit("SET", attribute="eyelets", value=8), filter=SHOES)
    assert one.changed == 1  # the boot has eight already
    async with shelf.read() as conn:
        rows = (await conn.execute(text("SELECT number, actor FROM product_revision"))).all()
    assert rows == [(2, f"Ada (bulk edit {str(one.id)[-12:]})")]


async def test_an_attribute_of_variants_is_set_on_each_of_them(shelf: Database) -> None:
    await done(shelf, Edit("SET", attribute="note", value="neu"), filter=ProductFilter(codes=("boot",)))
    boot = (await said(shelf))["boot"]
    assert [boot[f"variants.b-{size}.values.note.*.*"] for size in (41, 42)] == ["neu", "neu"]
    await done(shelf, Edit("CLEAR", attribute="note"))
    assert "note" not in str(await said(shelf))


async def test_options_are_added_and_removed(shelf: Database) -> None:
    edits = [Edit("ADD", attribute="care", value=["dye", "wax"]), Edit("REMOVE", attribute="care", value="wax")]
    await done(shelf, *edits, filter=SHOES)
    now = await said(shelf)
    assert [now[code]["values.care.*.*"] for code in ("boot", "shoe")] == [["dye"], ["dye"]]
    await done(shelf, Edit("REMOVE", attribute="care", value="dye"))
    assert "care" not in str(await said(shelf))


@pytest.mark.parametrize(
    ("edit", "boot", "shoe", "cup"),
    [
        (Edit("ADD", category="sale"), ["feet", "sale"], ["wear", "sale"], ["sale"]),
        (Edit("REMOVE", category="wear"), ["feet"], ["sale"], ["sale"]),
        (Edit("CLEAR", category="wear"), None, ["sale"], ["sale"]),
        (Edit("SET", category="wear"), ["wear"], ["wear"], ["wear"]),
    ],
    ids=lambda one: one.action if isinstance(one, Edit) else "",
)
async def test_products_are_put_into_categories_and_taken_out(
    shelf: Database, edit: Edit, boot: Any, shoe: Any, cup: Any
) -> None:
    await done(shelf, edit)
    now = await said(shelf)
    assert [now[code].get("categories") for code in ("boot", "shoe", "cup")] == [boot, shoe, cup]


async def test_products_are_linked_to_others_but_never_to_themselves(shelf: Database) -> None:
    one = await done(shelf, Edit("ADD", association="CROSS_SELL", value=["cup", "boot"]))
    now = await said(shelf)
    assert [now[code]["associations.CROSS_SELL"] for code in ("boot", "cup")] == [["cup"], ["boot"]]
    assert now["shoe"]["associations.CROSS_SELL"] == ["cup", "boot"]
    assert (await undone(shelf, one.id)).changed == 3
    assert "CROSS_SELL" not in str(await said(shelf))


async def test_what_does_not_fit_a_product_is_told_and_the_others_are_changed(shelf: Database) -> None:
    async with shelf.write() as conn:
        family = [FamilyAttribute("eyelets", "VARIANT"), FamilyAttribute("care", "PRODUCT")]
        await make.a_family(conn, code="cups", attributes=family)
    await save(shelf, ProductInput("cup", "cups"))
    one = await done(shelf, Edit("SET", attribute="note", value="x"), Edit("SET", attribute="eyelets", value=3))
    assert (one.changed, one.refused, one.done) == (2, 1, 3)
    assert await problems(shelf, one.id) == [("cup", "values.note.*.*", "note is not in the product's family")]


async def test_an_undo_puts_back_what_was_changed_and_only_that(shelf: Database) -> None:
    before = await said(shelf)
    edits = [
        Edit("SET", attribute="name", value="Neu", locale="de"),
        Edit("ADD", attribute="care", value="dye"),
        Edit("CLEAR", attribute="eyelets"),
        Edit("SET", category="sale"),
    ]
    one = await done(shelf, *edits, filter=SHOES)
    await save(shelf, ProductInput("boot", values=(ValueInput("name", "Boot", None, "en"),)))
    undo = await undone(shelf, one.id)
    assert (undo.status, undo.total, undo.changed, undo.refused, undo.undoes) == ("DONE", 2, 2, 0, one.id)
    before["boot"]["values.name.*.en"] = "Boot"
    assert await said(shelf) == before


async def test_what_was_changed_since_in_the_same_place_is_left_alone_and_told(shelf: Database) -> None:
    one = await done(shelf, Edit("SET", attribute="eyelets", value=10), Edit("ADD", category="sale"), filter=SHOES)
    await save(shelf, ProductInput("boot", values=(ValueInput("eyelets", 12),)))
    undo = await undone(shelf, one.id)
    assert (undo.changed, undo.refused) == (1, 1)
    assert await problems(shelf, undo.id) == [("boot", "values.eyelets.*.*", "was changed since")]
    now = await said(shelf)
    assert (now["boot"]["values.eyelets.*.*"], now["boot"]["categories"]) == ("12", ["feet", "sale"])
    assert "values.eyelets.*.*" not in now["shoe"]


async def test_undoing_an_undo_does_it_again_and_undoing_twice_changes_nothing(shelf: Database) -> None:
    one = await done(shelf, Edit("SET", attribute="eyelets", value=10), filter=SHOES)
    after = await said(shelf)
    undo = await undone(shelf, one.id)
    assert ((await undone(shelf, one.id)).changed, (await undone(shelf, one.id)).refused) == (0, 0)
    assert (await undone(shelf, undo.id)).changed == 2
    assert await said(shelf) == after


async def test_the_products_are_those_that_matched_at_the_start(shelf: Database) -> None:
    eight = ProductFilter(attributes=(ValueFilter("eyelets", values=("8",)),))
    one = await started(shelf, Edit("SET", attribute="eyelets", value=10), filter=eight)
    await save(
        shelf,
        ProductInput("boot", values=(ValueInput("eyelets", 9),)),
        ProductInput("shoe", values=(ValueInput("eyelets", 8),)),
    )
    await tasks.run(shelf, one.id, working.edit)
    now = await said(shelf)
    assert [now[code]["values.eyelets.*.*"] for code in ("boot", "shoe")] == ["10", "8"]


async def test_an_edit_that_goes_on_cannot_be_undone_yet(shelf: Database) -> None:
    one = await started(shelf, Edit("SET", attribute="eyelets", value=10))
    async with shelf.write() as conn:
        with pytest.raises(operations.NotEnded):
            await operations.undo(conn, id=one.id, actor="Ada")
        with pytest.raises(NotFound):
            await operations.undo(conn, id=uuid.uuid4(), actor="Ada")


async def test_a_cancelled_edit_stops_between_two_chunks_and_what_it_did_can_be_undone(
    shelf: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await said(shelf)
    monkeypatch.setattr(working, "AT_ONCE", 1)
    one = await started(shelf, Edit("SET", attribute="eyelets", value=10))
    progress, chunks = tasks.progress, []

    async def cancelling(conn: WriteConn, task: tasks.Task, **given: Any) -> tasks.Task:
        stored = await progress(conn, task, **given)
        chunks.append(task)
        await tasks.cancel(conn, task.id)
        return stored

    monkeypatch.setattr(tasks, "progress", cancelling)
    await tasks.run(shelf, one.id, working.edit)
    monkeypatch.undo()
    stopped = await found(shelf, one.id)
    assert (stopped.status, stopped.done, stopped.total) == ("CANCELLED", 1, 3)
    assert (await undone(shelf, one.id)).changed == 1
    assert await said(shelf) == before


KILLED = """
import asyncio, sys, uuid
from kernel import tasks
from kernel.db import Database
from pim.bulk import working
import server.tables
working.AT_ONCE = 10
asyncio.run(tasks.run(Database(sys.argv[1]), uuid.UUID(sys.argv[2]), working.edit))
"""


async def test_an_edit_whose_process_was_killed_goes_on_where_it_was_and_does_nothing_twice(shelf: Database) -> None:
    codes = [f"p{number}" for number in range(400)]
    await save(shelf, *(ProductInput(code, variants=(VariantInput(code),)) for code in codes))
    one = await started(shelf, Edit("SET", attribute="eyelets", value=10))
    given = ["-c", KILLED, shelf.url, str(one.id)]
    process = await asyncio.create_subprocess_exec(sys.executable, *given, cwd=ROOT)
    await soon(lambda: _has_done(shelf, one.id, 10))
    process.send_signal(signal.SIGKILL)
    await process.wait()
    begun = await found(shelf, one.id)
    assert (begun.status, begun.done < 403) == ("RUNNING", True)
    await tasks.run(shelf, one.id, working.edit)
    ended = await found(shelf, one.id)
    assert (ended.status, ended.done, ended.changed) == ("DONE", 403, 403)
    async with shelf.read() as conn:
        numbers = (await conn.execute(text("SELECT DISTINCT revision FROM product"))).scalars().all()
    assert numbers == [2]


async def _has_done(db: Database, id: uuid.UUID, least: int) -> bool:
    return (await found(db, id)).done >= least


async def test_a_preview_says_what_would_change_and_changes_nothing(shelf: Database) -> None:
    before = await said(shelf)
    await save(shelf, ProductInput("boot", values=(ValueInput("eyelets", 10),)))
    edits = [Edit("SET", attribute="eyelets", value=10), Edit("SET", attribute="note", value="x")]
    async with shelf.write() as conn:
        seen = await operations.preview(conn, filter=EVERYTHING, edits=edits[:1], sample=2, actor="Ada")
        only = await operations.preview(conn, filter=SHOES, edits=edits, sample=0, actor="Ada")
    assert (seen.matched, seen.sampled, seen.changing, seen.refused) == (3, 2, 1, 0)
    assert [(one.code, [(c.name, c.before, c.after) for c in one.changes]) for one in seen.products] == [
        ("boot", []),
        ("cup", [("values.eyelets.*.*", None, "10")]),
    ]
    assert (only.matched, only.products) == (2, ())
    before["boot"]["values.eyelets.*.*"] = "10"
    assert await said(shelf) == before


BAD: Sequence[tuple[Edit, str]] = [
    (Edit("PAINT", attribute="note", value="x"), "edits.0.action"),
    (Edit("SET", attribute="none", value="x"), "edits.0.attribute"),
    (Edit("SET", attribute="note"), "edits.0.value"),
    (Edit("CLEAR", attribute="note", value="x"), "edits.0.value"),
    (Edit("SET", attribute="eyelets", value="many"), "edits.0.value"),
    (Edit("SET", attribute="eyelets", value=[1]), "edits.0.value"),
    (Edit("SET", attribute="eyelets", value=21), "edits.0.value"),
    (Edit("SET", attribute="care", value=["wax", "glue"]), "edits.0.value"),
    (Edit("ADD", attribute="care", value={"wax": 1}), "edits.0.value"),
    (Edit("REMOVE", attribute="care", value=[["wax"]]), "edits.0.value"),
    (Edit("ADD", attribute="note", value="x"), "edits.0.action"),
    (Edit("SET", attribute="note", value="x", channel="web"), "edits.0.channel"),
    (Edit("SET", attribute="note", value="x", locale="de"), "edits.0.locale"),
    (Edit("SET", attribute="name", value="x", locale="xx-no"), "edits.0.locale"),
    (Edit("SET", attribute="name", value="x", channel="moon"), "edits.0.channel"),
    (Edit("SET", attribute="name", value="a\0b"), "edits.0.value"),
    (Edit("ADD", category="nowhere"), "edits.0.category"),
    (Edit("ADD", category="sale", value="x"), "edits.0.value"),
    (Edit("ADD", category="sale", locale="de"), "edits.0"),
    (Edit("ADD", attribute="note", category="sale", value="x"), "edits.0"),
    (Edit("SET"), "edits.0"),
    (Edit("ADD", association="BUNDLE", value="cup"), "edits.0.association"),
    (Edit("ADD", association="UP_SELL", value=[1]), "edits.0.value"),
    (Edit("ADD", association="UP_SELL", value=["x"] * 501), "edits.0.value"),
]


async def test_an_edit_that_makes_no_sense_is_refused_before_it_begins(shelf: Database) -> None:
    for edit, path in BAD:
        async with shelf.write() as conn:
            with pytest.raises(InvalidInput) as refused:
                await operations.start(conn, filter=EVERYTHING, edits=[edit], actor="Ada")
        assert refused.value.path == path, edit
    async with shelf.write() as conn:
        for edits in ([], [Edit("CLEAR", attribute="note")] * 21):
            with pytest.raises(InvalidInput):
                await operations.start(conn, filter=EVERYTHING, edits=edits, actor="Ada")
        with pytest.raises(InvalidInput):
            await operations.start(conn, filter=ProductFilter(family="x"), edits=edits[:1], actor="Ada")
