from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from kernel import money
from pim.attributes import values
from pim.listings import model

from .money import Money


@strawberry.type
class AttributeGroup:
    code: str
    label: str


@strawberry.type
class TextValue:
    text: str


@strawberry.type
class NumberValue:
    number: Decimal


@strawberry.type
class MeasureValue:
    amount: Decimal
    unit: str


@strawberry.type
class BooleanValue:
    boolean: bool


@strawberry.type
class DateValue:
    date: date


@strawberry.type
class MoneyValue:
    money: Money


@strawberry.type
class SelectOption:
    code: str
    label: str


@strawberry.type
class SelectValue:
    options: list[SelectOption]


AttributeValue = Annotated[
    TextValue | NumberValue | MeasureValue | BooleanValue | DateValue | MoneyValue | SelectValue,
    strawberry.union("AttributeValue"),
]


def value_of(one: model.ListingAttribute) -> Any:  # noqa: PLR0911 -- a table
    """The value of an attribute as its type says."""
    stored = one.stored
    match one.attribute.type:
        case "NUMBER":
            return NumberValue(number=Decimal(stored))
        case "MEASUREMENT":
            return MeasureValue(amount=Decimal(stored["amount"]), unit=stored["unit"])
        case "BOOLEAN":
            return BooleanValue(boolean=stored)
        case "DATE":
            return DateValue(date=date.fromisoformat(stored))
        case "MONEY":
            return MoneyValue(money=money.parse(stored["amount"], stored["currency"]))  # type: ignore[arg-type]
        case "SELECT" | "MULTI_SELECT":
            codes = [stored] if isinstance(stored, str) else stored
            return SelectValue(
                options=[
                    SelectOption(code=code, label=values.option_label(one.options, code, one.locale)) for code in codes
                ]
            )
    return TextValue(text=str(stored))
