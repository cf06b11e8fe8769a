"""Long work in chunks: watched, cancelled, begun again after a crash, and never done by two."""

import asyncio
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import text

from kernel import ids, tasks
from kernel.db import Database, WriteConn
from kernel.errors import InvalidInput
from kernel.jobs import Job
from kernel.tasks import Task
from tests.server.conftest import Clients
from tests.server.hubs import key, soon
from tests.server.test_worker import working

CANCEL = """
mutation ($input: CancelTaskInput!) {
  cancelTask(input: $input) { __typename ... on Task { id status } ... on Error { message } }
}
"""


async def started(db: Database, job: Job | str, **given: Any) -> Task:
    async with db.write() as conn:
        return await tasks.start(conn, job, actor="Ada", given=given, queued=isinstance(job, Job))


async def found(db: Database, id: uuid.UUID) -> Task:
    async with db.read() as conn:
        return (await tasks.tasks_by_id(conn, [id]))[id]


async def has_ended(db: Database, id: uuid.UUID) -> bool:
    return (await found(db, id)).finished_at is not None


def counting(chunks: int, each: Callable[[int], None] = lambda _done: None) -> tasks.Work:
    """Work of ``chunks`` steps that goes on where it was; ``each`` is told how many are done."""

    async def work(db: Database, task: Task) -> Any:
        for done in range(task.done + 1, chunks + 1):

            async def step(conn: WriteConn, done: int = done) -> None:
                await tasks.progress(conn, task, done=done, total=chunks, counts={"steps": done})

            await db.transact(step)
            each(done)
        return {"said": "well"}

    return work


async def test_a_task_runs_to_its_end_and_tells_how_far_it_is(db: Database) -> None:
    job = tasks.job("count", counting(3))
    async with working(db, job):
        task = await started(db, job)
        assert (task.status, task.done, task.total) == ("QUEUED", 0, None)
        await soon(lambda: has_ended(db, task.id))
    done = await found(db, task.id)
    assert (done.status, done.done, done.total) == ("DONE", 3, 3)
    assert (done.counts, done.result, done.problem) == ({"steps": 3}, {"said": "well"}, None)


async def test_a_refusal_is_the_problem_of_the_task_and_a_bug_is_masked(db: Database) -> None:
    async def refuse(_db: Database, _task: Task) -> None:
        raise InvalidInput("file", "is no text")

    async def break_down(_db: Database, _task: Task) -> None:
        raise RuntimeError("secret")

    for work, problem in ((refuse, "file: is no text."), (break_down, "something went wrong here")):
        task = await started(db, "odd")
        await tasks.run(db, task.id, work)
        failed = await found(db, task.id)
        assert failed.status == "FAILED"
        assert (failed.problem or "").startswith(problem)
        assert "secret" not in (failed.problem or "")


async def test_a_task_is_cancelled_between_two_chunks_or_before_it_begins(db: Database) -> None:
    task = await started(db, "count")
    stop = asyncio.Event()
    running = asyncio.create_task(
        tasks.run(db, task.id, counting(10**6, lambda done: stop.set() if done == 3 else None))
    )
    await asyncio.wait_for(stop.wait(), 20)
    waiting = await started(db, "count")
    async with db.write() as conn:
        await tasks.cancel(conn, waiting.id)
        await tasks.cancel(conn, task.id)
    await asyncio.wait_for(running, 20)
    stopped = await found(db, task.id)
    assert stopped.status == "CANCELLED"
    assert stopped.done >= 3
    await tasks.run(db, waiting.id, counting(3))
    assert (await found(db, waiting.id)).status == "CANCELLED"
    assert (await found(db, waiting.id)).done == 0


async def test_a_task_whose_process_died_goes_on_where_it_was(db: Database) -> None:
    seen: list[int] = []

    def die(done: int) -> None:
        seen.append(done)
        if seen == [1, 2]:
            raise ConnectionResetError

    task = await started(db, "count")
    with pytest.raises(ConnectionResetError):
        await tasks.run(db, task.id, counting(4, die))
    assert (await found(db, task.id)).status == "RUNNING"
    await tasks.run(db, task.id, counting(4, die))
    assert seen == [1, 2, 3, 4]
    assert (await found(db, task.id)).status == "DONE"


