"""Values of attributes: what may be stored, how it is shown, and by what it is found. Pure rules."""

from collections.abc import Callable, Container, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from kernel import money
from kernel.errors import InvalidInput
from pim.channels import locales

from . import patterns, units
from .model import Attribute, File, Option

V = TypeVar("V", date, Decimal)
LONGEST = {"TEXT": 2_000, "LONG_TEXT": 100_000}
LONGEST_UNIQUE = 255  # what an index holds in any script


class Unfit(Exception):
    """A value does not fit its attribute; the text says why."""


def clean(attribute: Attribute, raw: Any, options: Container[str] = ()) -> Any:
    """``raw`` as it is stored. Raises Unfit.

    ``options`` are the codes that a select or a reference may have, or the files by what a value may name them.
    """
    return _CLEAN[attribute.type](attribute, raw, options)


def _text(attribute: Attribute, raw: Any, _: Container[str]) -> str:
    if not isinstance(raw, str):
        raise Unfit("must be a text")
    rules = attribute.validation
    longest = LONGEST_UNIQUE if attribute.is_unique else LONGEST[attribute.type]
    most = min(int(rules.get("maxLength") or longest), longest)
    least = int(rules.get("minLength") or 1)
    if not least <= len(raw) <= most:
        raise Unfit(f"must have {least} to {most} characters")
    if "\0" in raw:
        raise Unfit("must not contain NUL")
    if (pattern := rules.get("pattern")) and not patterns.fits(pattern, raw):
        raise Unfit(f"does not match {pattern}")
    return raw


def decimal(raw: Any) -> Decimal:
    """A finite decimal of at most 28 digits, as many as are computed with. Raises Unfit."""
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        raise Unfit("must be a number")
    try:
        number = Decimal(str(raw))
    except InvalidOperation:
        raise Unfit("must be a number") from None
    if not number.is_finite() or abs(number.adjusted()) > 20 or len(number.as_tuple().digits) > 28:  # noqa: PLR2004
        raise Unfit("is out of range")
    return number


def _between(attribute: Attribute, value: V, bound: Callable[[Any], V], unit: str = "") -> V:
    """``value``, which must not lie outside what ``bound`` makes of the limits. Raises Unfit."""
    rules = attribute.validation
    if (least := rules.get("min")) is not None and value < bound(least):
        raise Unfit(f"must not be below {least}{unit}")
    if (most := rules.get("max")) is not None and value > bound(most):
        raise Unfit(f"must not be above {most}{unit}")
    return value


def _amount(raw: Any) -> Decimal:
    return Decimal(str(raw))


def _with_decimals(attribute: Attribute, number: Decimal) -> Decimal:
    decimals = attribute.validation.get("decimals")
    if decimals is not None and -int(number.normalize().as_tuple().exponent) > int(decimals):
        raise Unfit(f"must not have more than {decimals} decimals")
    return number


