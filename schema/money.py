from decimal import Decimal

import strawberry

from kernel import money

from .fields import mirrors


@strawberry.type
@mirrors(money.Money)
class Money:
    amount: Decimal
    currency: str
