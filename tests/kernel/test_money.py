from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import money
from kernel.errors import InvalidInput
from kernel.money import Money


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.34", "EUR", 1234),
        ("12.3", "EUR", 1230),
        ("12", "EUR", 1200),
        ("12.3400", "EUR", 1234),
        ("-0.01", "EUR", -1),
        ("500", "JPY", 500),
        ("5E+2", "JPY", 500),
        ("1.234", "KWD", 1234),
        ("10000000000000.00", "EUR", 10**15),
    ],
)
def test_an_amount_is_kept_in_the_smallest_coin(amount: str, currency: str, minor: int) -> None:
    assert money.parse(amount, currency) == Money(minor, currency)
    assert money.parse(Decimal(amount), currency).amount == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("12.345", "EUR"),
        ("0.5", "JPY"),
        ("1.2345", "KWD"),
        ("1.0000000000000000000000000000000000001", "EUR"),
        ("1e-999999", "EUR"),
        ("10000000000000.01", "EUR"),
        ("1e999999", "EUR"),
        ("1e9999999", "EUR"),
        ("NaN", "EUR"),
        ("sNaN", "EUR"),
        ("-Infinity", "EUR"),
        ("", "EUR"),
        ("12,34", "EUR"),
        ("1", "eur"),
        ("1", "XXL"),
        ("1", "XAU"),
        ("1", ""),
    ],
)
def test_what_no_coins_can_pay_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(InvalidInput):
        money.parse(amount, currency)


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**9), max_size=20))
def test_the_parts_of_an_amount_sum_back_to_it(minor: int, weights: list[int]) -> None:
    parts = money.split(minor, weights)
    assert len(parts) == len(weights)
    assert sum(parts) == (minor if weights else 0)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_no_part_is_a_whole_coin_away_from_its_share(minor: int, weights: list[int]) -> None:
    whole = sum(weights) or len(weights)
    for part, weight in zip(money.split(minor, weights), weights, strict=True):
        assert abs(part * whole - minor * (weight if sum(weights) else 1)) < whole


@pytest.mark.parametrize(
    ("minor", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-33, -33, -34]),
        (5, [0, 0], [3, 2]),
        (10, [0, 3], [0, 10]),
        (7, [], []),
    ],
)
def test_the_coins_left_over_go_to_whoever_is_owed_most(minor: int, weights: list[int], parts: list[int]) -> None:
    assert money.split(minor, weights) == parts
