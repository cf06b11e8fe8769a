"""Global Trade Item Numbers: GS1 General Specifications, section 7.9, for the check digit."""

from stdnum import ean
from stdnum.exceptions import ValidationError

from pim.attributes.values import Unfit

UPC_E = 8


def clean(gtin: str) -> str:
    """``gtin`` as it is kept: itself in 8, 12, 13 or 14 digits, a UPC-E as the GTIN-12 it stands for. Raises Unfit."""
    if not gtin.isascii() or not gtin.isdigit():
        raise Unfit(f"{gtin[:20]!r} is not of digits")
    for candidate in (gtin, *_expanded(gtin)):
        try:
            ean.validate(candidate)
        except ValidationError:
            continue
        return candidate
    raise Unfit(f"{gtin[:20]} is no GTIN: its length or its check digit is wrong")


def _expanded(gtin: str) -> tuple[str, ...]:
    """The GTIN-12 of a zero-suppressed UPC-E, whose last digit but one says where zeros were (7.10)."""
    if len(gtin) != UPC_E or gtin[0] not in "01":
        return ()
    system, maker, last, check = gtin[0], gtin[1:6], gtin[6], gtin[7]
    if last in "012":
        return (f"{system}{maker[:2]}{last}0000{maker[2:]}{check}",)
    if last == "3":
        return (f"{system}{maker[:3]}00000{maker[3:]}{check}",)
    if last == "4":
        return (f"{system}{maker[:4]}00000{maker[4]}{check}",)
    return (f"{system}{maker}0000{last}{check}",)


def problem(gtin: str) -> str | None:
    """Why ``gtin`` is none, or None; empty clears."""
    try:
        return clean(gtin) and None if gtin else None
    except Unfit as unfit:
        return str(unfit)


def padded(gtin: str) -> str:
    """The fourteen digits by which two ways to write one number are the same."""
    return gtin.rjust(14, "0")


def digital_link(gtin: str | None, resolver: str) -> str | None:
    """The GS1 Digital Link of an item: its address at ``resolver``, by GTIN (URI Syntax 1.4, section 4)."""
    return f"{resolver.rstrip('/')}/01/{padded(gtin)}" if gtin else None
