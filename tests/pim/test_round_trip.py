"""What is exported and brought in again changes nothing, and makes the same of nothing."""

import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from kernel.db import Database
from pim.akeneo import operations as akeneo
from pim.catalog import operations as catalog
from pim.entities import operations as entities
from pim.entities.model import RecordInput
from pim.exports import working
from pim.exports.model import FORMATS, Selection, Written
from pim.families.model import FamilyAttribute
from pim.products import queries as product_queries
from pim.products import states
from pim.products.model import ProductInput, ValueInput, VariantInput
from pim.products.tables import product
from tests import make
from tests.conftest import _create, _drop, _named
from tests.pim.akeneo_export import NOW
from tests.pim.intake import Intake, Told

LETTERS = [
    *"aZ09 ,;|=+-@'\"\t\r\n_",
    "ё",
    "Ж",
    "ß",
    "é",
    "e\u0301",
    "🎄",
    "\u00a0",
    "\u200b",
    "中",
    "_x000D_",
    "\x0b",
    "''",
]
LOCALES = (None, "de", "de-AT", "ru", "zh-Hant-TW")
CHANNELS = (None, "web", "shop-2")
PIECES: dict[str, tuple[str, dict[str, Any]]] = {
    "name": ("TEXT", {"localizable": True}),
    "story": ("LONG_TEXT", {"localizable": True, "scopable": True}),
    "hint": ("TEXT", {"scopable": True}),
    "count": ("NUMBER", {}),
    "weight": ("MEASUREMENT", {"unit_family": "mass", "default_unit": "gram", "localizable": True}),
    "width": ("MEASUREMENT", {"unit_family": "length", "default_unit": "meter", "scopable": True}),
    "vegan": ("BOOLEAN", {}),
    "made": ("DATE", {"scopable": True}),
    "size": ("SELECT", {"options": ["041", "1e5"]}),
    "care": ("MULTI_SELECT", {"options": ["wax", "0", "b.c"], "localizable": True}),
    "cost": ("MONEY", {"scopable": True}),
    "brand": ("REFERENCE", {"reference_entity": "brand"}),
    "fits": ("REFERENCE", {}),
    "name-2": ("TEXT", {}),
}
ON_VARIANTS = ("weight", "size", "count", "hint")


@pytest.fixture(scope="module")
async def modeled(server_url: str, template: str) -> AsyncIterator[Database]:
    await _create(server_url, "round_trip", template)
    db = Database(_named(server_url, "round_trip"), readers=2, writers=3)
    async with db.write() as conn:
        for code in ("wear", "sale", "0815"):
            await make.a_category(conn, code=code)
        await make.a_channel(conn, code="web", locales=["de", "ru"])
        await make.a_channel(conn, code="shop-2", locales=["de"])
        await entities.save_entity(conn, code="brand", labels={}, attributes=[])
        await entities.save_records(conn, entity="brand", records=[RecordInput("acme", {})])
        for code, (kind, given) in PIECES.items():
            await make.an_attribute(conn, code=code, type=kind, **given)
        family = [FamilyAttribute(one, "VARIANT" if one in ON_VARIANTS else "PRODUCT") for one in PIECES]
        await make.a_family(conn, code="all", attributes=family, axes=["count"])
    yield db
    await db.close()
    await _drop(server_url, "round_trip")


def a_text(made: random.Random) -> str:
    return "".join(made.choices(LETTERS, k=made.randint(1, 9))).replace("\0", "")


def a_value(made: random.Random, code: str, codes: list[str]) -> Any:
    amount = made.choice(["0", "-1.5", "12", "0.001", "123456789.25", "1E3"])
    return {
        "count": amount,
        "weight": {"amount": amount, "unit": made.choice(["gram", "kilogram", "pound"])},
        "width": {"amount": amount, "unit": made.choice(["meter", "inch"])},
        "vegan": made.random() < 0.5,
        "made": made.choice(["2026-02-28", "0999-01-01"]),
        "size": made.choice(["041", "1e5"]),
        "care": made.sample(["wax", "0", "b.c"], made.randint(1, 3)),
        "cost": {"amount": "12.50", "currency": "EUR"} if made.random() < 0.5 else {"amount": "7", "currency": "JPY"},
        "brand": "acme",
        "fits": made.choice(codes),
    }.get(code, a_text(made))


