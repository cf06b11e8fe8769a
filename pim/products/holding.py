"""What products are and hold, as conditions on rows of ``product``."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, cast, exists, func, literal, not_, or_
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from kernel.errors import InvalidInput
from pim.attributes import units
from pim.attributes.model import Attribute
from pim.categories.tables import category

from .tables import product, product_category, variant

MOST_VALUES = 500
RANGED = ("NUMBER", "MEASUREMENT")
WORDED = ("TEXT", "LONG_TEXT", "NUMBER", "BOOLEAN", "DATE", "SELECT", "MULTI_SELECT", "REFERENCE", "MEDIA")

_p = product.c


@dataclass(frozen=True, slots=True)
class ValueFilter:
    """A value that a product or one of its variants has in any scope; or, where ``empty``, that none of them has."""

    code: str
    values: tuple[str, ...] | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    unit: str | None = None
    empty: bool | None = None


def below(path: str) -> ColumnElement[bool]:
    """Whether the product is in the category at ``path`` or in one below."""
    pc = product_category.c
    at = cast(literal(path), category.c.path.type)
    return exists().where(pc.product_id == _p.id, pc.category_id == category.c.id, category.c.path.op("<@")(at))


def value(attribute: Attribute | None, one: ValueFilter, path: str) -> ColumnElement[bool]:
    """A condition on the values, wherever they stand: on the product or on its variants, in any scope."""
    if attribute is None:
        raise InvalidInput(f"{path}.code", f"there is no attribute {one.code[:100]}")
    tests, named = [], dict[str, Any]()
    if one.values is not None:
        if attribute.type not in WORDED or len(one.values) > MOST_VALUES:
            raise InvalidInput(f"{path}.values", f"must be up to {MOST_VALUES} of an attribute that is no amount")
        named["values"] = [_word(attribute, value) for value in one.values]
        tests.append("(@ == $values[*])")
    number = "@.base.number()" if attribute.type == "MEASUREMENT" else "@.number()"
    for name, sign, bound in (("min", ">=", one.min), ("max", "<=", one.max)):
        if bound is not None:
            named[name] = _bound(attribute, bound, one.unit, f"{path}.{name}")
            tests.append(f"({number} {sign} ${name}.number())")
    if one.empty is not None and tests:
        raise InvalidInput(f"{path}.empty", "goes with no value and no range")
    asked = literal(f"$.*.*[*] ? ({' && '.join(tests)})" if tests else "$.*.*[*]")
    own, given = _p.content[attribute.code], literal(named, JSONB)
    there = func.jsonb_path_exists(own, cast(asked, JSONPATH), given, True)
    of_variant = func.jsonb_path_exists(variant.c.content[attribute.code], cast(asked, JSONPATH), given, True)
    held = or_(func.coalesce(there, False), exists().where(variant.c.product_id == _p.id, of_variant))
    return not_(held) if one.empty else held


def _word(attribute: Attribute, value: str) -> str | bool:
    return value == "true" if attribute.type == "BOOLEAN" else value


def _bound(attribute: Attribute, bound: Decimal, unit: str | None, path: str) -> str:
    if attribute.type not in RANGED:
        raise InvalidInput(path, f"{attribute.code} has no range")
    if attribute.type != "MEASUREMENT":
        return format(bound, "f")
    family, of = attribute.unit_family or "", unit or attribute.default_unit or ""
    if not units.fits(family, of):
        raise InvalidInput(f"{path.rpartition('.')[0]}.unit", f"{of[:40]!r} is no unit of {family}")
    return format(units.base(family, bound, of), "f")
