"""Files brought in by the tests of imports."""

import csv
import io
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from kernel import tasks
from kernel.db import Database
from kernel.files import Files
from kernel.imports import operations, queries, running
from kernel.imports.model import Import
from kernel.paging import Window
from pim.intake.importers import IMPORTERS
from pim.products import queries as product_queries

_number = itertools.count(1)


@dataclass(frozen=True)
class Told:
    """What an import ended with."""

    task: Import
    problems: list[tuple[int, str | None, str]]
    messages: list[str]

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.task.created, self.task.updated, self.task.refused


class Intake:
    """Brings files into a database, as a node would."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.folder = folder
        self.files = Files.in_folder(folder / "files", spool=folder / "spool")

    async def products(self, content: str | bytes | Path, **given: Any) -> Told:
        return await self.bring("PRODUCTS", content, **given)

    async def bring(self, kind: str, content: str | bytes | Path, *, name: str = "some.csv", **given: Any) -> Told:
        task = await self.start(kind, content, name=name, **given)
        await tasks.run(self.db, task.id, running.work(self.files, IMPORTERS))
        return await self.told(task)

    async def start(self, kind: str, content: str | bytes | Path, *, name: str = "some.csv", **given: Any) -> Import:
        path = content if isinstance(content, Path) else self.written(content)
        key = await operations.keep(self.db, self.files, path)
        async with self.db.write() as conn:
            return await operations.start(
                conn, IMPORTERS[kind], file=key, name=name, actor="Ada", queued=False, **given
            )

    def written(self, content: str | bytes) -> Path:
        path = self.folder / f"in-{next(_number)}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    async def told(self, task: Import) -> Told:
        async with self.db.read() as conn:
            done = (await queries.imports_by_id(conn, [task.id]))[task.id]
            key = (task.id, Window(100))
            found = (await queries.problems(conn, [key]))[key].items
        return Told(done, [(one.line, one.column, one.code) for one in found], [one.message for one in found])

    async def product(self, code: str) -> Any:
        """A product, and its variants by sku."""
        async with self.db.read() as conn:
            found = (await product_queries.products_by_code(conn, [code])).get(code)
            variants = (await product_queries.variants_by_product(conn, [found.id])).get(found.id, ()) if found else ()
        return found, {one.sku: one for one in variants}

    async def count(self, of: str) -> int:
        async with self.db.read() as conn:
            return int((await conn.execute(text(f"SELECT count(*) FROM {of}"))).scalar_one())


def table(*rows: Sequence[object], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


def shirts(count: int, *, first: int = 0) -> Iterable[list[str]]:
    """Rows of products with two variants each, below the header ``SHIRTS``."""
    for number in range(first, first + count):
        for color in ("red", "blue"):
            code = f"shirt-{number:05}"
            yield [code, f"{code}-{color}", "shirt", f"Shirt {number}", color, str(100 + number % 9)]


SHIRTS = ["code", "sku", "family", "name-en", "color", "weight"]
