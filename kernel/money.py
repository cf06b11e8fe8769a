"""Money: integer minor units and an ISO 4217 currency. Never a float."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from functools import lru_cache

from iso4217 import Currency

from kernel.errors import InvalidInput

MOST = 10**15  # minor units: far beyond any price, far inside a bigint

_EXACT = Context(prec=40, traps=[InvalidOperation, Inexact, Overflow])  # never rounds in silence


@dataclass(frozen=True, slots=True)
class Money:
    minor: int
    currency: str

    @property
    def amount(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent(self.currency))


@lru_cache
def exponent(currency: str) -> int:
    """Digits after the decimal point in ISO 4217: EUR 2, JPY 0, KWD 3. Raises InvalidInput."""
    try:
        found = Currency(currency).exponent
    except ValueError:
        found = None
    if found is None:
        raise InvalidInput("currency", f"{currency[:20]!r} is no ISO 4217 currency")
    return found


def parse(amount: Decimal | str, currency: str, *, path: str = "amount") -> Money:
    """``amount`` in ``currency``; refuses what the currency's coins cannot pay. Raises InvalidInput."""
    try:
        scaled = _EXACT.scaleb(_EXACT.create_decimal(amount), exponent(currency))
    except InvalidOperation:
        raise InvalidInput(path, "is no decimal number") from None
    except (Inexact, Overflow):
        raise InvalidInput(path, "is out of range") from None
    if not scaled.is_finite() or abs(scaled) > MOST:
        raise InvalidInput(path, "is out of range")
    if scaled != scaled.to_integral_value():
        raise InvalidInput(path, f"has more than {exponent(currency)} decimals, which {currency} does not have")
    return Money(int(scaled), currency)


def split(minor: int, weights: Sequence[int]) -> list[int]:
    """``minor`` in parts as ``weights``, summing back exactly: largest remainder, earlier parts first on a tie."""
    whole = sum(weights)
    if not whole:
        return split(minor, [1] * len(weights)) if weights else []
    parts = [minor * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(minor * weights[i] % whole), i))
    for i in by_remainder[: minor - sum(parts)]:
        parts[i] += 1
    return parts
