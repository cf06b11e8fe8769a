"""The import commands: what stores become, what is shown, and with which status they end."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import text

from kernel.db import Database
from kernel.errors import InvalidInput
from oms.locations import queries as location_queries
from server.errors import OperatorError
from server.importing import running, stores, zones
from server.settings import Settings
from tests.pim.akeneo_export import written

STORE: dict[str, Any] = {
    "id": 1000,
    "type": "BigBox",
    "name": " Mall of America ",
    "address": "340 W Market",
    "address2": None,
    "city": "Bloomington",
    "state": "MN",
    "zip": "55425",
    "location": {"lat": 44.85466, "lon": -93.24565},
    "hours": "Mon: 10-9:30; Sun: 11-7",
    "services": [],
}


@pytest.fixture
def settings(url: str) -> Settings:
    return Settings(database_url=SecretStr(url))


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def stored(folder: Path, *entries: Any) -> Path:
    file = folder / "stores.json"
    file.write_text(json.dumps(entries), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("given", "hours"),
    [
        ("Mon: 10-9:30; Thurs: 9-10", {"mon": [["10:00", "21:30"]], "thu": [["09:00", "22:00"]]}),
        ("Sun: 12-6; Sat: 1-5:30", {"sun": [["12:00", "18:00"]], "sat": [["13:00", "17:30"]]}),
        ("Tue: 0-11:59", {"tue": [["00:00", "24:00"]]}),
        ("Wed: 12:30-12", {"wed": [["12:30", "24:00"]]}),
        ("", None),
    ],
)
def test_opening_hours_have_neither_am_nor_pm(given: str, hours: object) -> None:
    assert stores.opening_hours(given) == hours


@pytest.mark.parametrize("given", ["Someday: 10-9", "Mon: 10", "Mon: ten-nine", "Mon: 10-9:75", "Mon: 25-9", "10-9"])
def test_hours_that_cannot_be_read_are_refused(given: str) -> None:
    with pytest.raises(InvalidInput):
        stores.opening_hours(given)


@pytest.mark.parametrize(("given", "code"), [("2128", "02128"), ("55425", "55425"), ("28786-6875", "28786-6875")])
def test_a_postal_code_gets_its_zero_back(given: str, code: str) -> None:
    assert stores.postal_code(given) == code


@pytest.mark.parametrize(
    ("state", "latitude", "longitude", "zone"),
    [
        ("MN", 44.85, -93.25, "America/Chicago"),
        ("FL", 25.76, -80.19, "America/New_York"),
        ("FL", 30.48, -87.21, "America/Chicago"),  # Pensacola
        ("TX", 31.76, -106.27, "America/Denver"),  # El Paso
        ("TN", 35.92, -84.08, "America/New_York"),  # Knoxville
        ("IN", 37.98, -87.49, "America/Chicago"),  # Evansville
        ("IN", 39.42, -87.42, "America/Indiana/Indianapolis"),  # Terre Haute, as far west
        ("ID", 47.74, -116.79, "America/Los_Angeles"),  # Coeur d'Alene
        ("PR", 18.42, -66.16, "America/Puerto_Rico"),
    ],
)
def test_a_place_tells_its_time_zone(state: str, latitude: float, longitude: float, zone: str) -> None:
    assert zones.zone(state, latitude, longitude) == zone


async def test_a_store_becomes_a_location(db: Database, tmp_path: Path) -> None:
    await stores.load(db, stored(tmp_path, STORE))
    async with db.read() as conn:
        found = (await location_queries.locations_by_code(conn, ["1000"]))["1000"]
    assert (found.name, found.kind, found.time_zone) == ("Mall of America", "STORE", "America/Chicago")
    assert found.capabilities == ("SHIPS", "PICKUP", "RETURNS")
    assert found.opening_hours == {"mon": [["10:00", "21:30"]], "sun": [["11:00", "19:00"]]}
    assert found.groups == ("BigBox",)


async def test_a_bad_store_is_refused_and_the_others_go_in(db: Database, tmp_path: Path) -> None:
    bad: list[Any] = [
        STORE | {"id": 2, "state": "XX"},
        STORE | {"id": 3, "location": {}},
        STORE | {"id": 4, "type": "Tent"},
        STORE | {"id": 5, "city": ""},
        STORE,
        "a store",
    ]
    report = await stores.load(db, stored(tmp_path, STORE, *bad))
    assert (report.files["stores.json"].created, report.refused) == (1, 6)
    assert [(one.line, one.column, one.code) for one in report.problems] == [
        (2, "state", "2"),
        (3, "location", "3"),
        (4, "type", "4"),
        (5, "address.city", "5"),
        (6, "id", "1000"),
        (7, None, None),
    ]


async def test_the_real_stores_go_in_and_again_change_nothing(db: Database, data: Path) -> None:
    file = data / "bestbuy-open-data" / "stores.json"
    first = await stores.load(db, file)
    assert (first.files[file.name].created, first.refused) == (1_565, 0)
    second = await stores.load(db, file)
    assert second.files[file.name].unchanged == 1_565
    async with db.read() as conn:
        assert (await conn.execute(text("SELECT count(*) FROM outbox"))).scalar_one() == 1_565


def test_an_import_without_refusals_ends_with_0(settings: Settings, console: Console, tmp_path: Path) -> None:
    assert running.akeneo(settings, written(tmp_path), console=console) == 0
    assert "products.csv" in shown(console)


def test_an_import_with_refusals_ends_with_3_and_names_them(
    settings: Settings, console: Console, tmp_path: Path
) -> None:
    products = "sku;categories;family;name;color\n0012;shirts;shirts;Tee;pink\n0013;shirts;shirts;Tee;red"
    problems = tmp_path / "problems.csv"
    status = running.akeneo(settings, written(tmp_path, products=products), problems=problems, console=console)
    assert status == 3
    assert "products.csv:2 color (0012) color 'pink' is none of its options" in shown(console)
    with problems.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["line"], row["column"], row["code"]) for row in rows if row["refused"] == "True"] == [
        ("2", "color", "0012")
    ]


def test_what_cannot_be_read_is_one_line(settings: Settings, console: Console, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"^categories.csv: cannot be read: No such file or directory\.$"):
        running.akeneo(settings, tmp_path, console=console)
    (tmp_path / "stores.json").write_text("[{]", encoding="utf-8")
    with pytest.raises(OperatorError, match=r"^stores.json: line 1, column 3: "):
        running.locations(settings, tmp_path / "stores.json", console=console)


def test_of_many_problems_alike_a_few_are_shown(settings: Settings, console: Console, tmp_path: Path) -> None:
    products = "sku;categories;family;name;ean\n" + "\n".join(f"{n};shirts;shirts;Tee;1{n}" for n in range(100, 150))
    assert running.akeneo(settings, written(tmp_path, products=products), console=console) == 0
    assert "51 worth a look" in shown(console)
    assert "more; --problems FILE writes them all" in shown(console)
