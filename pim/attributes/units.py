"""Units of measurement, by pint: families, and amounts in a base unit so that 500 g and 0.5 kg are the same."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pint

from kernel.errors import InvalidInput

FAMILIES = {
    "angle": "radian",
    "area": "meter ** 2",
    "data": "byte",
    "energy": "joule",
    "frequency": "hertz",
    "length": "meter",
    "luminous_flux": "lumen",
    "mass": "gram",
    "power": "watt",
    "pressure": "pascal",
    "speed": "meter / second",
    "temperature": "kelvin",
    "time": "second",
    "voltage": "volt",
    "volume": "liter",
}


@lru_cache
def _registry() -> pint.UnitRegistry[Any]:
    return pint.UnitRegistry(non_int_type=Decimal, cache_folder=None)  # read when first needed: it takes its time


_FACTOR = r"[^\W\d]\w{0,39}(?: ?(?:\*\*|\^) ?[1-4])?"
_UNIT = re.compile(rf"{_FACTOR}(?: ?[*/] ?{_FACTOR}){{0,3}}")  # all that is let through: pint computes what it reads


@lru_cache(maxsize=1024)
def _unit(name: str) -> Any:
    if not _UNIT.fullmatch(name):
        return None
    try:
        return _registry().parse_units(name)
    except (pint.PintError, ValueError, TypeError, AttributeError):
        return None


def check(family: str | None, unit: str | None) -> None:
    """Raises InvalidInput unless ``unit`` measures what ``family`` does."""
    if family not in FAMILIES:
        raise InvalidInput("unitFamily", f"must be one of {', '.join(FAMILIES)}")
    if unit is not None and not fits(family, unit):
        raise InvalidInput("defaultUnit", f"{unit[:40]!r} is no unit of {family}")


@lru_cache(maxsize=1024)
def fits(family: str, unit: str) -> bool:
    known = _unit(unit)
    return known is not None and bool(known.is_compatible_with(FAMILIES[family]))


def base(family: str, amount: Decimal, unit: str) -> Decimal:
    """``amount`` in the family's base unit."""
    factor = _factor(family, unit)
    return (amount * factor if factor is not None else _converted(family, amount, unit)).normalize()


@lru_cache(maxsize=1024)
def _factor(family: str, unit: str) -> Decimal | None:
    """What an amount is multiplied by; None where that is not all, as with degrees Celsius."""
    return None if _converted(family, Decimal(0), unit) else _converted(family, Decimal(1), unit)


def _converted(family: str, amount: Decimal, unit: str) -> Decimal:
    return Decimal(_registry().Quantity(amount, _unit(unit)).to(FAMILIES[family]).magnitude)


def from_base(family: str, amount: Decimal, unit: str) -> Decimal:
    """``amount``, which is in the family's base unit, in ``unit``."""
    return Decimal(_registry().Quantity(amount, FAMILIES[family]).to(_unit(unit)).magnitude)


def short(unit: str) -> str:
    """How a unit is written beside its amount: kg, mm."""
    known = _unit(unit)
    return unit if known is None else f"{known:~P}"