def some_values(made: random.Random, codes: list[str], level: bool) -> Iterator[ValueInput]:
    for code, (_, given) in PIECES.items():
        if (code in ON_VARIANTS) is level and code != "count":
            scopes = {
                (made.choice(CHANNELS) if given.get("scopable") else None,
                 made.choice(LOCALES) if given.get("localizable") else None)
                for _ in range(made.randint(0, 3))
            }  # fmt: skip
            for channel, locale in sorted(scopes, key=str):
                yield ValueInput(code, a_value(made, code, codes), channel, locale)


def some_products(made: random.Random, count: int) -> list[ProductInput]:
    codes = [f"{number:03}" for number in range(count)]
    found: list[ProductInput] = []
    for number, code in enumerate(codes):
        skus = [f"{sign}{code}" for sign in made.sample(["", "=", "00-", "a b:", "@"], made.randint(1, 3))]
        variants = tuple(
            VariantInput(sku, None, (ValueInput("count", place), *some_values(made, codes, level=True)))
            for place, sku in enumerate(skus)
        )
        others = [one for one in codes if one != code]
        links = {kind: tuple(made.sample(others, 2)) for kind in ("CROSS_SELL", "SPARE_PART") if made.random() < 0.3}
        found.append(
            ProductInput(
                code,
                "all",
                tuple(made.sample(["wear", "sale", "0815"], made.randint(0, 3))),
                tuple(some_values(made, codes, level=False)),
                variants,
                links or None,
                {"de": f"p-{code}", "ru": f"r-{code}"} if made.random() < 0.3 else None,
                components=((f"{found[0].variants[0].sku}", 3),) if number > 0 and made.random() < 0.3 else None,
            )
        )
    return found


async def exported(db: Database, path: Path, format: str) -> Written:
    async def told(_done: int, _total: int) -> None:
        pass

    return await working.write(db, Selection(), format, path, told=told)


async def brought_in(intake: Intake, path: Path) -> Told:
    return await intake.bring("PRODUCTS", path, name=path.name)


async def said(db: Database) -> dict[str, states.Facts]:
    async with db.read() as conn:
        codes = list((await conn.execute(product.select().with_only_columns(product.c.code))).scalars())
        known = await product_queries.products_by_code(conn, codes)
        held = await product_queries.states_by_product(conn, list(known.values()))
        return {one.code: states.facts(one) for one in held.values()}


async def told_so_far(db: Database) -> tuple[Any, ...]:
    counted = (
        "(SELECT count(*) FROM outbox), (SELECT count(*) FROM product_revision), (SELECT sum(revision) FROM product)"
    )
    async with db.read() as conn:
        return tuple((await conn.execute(text(f"SELECT {counted}"))).one())


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("seed", [1, 2])
async def test_made_up_products_of_every_kind_come_back_as_they_were(
    modeled: Database, tmp_path: Path, format: str, seed: int
) -> None:
    async with modeled.write() as conn:
        await conn.execute(text("TRUNCATE product, task, outbox CASCADE"))
        made = some_products(random.Random(seed), 60)
        saved = await catalog.save_products(conn, made, actor="Ada")
        assert [one for one in saved.results if type(one).__name__ != "Upserted"] == []
    before, intake, path = await said(modeled), Intake(modeled, tmp_path), tmp_path / f"all.{format.lower()}"
    written = await exported(modeled, path, format)
    assert (written.products, written.left_out) == (60, 0)

    so_far = await told_so_far(modeled)
    again = await brought_in(intake, path)
    assert (again.task.status, again.counts, again.problems) == ("DONE", (0, 0, 0), []), again.messages
    assert await told_so_far(modeled) == so_far
    assert await said(modeled) == before

    async with modeled.write() as conn:
        await conn.execute(text("TRUNCATE product CASCADE"))
    anew = await brought_in(intake, path)
    assert (anew.problems, anew.task.refused) == ([], 0), anew.messages
    after = await said(modeled)
    for code, facts in before.items():
        assert after[code] == facts


async def test_the_icecat_catalog_comes_back_as_it_was(db: Database, tmp_path: Path, data: Path) -> None:
    await akeneo.load(db, data / "akeneo-icecat", now=NOW)
    so_far = await told_so_far(db)
    for one in FORMATS:
        path = tmp_path / f"icecat.{one.lower()}"
        written = await exported(db, path, one)
        assert written.products > 1_000
        again = await brought_in(Intake(db, tmp_path), path)
        assert (again.task.status, again.counts, again.problems) == ("DONE", (0, 0, 0), []), again.messages
        assert await told_so_far(db) == so_far
