"""What an import does beside bringing rows in: it goes on after a crash, and leaves nothing behind for good."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from kernel import tasks
from kernel.imports import operations, running
from kernel.imports import staging as staging_
from pim.intake.importers import IMPORTERS
from tests.pim.intake import SHIRTS, Intake, shirts, table


async def test_an_import_whose_process_died_goes_on_where_it_was(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging_, "CHUNK", 10)
    task = await intake.start("PRODUCTS", table(SHIRTS, *shirts(55), ["x", "x", "sock", "", "", ""]))
    plan = IMPORTERS["PRODUCTS"]
    chunks = 0

    async def dying(conn: Any, asked: Any) -> Any:
        made = await plan.plan(conn, asked)
        merge = type(made).merge

        async def once_too_often(*args: Any, **given: Any) -> Any:
            nonlocal chunks
            chunks += 1
            done = await merge(made, *args, **given)
            if chunks == 3:
                raise ConnectionResetError
            return done

        return _Dying(made, once_too_often)

    importers = {"PRODUCTS": type(plan)(plan.kind, dying, plan.ready, plan.default)}
    with pytest.raises(ConnectionResetError):
        await tasks.run(intake.db, task.id, running.work(intake.files, importers))
    halfway = (await intake.told(task)).task
    assert (halfway.status, halfway.done, halfway.created) == ("RUNNING", 40, 40)
    await tasks.run(intake.db, task.id, running.work(intake.files, importers))
    told = await intake.told(task)
    assert (told.counts, told.problems) == ((110, 0, 1), [(112, "family", "INVALID")])
    assert chunks == 3 + 4
    assert await intake.count("import_row") == 0


class _Dying:
    """A plan whose merge is another."""

    def __init__(self, plan: Any, merge: Any) -> None:
        self._plan = plan
        self.merge = merge

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plan, name)


async def test_a_thing_on_more_rows_than_are_read_is_refused_with_all_of_them(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging_, "MOST_IN_CHUNK", 20)
    rows = [["x", f"x-{number}", "shirt", "X", "red", number] for number in range(30)]
    told = await intake.products(table(SHIRTS, *shirts(30), *rows, *shirts(2, first=90)))
    assert (told.counts, told.problems) == ((64, 0, 30), [(62, None, "TOO_MANY")])
    assert told.messages == ["x stands on 30 rows, and more than 20 are not read"]
    assert (told.task.done, told.task.total) == (94, 94)


async def test_what_an_import_left_behind_goes_with_time(intake: Intake) -> None:
    kept = await intake.products("sku,name-en\na,A\n,B\n")
    old = await intake.products("sku,name-en\nb,B\n,C\n")
    async with intake.db.write() as conn:
        await conn.execute(text("UPDATE task SET finished_at = now() - interval '2 hours'"))
        await conn.execute(
            text("UPDATE task SET finished_at = now() - interval '99 days' WHERE id = :id"), {"id": old.task.id}
        )
        left = "INSERT INTO import_row (task_id, key, line, cells, marks) VALUES (:id, 'a', 2, '[]', '{}')"
        await conn.execute(text(left), {"id": kept.task.id})
    await operations.sweep(intake.db, intake.files)
    async with intake.db.write() as conn:
        assert await tasks.forget(conn, before=datetime.now(UTC) - timedelta(days=90), most=10) == 1
    assert [await intake.count(one) for one in ("import_row", "import_problem", "task")] == [0, 1, 1]


async def test_tasks_are_forgotten_the_oldest_first_and_some_at_a_time(intake: Intake) -> None:
    ended = [await intake.products(f"sku\n{code}\n") for code in "abc"]
    async with intake.db.write() as conn:
        assert await tasks.forget(conn, before=datetime.now(UTC), most=2) == 2
        assert list(await tasks.tasks_by_id(conn, [one.task.id for one in ended])) == [ended[2].task.id]
        assert await tasks.forget(conn, before=datetime.now(UTC) - timedelta(hours=1), most=2) == 0


async def test_a_file_goes_in_an_hour_once_no_import_is_going_to_read_it(intake: Intake) -> None:
    cancelled, waiting = [await intake.start("PRODUCTS", "sku\na\n") for _ in range(2)]
    async with intake.db.write() as conn:
        await operations.cancel(conn, cancelled.id)
    refused = await operations.keep(intake.db, intake.files, intake.written("sku\na\n"))
    await operations.sweep(intake.db, intake.files)
    keys = [cancelled.given["file"], refused, waiting.given["file"]]
    assert [await intake.files.size(one) for one in keys] == [6, 6, 6]
    async with intake.db.write() as conn:
        await conn.execute(text("UPDATE import_file SET kept_at = now() - interval '61 minutes'"))
    assert await operations.sweep(intake.db, intake.files) == 2
    assert [await intake.files.size(one) for one in keys] == [None, None, 6]
