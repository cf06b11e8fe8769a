"""The work of an import: read and stage the file, then merge what is staged, chunk by chunk."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kernel import tasks
from kernel.db import Database, WriteConn
from kernel.errors import DomainError
from kernel.files import Files
from kernel.jobs import Job
from kernel.tasks import Stopped, Task

from . import mapping, opening, staging
from .model import JOB, MOST_BYTES, Asked, Importer, Outcome, Plan, Problem, Unreadable

STAGED = "merging"


def job(files: Files, importers: Mapping[str, Importer]) -> Job:
    """The job that brings in files, which are kept in ``files``."""
    return tasks.job(JOB, work(files, importers))


def work(files: Files, importers: Mapping[str, Importer]) -> Callable[[Database, Task], Awaitable[Any]]:
    async def bring_in(db: Database, task: Task) -> Mapping[str, Any]:
        running = _Running(db, files, importers[task.given["kind"]], task)
        try:
            result = await running.run()
        except (Stopped, DomainError):
            await running.tidy()
            raise
        await running.tidy()
        return result

    return bring_in


@dataclass(slots=True)
class _Running:
    db: Database
    files: Files
    importer: Importer
    task: Task

    async def run(self) -> Mapping[str, Any]:
        if self.task.state.get("phase") == STAGED:
            columns = self.task.state["columns"]
            plan = await self._plan(None if columns is None else tuple(columns))
        else:
            plan = await self._stage()
        for turn in range(self.task.state.get("turn", 0), plan.passes):
            while await self._merge(plan, turn):
                pass
            await self._store(done=self.task.done, state=dict(self.task.state) | {"turn": turn + 1, "after": ""})
        return {"passes": plan.passes}

    async def tidy(self) -> None:
        """Take away what only the work needed; the problems stay."""
        await self.db.transact(lambda conn: staging.clear(conn, self.task.id))
        with suppress(OSError):
            await self.files.delete([self.task.given["file"]])

    async def _plan(self, columns: tuple[str, ...] | None) -> Plan:
        given = self.task.given
        asked = Asked(columns, mapping.parse(given["mapping"]), given["name"], given["options"])
        async with self.db.read() as conn:
            return await self.importer.plan(conn, asked)

    async def _stage(self) -> Plan:
        """Copy the file's rows, from the beginning: what an earlier try left is taken away."""
        await self.db.transact(lambda conn: staging.clear(conn, self.task.id, problems=True))
        given = self.task.given
        with self.files.a_folder() as folder:
            file = await self.files.fetch(given["file"], folder, name=given["name"], most=MOST_BYTES)
            if file is None:
                raise Unreadable("it is no longer there")
            written = mapping.parse(given["mapping"]).format
            source = await asyncio.to_thread(opening.source, file.path, given["name"], written)
            plan = await self._plan(source.columns)
            await self.db.transact(lambda conn: staging.tell(conn, self.task.id, plan.problems))
            refused = 0
            reading = asyncio.create_task(asyncio.to_thread(staging.next_batch, source.rows, plan))
            try:
                while (batch := await reading).read:
                    reading = asyncio.create_task(asyncio.to_thread(staging.next_batch, source.rows, plan))
                    refused += len(batch.problems)
                    await self._copied(batch)
            finally:
                await asyncio.gather(reading, return_exceptions=True)
        await self._staged(plan, source.columns, refused)
        return plan

    async def _copied(self, batch: staging.Batch) -> None:
        async def copied(conn: WriteConn) -> Task:
            await staging.stage(conn, self.task.id, batch)
            return await tasks.progress(conn, self.task, done=0)

        self.task = await self.db.transact(copied)

    async def _staged(self, plan: Plan, columns: tuple[str, ...] | None, refused: int) -> None:
        """Refuse what a file says twice, and go over to merging."""

        async def done(conn: WriteConn) -> Task:
            await staging.analyze(conn)
            bad = refused + await staging.refuse_repeated(conn, self.task.id, plan.marks)
            total = bad + await staging.count(conn, self.task.id)
            state = {"phase": STAGED, "columns": columns, "turn": 0, "after": ""}
            return await tasks.progress(conn, self.task, done=bad, total=total, counts={"refused": bad}, state=state)

        self.task = await self.db.transact(done)

    async def _merge(self, plan: Plan, turn: int) -> bool:
        """Merge the next chunk; False where there is none."""
        before = self.task

        async def merged(conn: WriteConn) -> Task | None:
            groups, too_many = await staging.chunk(conn, before.id, before.state["after"])
            if not groups:
                return None
            rows = too_many or sum(map(len, groups.values()))
            outcome = _too_many(groups, rows) if too_many else await self._outcome(conn, plan, groups, turn)
            await staging.tell(conn, before.id, outcome.problems)
            counts = Counter(before.counts) + outcome.counts
            state = dict(before.state) | {"after": next(reversed(groups))}
            done = before.done + (rows if turn == 0 else 0)
            return await tasks.progress(conn, before, done=done, counts=dict(counts), state=state)

        after = await self.db.transact(merged)
        self.task = after or before
        return after is not None

    async def _outcome(self, conn: WriteConn, plan: Plan, groups: Mapping[str, Any], turn: int) -> Outcome:
        if not self.task.given["dry_run"]:
            return await plan.merge(conn, groups, task=self.task, turn=turn)
        trial = await conn.begin_nested()
        try:
            return await plan.merge(conn, groups, task=self.task, turn=turn)
        finally:
            await trial.rollback()

    async def _store(self, *, done: int, state: Mapping[str, Any]) -> None:
        self.task = await self.db.transact(lambda conn: tasks.progress(conn, self.task, done=done, state=state))


def _too_many(groups: Mapping[str, Any], rows: int) -> Outcome:
    [(key, some)] = groups.items()
    told = f"{key[:60]} stands on {rows} rows, and more than {staging.MOST_IN_CHUNK} are not read"
    return Outcome(Counter(refused=rows), [Problem(some[0].line, None, "TOO_MANY", told)])