def plain(number: Decimal) -> str:
    """A decimal without exponent, trailing zeros or a sign of nothing."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if number else "0"


def _number(attribute: Attribute, raw: Any, _: Container[str]) -> str:
    return plain(_with_decimals(attribute, _between(attribute, decimal(raw), _amount)))


def _measurement(attribute: Attribute, raw: Any, _: Container[str]) -> dict[str, str]:
    if not isinstance(raw, Mapping) or not raw.keys() <= {"amount", "unit"} or "amount" not in raw:
        raise Unfit("must be {amount, unit}")
    family = attribute.unit_family or ""
    unit = raw.get("unit") or attribute.default_unit
    if not isinstance(unit, str) or not units.fits(family, unit):
        raise Unfit(f"{str(unit)[:40]!r} is no unit of {family}")
    allowed = attribute.validation.get("units")
    if allowed and unit not in allowed:
        raise Unfit(f"must be in {', '.join(allowed)}, not {unit[:40]}")
    amount = _with_decimals(attribute, decimal(raw["amount"]))
    base, limits = units.base(family, amount, unit), attribute.default_unit or units.FAMILIES[family]
    _between(attribute, base, lambda bound: units.base(family, _amount(bound), limits), f" {limits}")
    return {"amount": plain(amount), "unit": unit, "base": plain(base)}


def _boolean(_a: Attribute, raw: Any, _: Container[str]) -> bool:
    if not isinstance(raw, bool):
        raise Unfit("must be true or false")
    return raw


def _date(attribute: Attribute, raw: Any, _: Container[str]) -> str:
    try:
        found = date.fromisoformat(raw)
    except (TypeError, ValueError):
        raise Unfit("must be a date such as 2026-03-01") from None
    return _between(attribute, found, date.fromisoformat).isoformat()


def _select(_a: Attribute, raw: Any, options: Container[str]) -> str:
    if not isinstance(raw, str) or raw not in options:
        raise Unfit(f"{str(raw)[:60]!r} is none of its options")
    return raw


def _multi_select(attribute: Attribute, raw: Any, options: Container[str]) -> list[str]:
    if not isinstance(raw, list):
        raise Unfit("must be a list of options")
    return list(dict.fromkeys(_select(attribute, one, options) for one in raw))


def _money(attribute: Attribute, raw: Any, _: Container[str]) -> dict[str, str]:
    if not isinstance(raw, Mapping) or raw.keys() != {"amount", "currency"}:
        raise Unfit("must be {amount, currency}")
    try:
        found = money.parse(decimal(raw["amount"]), str(raw["currency"]))
    except InvalidInput as refused:
        raise Unfit(str(refused)) from None
    allowed = attribute.validation.get("currencies")
    if allowed and found.currency not in allowed:
        raise Unfit(f"must be in {', '.join(allowed)}, not {found.currency}")
    _between(attribute, found.amount, _amount)
    return {"amount": str(found.amount), "currency": found.currency}


def _reference(attribute: Attribute, raw: Any, options: Container[str]) -> str:
    target = attribute.reference_entity or "product"
    if not isinstance(raw, str):
        raise Unfit(f"must be the code of a {target}")
    if raw not in options:
        raise Unfit(f"there is no {target} {raw[:100]}")
    return raw


def _media(attribute: Attribute, raw: Any, options: Container[str]) -> str:
    if not isinstance(raw, str):
        raise Unfit("must be the id or the digest of a file")
    file = options.get(raw) if isinstance(options, Mapping) else None
    if not isinstance(file, File):
        raise Unfit(f"there is no file {raw[:100]}")
    allowed = attribute.validation.get("extensions")
    if allowed and not file.extensions & {one.lower() for one in allowed}:
        raise Unfit(f"must be a file of type {', '.join(allowed)}")
    most = attribute.validation.get("maxBytes")
    if most is not None and file.bytes > most:
        raise Unfit(f"must not be larger than {most} bytes")
    return file.id


_CLEAN: dict[str, Callable[[Attribute, Any, Container[str]], Any]] = {
    "TEXT": _text,
    "LONG_TEXT": _text,
    "NUMBER": _number,
    "MEASUREMENT": _measurement,
    "BOOLEAN": _boolean,
    "DATE": _date,
    "SELECT": _select,
    "MULTI_SELECT": _multi_select,
    "MONEY": _money,
    "MEDIA": _media,
    "REFERENCE": _reference,
}


def given(stored: Any) -> Any:
    """A stored value as it is given: the amount in the base unit is not."""
    return {name: part for name, part in stored.items() if name != "base"} if isinstance(stored, dict) else stored


def shaped(attribute: Attribute, stored: Any) -> bool:
    """Whether a stored value has the form of its attribute's type; not so while values follow a changed type."""
    match attribute.type:
        case "BOOLEAN":
            return isinstance(stored, bool)
        case "MULTI_SELECT":
            return isinstance(stored, list)
        case "MEASUREMENT":
            return isinstance(stored, dict) and "base" in stored
        case "MONEY":
            return isinstance(stored, dict) and "currency" in stored
        case "NUMBER" | "DATE":
            return isinstance(stored, str) and _reads(attribute.type, stored)
    return isinstance(stored, str)