async def test_two_who_begin_the_same_task_do_it_once(db: Database) -> None:
    seen: list[int] = []
    task = await started(db, "count")
    await asyncio.gather(*(tasks.run(db, task.id, counting(20, seen.append)) for _ in range(3)))
    assert seen == list(range(1, 21))


async def test_one_that_was_overtaken_cannot_store_progress_any_more(db: Database) -> None:
    task = await started(db, "count")
    begun: list[Task] = []

    async def keep(_db: Database, mine: Task) -> None:
        begun.append(mine)
        raise ConnectionResetError

    for _ in range(2):
        with pytest.raises(ConnectionResetError):
            await tasks.run(db, task.id, keep)
    async with db.write() as conn:
        with pytest.raises(tasks.Stopped):
            await tasks.progress(conn, begun[0], done=9)
        assert (await tasks.progress(conn, begun[1], done=9)).done == 9


async def test_a_task_that_never_gets_on_is_given_up(db: Database) -> None:
    async def die(_db: Database, _task: Task) -> None:
        raise ConnectionResetError

    task = await started(db, "count")
    for _ in range(tasks.BEGINNINGS):
        with pytest.raises(ConnectionResetError):
            await tasks.run(db, task.id, die)
    await tasks.run(db, task.id, die)
    given_up = await found(db, task.id)
    assert (given_up.status, given_up.problem) == ("FAILED", "was begun 5 times and never got on")


@pytest.mark.parametrize(("state", "status"), [(None, "FAILED"), ({"after": "here"}, "RUNNING")])
async def test_only_a_task_that_can_go_on_from_where_it_was_has_got_on(
    db: Database, state: dict[str, str] | None, status: str
) -> None:
    async def get_on_and_die(db: Database, task: Task) -> None:
        await db.transact(lambda conn: tasks.progress(conn, task, done=1, total=2, state=state))
        raise ConnectionResetError

    task = await started(db, "count")
    for _ in range(tasks.BEGINNINGS + 1):
        with suppress(ConnectionResetError):
            await tasks.run(db, task.id, get_on_and_die)
    assert (await found(db, task.id)).status == status


async def test_a_task_whose_job_was_lost_is_queued_again_unless_somebody_works_on_it(db: Database) -> None:
    job = tasks.job("count", counting(3))
    lost = await started(db, job.name)
    async with db.write() as conn:
        await conn.execute(text("UPDATE task SET created_at = now() - interval '1 minute'"))
    async with db.alone() as holder, db.write() as conn:
        await holder.execute(tasks._TRY_LOCK, {"id": str(lost.id)})  # noqa: SLF001 -- as a process that works on it
        assert await tasks.revive(conn, [job]) == 0
    async with db.write() as conn:
        assert await tasks.revive(conn, [job]) == 1
        assert await tasks.revive(conn, [job]) == 0
    async with working(db, job):
        await soon(lambda: has_ended(db, lost.id))
    assert (await found(db, lost.id)).status == "DONE"


async def test_a_task_that_a_stopping_node_leaves_is_taken_up_again(db: Database) -> None:
    seen: list[int] = []
    job = tasks.job("count", counting(1000, seen.append))
    async with working(db, job):
        task = await started(db, job)
        await soon(lambda: _has(seen, 3))
    assert (await found(db, task.id)).status == "RUNNING"
    async with working(db, job):
        await soon(lambda: has_ended(db, task.id))
    assert (await found(db, task.id)).done == 1000
    assert len(seen) <= 1001  # the last chunk before the stop may have been stored and not told


async def _has(seen: list[int], count: int) -> bool:
    return len(seen) >= count


async def test_an_unknown_task_cannot_be_cancelled(client: Clients) -> None:
    merchandiser = client("merchandiser")
    nobody = ids.encode("Task", uuid.uuid4())
    answer = await merchandiser.send(CANCEL, input={"idempotencyKey": key(), "id": nobody})
    assert answer["__typename"] == "NotFound"
