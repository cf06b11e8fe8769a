"""The guide to AdventureWorks does what it says, with the real files."""

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import text

from kernel.db import Database
from kernel.imports import operations
from pim.families.model import FamilyAttribute
from pim.intake.importers import IMPORTERS
from tests import make
from tests.pim.intake import Intake
from tests.server.hubs import ROOT

GUIDE = (ROOT / "docs/guide/import-adventureworks.md").read_text()
COLORS = ["black", "blue", "grey", "multi", "red", "silver", "silver-black", "white", "yellow"]


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found
    return found[1]


async def model(db: Database) -> None:
    async with db.write() as conn:
        await make.an_attribute(conn, code="description", type="LONG_TEXT", localizable=True)
        for code in ("model_name", "article_number", "title", "size"):
            await make.an_attribute(conn, code=code)
        await make.an_attribute(conn, code="color", type="SELECT", options=COLORS)
        await make.an_attribute(conn, code="weight", type="MEASUREMENT", unit_family="mass", default_unit="gram")
        await make.an_attribute(conn, code="list_price", type="NUMBER")
        of_product = [FamilyAttribute(one, "PRODUCT") for one in ("description", "model_name")]
        on_variant = [FamilyAttribute(one, "VARIANT") for one in ("title", "size", "color", "weight", "list_price")]
        await make.a_family(conn, code="article", attributes=[*of_product, *on_variant], axes=["article_number"])
        document = orjson.loads(block("json"))
        await operations.save_mapping(
            conn, IMPORTERS["PRODUCTS"], name="adventureworks", document=document, actor="Ada"
        )


async def rows(db: Database, statement: str) -> list[tuple[Any, ...]]:
    async with db.read() as conn:
        return [tuple(row) for row in await conn.execute(text(statement))]


async def test_its_articles_and_texts_of_six_languages_go_in_and_again_change_nothing(
    db: Database, tmp_path: Path, data: Path
) -> None:
    await model(db)
    intake, folder = Intake(db, tmp_path), data / "adventureworks"
    articles = await intake.products(folder / "Product.csv", mapping="adventureworks")
    assert (articles.counts, articles.problems) == ((504, 0, 0), []), articles.messages

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", block("python"), str(folder), stdout=asyncio.subprocess.PIPE
    )
    lines, _ = await process.communicate()
    texts = await intake.products(lines, name="texts.jsonl")
    assert (sum(texts.counts), texts.task.refused, texts.problems) == (128, 0, []), texts.messages

    languages = (
        "SELECT l, count(*) FROM product, jsonb_object_keys(content->'description'->'*') l GROUP BY l ORDER BY l"
    )
    assert await rows(db, languages) == [(one, 127) for one in ("ar", "en", "fr", "he", "th", "zh-Hant")]
    inches = "SELECT count(*) FROM product WHERE content->'description'->'*'->>'he' LIKE '%\"%'"
    assert (await rows(db, inches))[0][0] > 0
    told = "SELECT (SELECT count(*) FROM outbox), (SELECT sum(revision) FROM product), (SELECT count(*) FROM variant)"
    so_far = await rows(db, told)
    assert so_far[0][2] == 504
    for again in (
        await intake.products(folder / "Product.csv", mapping="adventureworks"),
        await intake.products(lines, name="texts.jsonl"),
    ):
        assert (again.counts, again.problems) == ((0, 0, 0), [])
    assert await rows(db, told) == so_far