def _reads(type: str, stored: str) -> bool:
    try:
        date.fromisoformat(stored) if type == "DATE" else Decimal(stored)
    except (ValueError, InvalidOperation):
        return False
    return True


def text_of(stored: Any) -> str:
    """A stored value of any type as a text."""
    match stored:
        case bool():
            return "true" if stored else "false"
        case list():
            return ", ".join(map(str, stored))
        case {"amount": amount, "unit": measure} | {"amount": amount, "currency": measure}:
            return f"{amount} {measure}"
    return str(stored)


def display(attribute: Attribute, stored: Any, locale: str, options: Mapping[str, Option]) -> str:  # noqa: PLR0911
    """A stored value as a person reads it in ``locale``."""
    if not shaped(attribute, stored):
        return text_of(stored)
    match attribute.type:
        case "SELECT" | "MULTI_SELECT":
            codes = [stored] if attribute.type == "SELECT" else stored
            return ", ".join(option_label(options, code, locale) for code in codes)
        case "REFERENCE" | "MEDIA":
            return option_label(options, stored, locale) if stored in options else stored
        case "MEASUREMENT":
            return f"{stored['amount']} {units.short(stored['unit'])}"
        case "MONEY":
            return f"{stored['amount']} {stored['currency']}"
        case "BOOLEAN":
            return "✓" if stored else "✗"
    return str(stored)


def option_label(options: Mapping[str, Option], code: str, locale: str) -> str:
    option = options.get(code)
    return locales.label(option.labels if option else {}, locale, code)


def term_label(attribute: Attribute, word: str, locale: str, options: Mapping[str, Option]) -> str:
    """What a word of ``terms`` is called where listings are narrowed down by it."""
    if attribute.type == "BOOLEAN":
        return display(attribute, word == "true", locale, options)
    return option_label(options, word, locale) if word in options else word


def terms(attribute: Attribute, stored: Any) -> list[tuple[str, Decimal | None]]:  # noqa: PLR0911 -- a table
    """What a listing with this value is found by: words to equal, and a number to compare."""
    if not shaped(attribute, stored):
        return []
    match attribute.type:
        case "SELECT" | "TEXT" | "REFERENCE":
            return [(stored[:255], None)]
        case "MULTI_SELECT":
            return [(code, None) for code in stored]
        case "BOOLEAN":
            return [("true" if stored else "false", None)]
        case "NUMBER":
            return [(stored, Decimal(stored))]
        case "MEASUREMENT":
            return [(f"{stored['amount']} {stored['unit']}", Decimal(stored["base"]))]
        case "DATE":
            return [(stored, Decimal(date.fromisoformat(stored).toordinal()))]
        case "MONEY":
            return [(f"{stored['amount']} {stored['currency']}", Decimal(stored["amount"]))]
    return []


def found(
    scoped: Mapping[str, Mapping[str, Any]], channel: str | None, locale: str | None, default: str | None
) -> tuple[tuple[str, str], Any] | None:
    """The value of one attribute that ``channel`` shows in ``locale``, behind its own channel and locale, or None.

    Looked for in the channel first, then among the values for all channels; in each by locale fallback.
    """
    for scope in (channel, locales.ANY) if channel else (locales.ANY,):
        by_locale = scoped.get(scope) if scope else None
        if by_locale:
            for tag in locales.fallbacks(locale or locales.ANY, default):
                if tag in by_locale:
                    return (scope, tag), by_locale[tag]
    return None


def at(scoped: Mapping[str, Mapping[str, Any]], channel: str | None, locale: str | None, default: str | None) -> Any:
    """The value alone."""
    there = found(scoped, channel, locale, default)
    return None if there is None else there[1]
