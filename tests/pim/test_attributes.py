import time
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.db import WriteConn
from kernel.errors import InvalidInput
from pim.attributes import operations as attributes
from pim.attributes import queries, units, values
from pim.attributes.model import TYPES, Attribute, File, Option
from pim.attributes.values import Unfit
from tests import make


def of(type: str, **given: Any) -> Attribute:
    if type == "MEASUREMENT":
        given = {"unit_family": "mass", "default_unit": "gram"} | given
    return Attribute(uuid.UUID(int=1), "a", type, {}, **given)


FILE_ID = "01999999-0000-7000-8000-000000000000"
RED_OR_BLUE = {"red": Option("red", {}), "blue": Option("blue", {}), "a file": File(FILE_ID, frozenset({"pdf"}), 100)}
KEPT: list[tuple[str, Any, Any]] = [
    ("TEXT", " a ", " a "),
    ("LONG_TEXT", "x" * 100_000, "x" * 100_000),
    ("NUMBER", 5, "5"),
    ("NUMBER", "5.50", "5.5"),
    ("NUMBER", 0.1, "0.1"),
    ("NUMBER", "1E+3", "1000"),
    ("NUMBER", "-0", "0"),
    ("NUMBER", "-0.00", "0"),
    ("NUMBER", "0E+3", "0"),
    ("MEASUREMENT", {"amount": "0.5", "unit": "kilogram"}, {"amount": "0.5", "unit": "kilogram", "base": "500"}),
    ("MEASUREMENT", {"amount": 5}, {"amount": "5", "unit": "gram", "base": "5"}),
    ("BOOLEAN", False, False),
    ("DATE", "2024-02-29", "2024-02-29"),
    ("DATE", "20240229", "2024-02-29"),
    ("SELECT", "red", "red"),
    ("MULTI_SELECT", ["red", "blue", "red"], ["red", "blue"]),
    ("MULTI_SELECT", [], []),
    ("MONEY", {"amount": "12.5", "currency": "EUR"}, {"amount": "12.50", "currency": "EUR"}),
    ("MEDIA", "a file", FILE_ID),
    ("REFERENCE", "blue", "blue"),
]


@pytest.mark.parametrize(("type", "raw", "stored"), KEPT)
def test_a_value_is_stored_in_one_form(type: str, raw: Any, stored: Any) -> None:
    assert values.clean(of(type), raw, RED_OR_BLUE) == stored
    assert values.clean(of(type), raw if type in ("MEASUREMENT", "MEDIA") else stored, RED_OR_BLUE) == stored


UNFIT: dict[str, list[Any]] = {
    "TEXT": ["", "x" * 2_001, "a\0", 5, None, ["a"]],
    "LONG_TEXT": ["", "x" * 100_001, 5],
    "NUMBER": ["", "x", "NaN", "Infinity", float("inf"), True, [], {}, "1e21", "1e999999999", "1e-21", "1" * 31],
    "MEASUREMENT": [
        5,
        {},
        {"unit": "gram"},
        {"amount": "1", "unit": "meter"},
        {"amount": "1", "unit": "gram", "more": 1},
        {"amount": "x", "unit": "gram"},
        {"amount": "1", "unit": 5},
        {"amount": "1", "unit": "("},
        {"amount": "1", "unit": "1/0 gram"},
        {"amount": "1", "unit": "gram**9**9**9**9"},
        {"amount": "1", "unit": "x" * 5_000},
        {"amount": "1", "unit": "a\0"},
    ],
    "BOOLEAN": [0, 1, "true", None],
    "DATE": ["2023-02-29", "29.02.2024", "2024-02-29T00:00:00", "", 20240229, None],
    "SELECT": ["green", "", 5, ["red"], {}],
    "MULTI_SELECT": ["red", ["green"], [["red"]], {}],
    "MONEY": [
        5,
        "5 EUR",
        {"amount": "5"},
        {"amount": "5.001", "currency": "EUR"},
        {"amount": "x", "currency": "EUR"},
        {"amount": "5", "currency": "XXL"},
        {"amount": "1e9999999", "currency": "EUR"},
    ],
    "MEDIA": ["", "x" * 256, "a\0", 5, "red", None, {}, ["a file"], FILE_ID],
    "REFERENCE": ["", "x" * 256, 5, "green", None, ["red"], {}],
}


