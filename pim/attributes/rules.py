"""What a definition of an attribute may say. Pure rules."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from kernel import codes, money
from kernel.errors import InvalidInput

from . import patterns, units, values
from .model import TYPES, Option

MOST_OPTIONS = 10_000
MOST_LISTED = 100
WITH_OPTIONS = {"SELECT", "MULTI_SELECT"}
UNIQUE = {"TEXT", "NUMBER", "DATE", "REFERENCE"}
RULES: Mapping[str, frozenset[str]] = {
    "TEXT": frozenset({"minLength", "maxLength", "pattern"}),
    "LONG_TEXT": frozenset({"minLength", "maxLength", "pattern"}),
    "NUMBER": frozenset({"min", "max", "decimals"}),
    "MEASUREMENT": frozenset({"min", "max", "decimals", "units"}),
    "DATE": frozenset({"min", "max"}),
    "MONEY": frozenset({"min", "max", "currencies"}),
    "MEDIA": frozenset({"extensions", "maxBytes"}),
}


def check(
    type: str,
    *,
    unique: bool,
    options: Sequence[Option] | None,
    unit_family: str | None,
    default_unit: str | None,
    reference_entity: str | None,
    validation: Mapping[str, Any],
) -> None:
    """Raises InvalidInput where the parts of a definition do not go together."""
    if type not in TYPES:
        raise InvalidInput("type", f"must be one of {', '.join(TYPES)}")
    if options and type not in WITH_OPTIONS:
        raise InvalidInput("options", f"an attribute of type {type} has none")
    _check_options(options or ())
    if type == "MEASUREMENT":
        units.check(unit_family, default_unit)
    elif unit_family or default_unit:
        raise InvalidInput("unitFamily", f"an attribute of type {type} has none")
    if reference_entity is not None and type != "REFERENCE":
        raise InvalidInput("referenceEntity", f"an attribute of type {type} has none")
    if unique and type not in UNIQUE:
        raise InvalidInput("unique", f"an attribute of type {type} cannot be; there are {', '.join(sorted(UNIQUE))}")
    _check_validation(type, unit_family, validation)


def _check_options(options: Sequence[Option]) -> None:
    if len(options) > MOST_OPTIONS:
        raise InvalidInput("options", f"must be at most {MOST_OPTIONS}")
    seen: set[str] = set()
    for place, option in enumerate(options):
        codes.check(option.code, path=f"options.{place}.code")
        if option.code in seen:
            raise InvalidInput(f"options.{place}.code", f"{option.code} is given twice")
        seen.add(option.code)


def document(given: object) -> dict[str, Any]:
    """The validation as it is kept: rules that are null are none. Raises InvalidInput."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidInput("validation", "must be an object of rules")
    return {str(name): rule for name, rule in given.items() if rule is not None}


def _check_validation(type: str, unit_family: str | None, validation: Mapping[str, Any]) -> None:
    known = RULES.get(type, frozenset())
    bounds: dict[str, Any] = {}  # as they compare
    for rule, value in validation.items():
        path = f"validation.{rule[:40]}"
        if rule not in known:
            told = f"there are {', '.join(sorted(known))}" if known else "there are none"
            raise InvalidInput(path, f"is no rule of type {type}; {told}")
        if rule in ("min", "max"):
            bounds[rule] = (_day if type == "DATE" else _number)(value, path)
        elif rule == "units":
            _listed(value, path, lambda unit: units.fits(unit_family or "", unit), f"is no unit of {unit_family}")
        else:
            bounds[rule] = _CHECK[rule](value, path)
    for least, most in (("min", "max"), ("minLength", "maxLength")):
        if least in bounds and most in bounds and bounds[least] > bounds[most]:
            raise InvalidInput(f"validation.{least}", f"must not be above {most}")


def _number(value: object, path: str) -> Decimal:
    try:
        return values.decimal(value)
    except values.Unfit as unfit:
        raise InvalidInput(path, str(unfit)) from None


def _day(value: object, path: str) -> date:
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]  # what is no text is refused below
    except (TypeError, ValueError):
        raise InvalidInput(path, "must be a date such as 2026-03-01") from None


def _whole(value: object, path: str) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise InvalidInput(path, "must be a whole number")
    return value


def _listed(value: object, path: str, fits: Callable[[str], bool], problem: str) -> None:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_LISTED or not all(isinstance(v, str) for v in value):
        raise InvalidInput(path, f"must be a list of 1 to {MOST_LISTED} texts")
    for one in value:
        if not fits(one):
            raise InvalidInput(path, f"{one[:40]!r} {problem}")


def _extensions(value: object, path: str) -> None:
    _listed(value, path, lambda one: one.isascii() and one.isalnum() and len(one) <= 10, "is no extension such as pdf")  # noqa: PLR2004


def _currency(code: str) -> bool:
    try:
        money.exponent(code)
    except InvalidInput:
        return False
    return True


def _currencies(value: object, path: str) -> None:
    _listed(value, path, _currency, "is no ISO 4217 currency")


def _pattern(value: object, path: str) -> None:
    patterns.check(value, path=path)


_CHECK: dict[str, Callable[[object, str], object]] = {
    "minLength": _whole,
    "maxLength": _whole,
    "decimals": _whole,
    "maxBytes": _whole,
    "pattern": _pattern,
    "extensions": _extensions,
    "currencies": _currencies,
}
