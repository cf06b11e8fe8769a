"""Products brought in from a file: 100,000 variants of ten attributes each, new and once more.

Its physical limit is COPY of the same file into a table of its columns.
"""

import asyncio
import csv
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from bench.figures import Figure
from bench.running import Shop
from bench.workload import Bench
from kernel import tasks
from kernel.db import Database
from kernel.files import Files
from kernel.imports import operations, queries, running
from pim.attributes import operations as attributes
from pim.attributes.model import Option
from pim.families import operations as families
from pim.families.model import FamilyAttribute
from pim.intake.importers import IMPORTERS

NAME = "import-products"
VARIANTS = 100_000
EACH = 4  # variants of a product
OF_PRODUCT = ("title", "story", "maker", "fabric", "since", "fair", "length")
OF_VARIANT = ("shade", "cut", "load")
TEXTS = ("bench_title-en-US", "bench_story-en-US", "bench_maker", "bench_fabric", "bench_since", "bench_fair")
OTHERS = ("bench_length", "bench_shade", "bench_cut", "bench_load", "bench_load-unit")
COLUMNS = ("code", "sku", "family", *TEXTS, *OTHERS)


def run(bench: Bench) -> None:
    asyncio.run(_run(bench))


async def _run(bench: Bench) -> None:
    of = bench.shops[-1]
    db = Database(of.url, readers=2, writers=3)
    try:
        await _model(db)
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            file = folder / "products.csv"
            with file.open("w", newline="") as out:
                csv.writer(out).writerows(_rows())
            limit = await _copied(of, file)
            for case in ("new", "the same again"):
                seconds, cpu = await _imported(db, folder, file)
                bench.note(
                    Figure(
                        workload=NAME,
                        case=f"{VARIANTS:,} variants, {case}",
                        unit="rows/s",
                        value=VARIANTS / seconds,
                        limit=VARIANTS / limit,
                        notes={"seconds": seconds, "CPU seconds of the importer": cpu},
                    )
                )
    finally:
        await db.close()


async def _model(db: Database) -> None:
    kinds = {"title": "TEXT", "story": "LONG_TEXT", "maker": "TEXT", "fabric": "TEXT", "since": "DATE"}
    kinds |= {"fair": "BOOLEAN", "length": "NUMBER", "shade": "SELECT", "cut": "SELECT", "load": "MEASUREMENT"}
    async with db.write() as conn:
        for name, kind in kinds.items():
            await attributes.define(
                conn,
                code=f"bench_{name}",
                type=kind,
                labels={},
                localizable=name in ("title", "story"),
                searchable=name == "title",
                options=[Option(f"{name}{n}", {}) for n in range(12)] if kind == "SELECT" else None,
                unit_family="mass" if kind == "MEASUREMENT" else None,
            )
        levels = [(name, "PRODUCT") for name in OF_PRODUCT] + [(name, "VARIANT") for name in OF_VARIANT]
        every = [FamilyAttribute(f"bench_{name}", level) for name, level in levels]
        await families.define(
            conn, code="bench", labels={}, attributes=every, axes=("bench_shade",), label_attribute="bench_title"
        )


def _rows() -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for number in range(VARIANTS):
        of, one = divmod(number, EACH)
        story = f"Thing {of} is made for measuring how fast things come in; nobody ever bought one."
        facts = (f"Thing {of}", story, f"Maker {of % 50}", "wool", f"2025-01-{of % 28 + 1:02}", of % 2, of % 90 + 1)
        yield f"bench-{of}", f"bench-{of}-{one}", "bench", *facts, f"shade{one}", f"cut{of % 12}", 100 + of % 50, "gram"


async def _copied(of: Shop, file: Path) -> float:
    """The seconds of COPY of the file into a table of its columns."""
    conn = await asyncpg.connect(of.dsn)
    try:
        columns = ", ".join(f'"{name}" text' for name in COLUMNS)
        await conn.execute(f"CREATE TABLE bench_rows ({columns})")
        begun = time.perf_counter()
        await conn.copy_to_table("bench_rows", source=file, format="csv", header=True)
        return time.perf_counter() - begun
    finally:
        await conn.execute("DROP TABLE IF EXISTS bench_rows")
        await conn.close()


async def _imported(db: Database, folder: Path, file: Path) -> tuple[float, float]:
    """The seconds of an import, and those in which it used a processor itself."""
    files = Files.in_folder(folder / "files", spool=folder / "spool")
    key = await operations.keep(db, files, file)
    async with db.write() as conn:
        task = await operations.start(
            conn, IMPORTERS["PRODUCTS"], file=key, name=file.name, actor="bench", queued=False
        )
    begun, used = time.perf_counter(), time.process_time()
    await tasks.run(db, task.id, running.work(files, IMPORTERS))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - used
    async with db.read() as conn:
        done = (await queries.imports_by_id(conn, [task.id]))[task.id]
    if (done.status, done.done, done.refused) != ("DONE", VARIANTS, 0):
        raise RuntimeError(f"{NAME}: {done}")
    return seconds, cpu
