"""Which price is shown as what. Pure rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.money import Money

from .model import OfferPrice

PRIOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Period:
    """A price in minor units that is in force in ``[since, until)``."""

    amount: int
    since: datetime
    until: datetime | None


def offer_price(current: Period, earlier: Sequence[Period], currency: str, *, tax_included: bool) -> OfferPrice:
    """The price of an offer, given the one in force and those of the 30 days before it began.

    A price that has an end and is lower than the one it followed is a reduction. Its prior price is the lowest one in
    force in the 30 days before the reduction began, the price carried into that window included
    (Directive 98/6/EC, Article 6a).
    """
    before = [one for one in earlier if one.until and one.until > current.since - PRIOR and one.since < current.since]
    last = max(before, key=lambda one: one.since, default=None)
    reduced = (
        last is not None and last.until == current.since and current.until is not None and current.amount < last.amount
    )
    return OfferPrice(
        current=Money(current.amount, currency),
        list_price=Money(last.amount if last and reduced else current.amount, currency),
        lowest30_days=Money(min(one.amount for one in before), currency) if reduced else None,
        tax_included=tax_included,
        valid_until=current.until,
    )
