"""What becomes of values whose attribute is of another type, or no longer by channel and locale."""

import uuid
from typing import Any

import pytest

from pim.attributes import values
from pim.attributes.model import Attribute, Option
from pim.attributes.values import Unfit
from pim.modeling import converting

OPTIONS = {"red": Option("red", {}), "blue": Option("blue", {})}


def of(type: str, **given: Any) -> Attribute:
    if type == "MEASUREMENT":
        given = {"unit_family": "mass", "default_unit": "gram"} | given
    return Attribute(uuid.UUID(int=1), "a", type, {}, **given)


@pytest.mark.parametrize(
    ("stored", "to", "kept"),
    [
        ("a", "LONG_TEXT", "a"),
        ("5.5", "TEXT", "5.5"),
        (True, "TEXT", "true"),
        (["red", "blue"], "TEXT", "red, blue"),
        ({"amount": "5", "unit": "gram", "base": "5"}, "TEXT", "5 gram"),
        ({"amount": "5.00", "currency": "EUR"}, "TEXT", "5.00 EUR"),
        ("red", "MULTI_SELECT", ["red"]),
        (["red"], "SELECT", "red"),
        ("red", "SELECT", "red"),
        ("red", "REFERENCE", "red"),
        (" 5.50", "NUMBER", "5.5"),
        ("5", "MEASUREMENT", {"amount": "5", "unit": "gram", "base": "5"}),
        ("2026-03-01", "DATE", "2026-03-01"),
        ("false", "BOOLEAN", False),
    ],
)
def test_a_value_goes_into_another_type_where_that_loses_nothing(stored: Any, to: str, kept: Any) -> None:
    assert converting.convert(of(to), stored, OPTIONS) == kept


@pytest.mark.parametrize(
    ("stored", "to"),
    [
        ("a", "NUMBER"),
        ("a", "DATE"),
        ("yes", "BOOLEAN"),
        ("green", "SELECT"),
        (["red", "blue"], "SELECT"),
        (["green"], "MULTI_SELECT"),
        (True, "NUMBER"),
        ({"amount": "5", "unit": "gram", "base": "5"}, "NUMBER"),
        ({"amount": "5", "unit": "meter", "base": "5"}, "MEASUREMENT"),
        ("5", "MONEY"),
        ("red", "MEDIA"),
    ],
)
def test_a_value_that_another_type_cannot_hold_is_told(stored: Any, to: str) -> None:
    with pytest.raises(Unfit):
        converting.convert(of(to), stored, OPTIONS)


def test_of_values_that_compete_for_one_place_the_one_for_all_counts() -> None:
    plain, by_locale = of("TEXT"), {"*": {"en": "e", "de": "d"}, "web": {"*": "w"}}
    assert converting.rescoped(plain, by_locale, "de-DE") == ({("*", "de"): ("*", "*")}, [("*", "en"), ("web", "*")])
    assert converting.rescoped(plain, by_locale | {"*": {"*": "a", "en": "a"}}, "de")[0] == {("*", "*"): ("*", "*")}
    assert converting.rescoped(plain, {"*": {"en": "a", "de": "a"}}, "fr")[1] == []


@pytest.mark.parametrize(
    ("type", "stored"), [("MULTI_SELECT", "red"), ("MONEY", "5"), ("NUMBER", "a"), ("DATE", ["x"])]
)
def test_a_value_that_has_not_followed_yet_is_shown_as_it_is_and_found_by_nothing(type: str, stored: Any) -> None:
    assert values.display(of(type), stored, "en", OPTIONS) == ("x" if type == "DATE" else stored)
    assert values.terms(of(type), stored) == []