@pytest.mark.parametrize(("type", "raw"), [(kind, raw) for kind, several in UNFIT.items() for raw in several])
def test_what_does_not_fit_its_type_is_refused(type: str, raw: Any) -> None:
    with pytest.raises(Unfit):
        values.clean(of(type), raw, RED_OR_BLUE)


def test_every_type_is_in_the_tables() -> None:
    assert set(UNFIT) == {kind for kind, _, _ in KEPT} == set(TYPES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["amount", "unit", "currency"]), inner),
    max_leaves=5,
)


@given(st.sampled_from(TYPES), JSON)
def test_whatever_comes_is_kept_or_refused(type: str, raw: Any) -> None:
    try:
        stored = values.clean(of(type), raw, RED_OR_BLUE)
    except Unfit:
        return
    values.display(of(type), stored, "de", {})
    values.terms(of(type), stored)


@pytest.mark.parametrize(
    ("type", "rules", "fits", "unfit"),
    [
        ("TEXT", {"maxLength": 3, "minLength": 2}, ["ab", "abc"], ["a", "abcd"]),
        ("TEXT", {"pattern": "[A-Z]+"}, ["AB"], ["AB1", "ab", "AB\n"]),
        ("NUMBER", {"min": 1, "max": "2.5"}, ["1", "2.5"], ["0.99", "2.51"]),
        ("NUMBER", {"decimals": 2}, ["1.25", "1.250", "100"], ["1.255", "1." + "0" * 26 + "1"]),
        ("NUMBER", {"decimals": 0}, ["1E+2", "3.0"], ["0.5"]),
        ("MEASUREMENT", {"max": 10}, [{"amount": 10}], [{"amount": 11}]),
        ("MEDIA", {"extensions": ["PDF"], "maxBytes": 100}, ["a file"], []),
        ("MEDIA", {"extensions": ["png"]}, [], ["a file"]),
        ("MEDIA", {"maxBytes": 99}, [], ["a file"]),
        ("MEASUREMENT", {"max": 10}, [{"amount": "0.01", "unit": "kg"}], [{"amount": 1, "unit": "kg"}]),
        ("MEASUREMENT", {"units": ["kg"]}, [{"amount": 1, "unit": "kg"}], [{"amount": 1}]),
        (
            "DATE",
            {"min": "2026-03-01", "max": "2026-03-31"},
            ["2026-03-01", "2026-03-31"],
            ["2026-02-28", "2026-04-01"],
        ),
        (
            "MONEY",
            {"min": "0", "max": 5},
            [{"amount": "5", "currency": "EUR"}],
            [{"amount": "5.01", "currency": "EUR"}],
        ),
        ("MONEY", {"currencies": ["EUR"]}, [{"amount": "5", "currency": "EUR"}], [{"amount": "5", "currency": "USD"}]),
    ],
)
def test_rules_narrow_what_fits(type: str, rules: dict[str, Any], fits: list[Any], unfit: list[Any]) -> None:
    attribute = of(type, validation=rules)
    for raw in fits:
        values.clean(attribute, raw, RED_OR_BLUE)
    for raw in unfit:
        with pytest.raises(Unfit):
            values.clean(attribute, raw, RED_OR_BLUE)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*)*b", "((a*)*)*c"])
def test_no_pattern_keeps_the_hub_busy(pattern: str) -> None:
    attribute = of("LONG_TEXT", validation={"pattern": pattern})
    began = time.process_time()
    with pytest.raises(Unfit):
        values.clean(attribute, "a" * 50_000 + "!")
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("family", "amount", "unit", "base"),
    [
        ("mass", "0.5", "kg", "500"),
        ("length", "12", "inch", "0.3048"),
        ("temperature", "20", "degC", "293.15"),
        ("volume", "3", "milliliter", "0.003"),
        ("data", "2", "megabyte", "2000000"),
    ],
)
def test_amounts_of_one_family_compare_in_its_base(family: str, amount: str, unit: str, base: str) -> None:
    assert units.base(family, Decimal(amount), unit) == Decimal(base)


