"""What rules ask for, as a condition on rows of ``product``."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, true

from kernel.db import ReadConn
from kernel.errors import InvalidInput
from pim.attributes import queries as attribute_queries
from pim.attributes.model import Attribute
from pim.categories import queries as category_queries
from pim.categories.model import Category
from pim.families import queries as family_queries
from pim.families.model import Family
from pim.products import holding
from pim.products.holding import ValueFilter
from pim.products.tables import product

from .model import Every, Everything, InCategory, OfFamily, Rule, WithAttribute

Simple = Everything | InCategory | OfFamily | WithAttribute


class Compiler:
    """Makes conditions of rules once everything that they name has been read."""

    def __init__(
        self,
        categories: dict[str, Category],
        families: dict[str, Family],
        attributes: dict[str, Attribute],
        *,
        strict: bool,
    ) -> None:
        self.categories = categories
        self.families = families
        self.attributes = attributes
        self.strict = strict

    def wanted(self, rules: Sequence[Rule]) -> ColumnElement[bool]:
        """Whether the rules list a product; never null."""
        by_effect: dict[str, list[ColumnElement[bool]]] = {"INCLUDE": [], "EXCLUDE": []}
        for place, rule in enumerate(rules):
            by_effect[rule.effect].append(self._condition(rule.when, f"rules.{place}.when"))
        if not by_effect["INCLUDE"]:
            return false()
        met = and_(or_(*by_effect["INCLUDE"]), *(not_(one) for one in by_effect["EXCLUDE"]))
        return func.coalesce(met, false())

    def _condition(self, given: Simple | Every, path: str) -> ColumnElement[bool]:
        if isinstance(given, Every):
            return and_(*(self._condition(one, f"{path}.of.{place}") for place, one in enumerate(given.of)))
        try:
            return self._simple(given, path)
        except InvalidInput:
            if self.strict:
                raise
            return false()  # what it names is no more, or is something else by now

    def _simple(self, given: Simple, path: str) -> ColumnElement[bool]:
        match given:
            case InCategory(category=code):
                if code not in self.categories:
                    raise InvalidInput(f"{path}.category", f"there is no category {code[:100]}")
                return holding.below(self.categories[code].path)
            case OfFamily(family=code):
                if code not in self.families:
                    raise InvalidInput(f"{path}.family", f"there is no family {code[:100]}")
                return func.coalesce(product.c.family_id == self.families[code].id, false())
            case WithAttribute(attribute=code):
                if code not in self.attributes:
                    raise InvalidInput(f"{path}.attribute", f"there is no attribute {code[:100]}")
                asked = ValueFilter(code, given.values, given.min, given.max, given.unit)
                return holding.value(self.attributes[code], asked, path)
        return true()


async def wanted(conn: ReadConn, rules: Sequence[Rule], *, strict: bool = False) -> ColumnElement[bool]:
    """Whether these rules list a product; if ``strict`` it raises InvalidInput where they name what is not there."""
    return (await compiler(conn, rules, strict=strict)).wanted(rules)


async def compiler(conn: ReadConn, rules: Sequence[Rule], *, strict: bool = False) -> Compiler:
    """What makes conditions of these rules; if ``strict`` it raises InvalidInput where they name what is not there."""
    conditions = [one for rule in rules for one in (rule.when.of if isinstance(rule.when, Every) else (rule.when,))]
    return Compiler(
        await category_queries.categories_by_code(
            conn, {one.category for one in conditions if isinstance(one, InCategory)}
        ),
        await family_queries.families_by_code(conn, {one.family for one in conditions if isinstance(one, OfFamily)}),
        await attribute_queries.attributes_by_code(
            conn, {one.attribute for one in conditions if isinstance(one, WithAttribute)}
        ),
        strict=strict,
    )
