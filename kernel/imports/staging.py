"""Staging: a file's rows, by COPY, under the key of what they are of; and from there in chunks of whole things."""

import itertools
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import delete, text

from kernel.db import ReadConn, WriteConn, copy
from kernel.errors import InvalidInput

from .model import Plan, Problem, Row
from .tables import import_problem, import_row
from .text import Line

BATCH = 5_000  # rows copied in one transaction
CHUNK = 500  # things merged in one
MOST_IN_CHUNK = 2_500  # rows; a thing with more of them than that is refused
SHOWN = 60


@dataclass(slots=True)
class Batch:
    """Some rows ready to be copied; ``read`` counts those that were read, broken ones too."""

    read: int = 0
    rows: list[tuple[str, int, str, list[str]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def next_batch(found: Iterator[Line | Problem], plan: Plan) -> Batch:
    """The next rows of a file; where nothing was read there are no more. Raises Unreadable."""
    batch = Batch()
    for one in itertools.islice(found, BATCH):
        batch.read += 1
        if isinstance(one, Problem):
            batch.problems.append(one)
            continue
        line, cells = one
        try:
            keyed = plan.key(cells)
        except InvalidInput as refused:
            batch.problems.append(Problem(line, refused.path or None, "INVALID", refused.problem))
            continue
        batch.rows.append((keyed.key, line, orjson.dumps(cells).decode(), list(keyed.marks)))
    return batch


async def stage(conn: WriteConn, task_id: uuid.UUID, batch: Batch) -> None:
    rows = [(task_id, *row) for row in batch.rows]
    await copy(conn, "import_row", ("task_id", "key", "line", "cells", "marks"), rows)
    await tell(conn, task_id, batch.problems)


async def tell(conn: WriteConn, task_id: uuid.UUID, problems: Sequence[Problem]) -> None:
    """Keep problems for whoever asked for the import."""
    rows = [(task_id, one.line, one.column, one.code, one.message) for one in problems]
    if rows:
        await copy(conn, "import_problem", ("task_id", "line", "column", "code", "message"), rows)


async def clear(conn: WriteConn, task_id: uuid.UUID, *, problems: bool = False) -> None:
    """Take away what is staged, and what was told of it."""
    await conn.execute(delete(import_row).where(import_row.c.task_id == task_id))
    if problems:
        await conn.execute(delete(import_problem).where(import_problem.c.task_id == task_id))


async def refuse_repeated(conn: WriteConn, task_id: uuid.UUID, marks: Sequence[str]) -> int:
    """Take out the rows that repeat a mark of an earlier one, and tell so; returns how many they were."""
    count = 0
    for place, name in enumerate(marks, 1):
        given = {"task": task_id, "place": place}
        repeated = (await conn.execute(_REPEATED, given)).all()
        problems = [
            Problem(row.line, name, "DUPLICATE", f"{row.mark[:SHOWN]} stands in line {row.first} already")
            for row in repeated
        ]
        await tell(conn, task_id, problems)
        count += len(problems)
    return count


async def count(conn: ReadConn, task_id: uuid.UUID) -> int:
    return int((await conn.execute(_COUNT, {"task": task_id})).scalar_one())


async def analyze(conn: WriteConn) -> None:
    """Let the planner know of what was copied."""
    await conn.execute(text("ANALYZE import_row"))


async def first_by_key(conn: ReadConn, task_id: uuid.UUID, keys: Collection[str]) -> dict[str, Row]:
    """The first row of each of these keys, wherever in the file."""
    found = await conn.execute(_FIRST, {"task": task_id, "keys": list(keys)})
    return {row.key: Row(row.line, row.key, orjson.loads(row.cells)) for row in found}


async def chunk(conn: ReadConn, task_id: uuid.UUID, after: str) -> tuple[dict[str, list[Row]], int]:
    """The next things behind the key ``after``, each with all its rows in the order of the file.

    The number is 0, or how many rows a first thing has that has more than are ever merged; it then stands alone.
    """
    given = {"task": task_id, "after": after, "things": CHUNK, "rows": MOST_IN_CHUNK + 1}
    found = (await conn.execute(_CHUNK, given)).all()
    groups: dict[str, list[Row]] = {}
    for row in found:
        groups.setdefault(row.key, []).append(Row(row.line, row.key, orjson.loads(row.cells)))
    if len(found) <= MOST_IN_CHUNK:
        return groups, 0
    if len(groups) > 1:
        groups.popitem()  # the last one may go on behind what was read
        return groups, 0
    [key] = groups
    return groups, int((await conn.execute(_OF_KEY, {"task": task_id, "key": key})).scalar_one())


_COUNT = text("SELECT count(*) FROM import_row WHERE task_id = :task")
_OF_KEY = text("SELECT count(*) FROM import_row WHERE task_id = :task AND key = :key")
_CHUNK = text("""
    SELECT key, line, cells FROM (
        SELECT key, line, cells, dense_rank() OVER (ORDER BY key) AS thing
        FROM import_row WHERE task_id = :task AND key > :after
    ) AS next
    WHERE thing <= :things ORDER BY key, line LIMIT :rows
""")
_FIRST = text("""
    SELECT DISTINCT ON (key) key, line, cells FROM import_row
    WHERE task_id = :task AND key = ANY(:keys) ORDER BY key, line
""")
_REPEATED = text("""
    WITH numbered AS (
        SELECT ctid, line, marks[:place] AS mark, first_value(line) OVER same AS first, row_number() OVER same AS number
        FROM import_row WHERE task_id = :task AND marks[:place] <> ''
        WINDOW same AS (PARTITION BY marks[:place] ORDER BY line)
    )
    DELETE FROM import_row r USING numbered n WHERE r.task_id = :task AND r.ctid = n.ctid AND n.number > 1
    RETURNING n.line, n.mark, n.first
""")