@pytest.mark.parametrize(
    ("type", "stored", "shown"),
    [
        ("SELECT", "red", "Rot"),
        ("SELECT", "gone", "[gone]"),
        ("MULTI_SELECT", ["red", "blue"], "Rot, [blue]"),
        ("MEASUREMENT", {"amount": "0.5", "unit": "kilogram", "base": "500"}, "0.5 kg"),
        ("MONEY", {"amount": "12.50", "currency": "EUR"}, "12.50 EUR"),
        ("BOOLEAN", True, "✓"),
        ("NUMBER", "5", "5"),
    ],
)
def test_a_value_is_shown_as_people_read_it(type: str, stored: Any, shown: str) -> None:
    options = {"red": Option("red", {"de": "Rot"}), "blue": Option("blue", {})}
    assert values.display(of(type), stored, "de-AT", options) == shown


TEXTS = {"web": {"de": "web de", "*": "web"}, "*": {"en": "en", "de-AT": "de-AT", "*": "any"}}


@pytest.mark.parametrize(
    ("channel", "locale", "default", "found"),
    [
        ("web", "de-AT", "en", "web de"),
        ("web", "fr", "en", "web"),
        ("pos", "de-AT", "en", "de-AT"),
        ("pos", "de", "en", "en"),
        ("pos", "de", "fr", "any"),
        (None, "en-GB", None, "en"),
        (None, None, None, "any"),
    ],
)
def test_a_value_is_looked_for_on_the_channel_first_then_by_language(
    channel: str | None, locale: str | None, default: str | None, found: str
) -> None:
    assert values.at(TEXTS, channel, locale, default) == found


async def test_an_attribute_keeps_its_type_and_adds_options(conn: WriteConn) -> None:
    await make.an_attribute(conn, code="color", type="SELECT", options=["red"])
    await make.an_attribute(conn, code="color", type="SELECT", options=["blue"], labels={"de": "Farbe"})
    assert set((await queries.options_by_attribute(conn, ["color"]))["color"]) == {"red", "blue"}
    with pytest.raises(InvalidInput):
        await make.an_attribute(conn, code="color")


@pytest.mark.parametrize(
    "given",
    [
        {"code": "a b"},
        {"type": "COLOR"},
        {"options": ["a"]},
        {"type": "SELECT", "options": ["a b"]},
        {"type": "MEASUREMENT"},
        {"type": "MEASUREMENT", "unit_family": "mass", "default_unit": "meter"},
        {"validation": {"longest": 5}},
        {"validation": {"pattern": "("}},
        {"validation": {"minLength": "many"}},
        {"type": "NUMBER", "validation": {"max": "much"}},
        {"type": "NUMBER", "validation": {"min": "1e-5", "max": "1e-6"}},
        {"type": "DATE", "validation": {"min": "20260301", "max": "2026-02-28"}},
        {"type": "LONG_TEXT", "unique": True},
        {"type": "MONEY", "unique": True},
    ],
)
async def test_what_is_no_attribute_is_refused(conn: WriteConn, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        await make.an_attribute(conn, **given)


@pytest.mark.parametrize(
    ("type", "least", "most"),
    [
        ("NUMBER", "1e-5", "2e-5"),
        ("NUMBER", "-1", 0),
        ("DATE", "20260301", "2026-03-02"),
        ("DATE", "2026-03-01", "20260301"),
    ],
)
async def test_bounds_are_compared_as_what_they_mean(conn: WriteConn, type: str, least: Any, most: Any) -> None:
    rules = {"min": least, "max": most}
    assert (await make.an_attribute(conn, type=type, validation=rules)).validation == rules


def test_a_unique_text_is_short_enough_to_be_indexed() -> None:
    assert values.clean(of("TEXT", is_unique=True), "x" * 255)
    with pytest.raises(Unfit):
        values.clean(of("TEXT", is_unique=True), "x" * 256)


async def test_groups_are_made_where_they_are_named(conn: WriteConn) -> None:
    await make.an_attribute(conn, group="technical")
    await attributes.save_group(conn, code="technical", labels={"de": "Technik"})
    assert (await queries.groups_by_code(conn, ["technical"]))["technical"].labels == {"de": "Technik"}
