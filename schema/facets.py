"""What is looked for among listings, and by what it can be narrowed down."""

from datetime import date
from decimal import Decimal

import strawberry

from pim.listings import model

from .enums import Direction, ListingSortKey
from .fields import mirrors
from .money import Money


@strawberry.input
class AttributeFilter:
    code: str
    values: list[str] | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    unit: str | None = strawberry.field(
        default=None, description="Of min and max: a unit of the measurement, the attribute's own where none is given."
    )
    since: date | None = strawberry.field(default=None, name="from", description="The first day of a range of dates.")
    until: date | None = strawberry.field(default=None, description="The day before which a range of dates ends.")


@strawberry.input
class PriceRange:
    min: Decimal | None = None
    max: Decimal | None = None


@strawberry.input
class ListingFilter:
    search: str | None = None
    category: str | None = strawberry.field(default=None, description="The slug of a category; its subtree.")
    skus: list[str] | None = None
    attributes: list[AttributeFilter] | None = None
    price: PriceRange | None = None
    in_stock: bool | None = None


@strawberry.input
class ListingSort:
    by: ListingSortKey
    direction: Direction | None = Direction.ASC


@strawberry.type
@mirrors(model.FacetValue)
class FacetValue:
    value: str
    label: str
    count: int


@strawberry.type
@mirrors(model.Span)
class FacetRange:
    min: Decimal | None
    max: Decimal | None
    unit: str | None = strawberry.field(description="Of min and max: a unit, or a currency.")
    first: date | None = strawberry.field(description="Of dates.")
    last: date | None


@strawberry.type(description="What an attribute is among the listings, whatever is picked of the attribute itself.")
@mirrors(model.Facet)
class Facet:
    code: str
    label: str
    values: list[FacetValue]
    range: FacetRange | None = strawberry.field(description="Of numbers, measurements, amounts of money and dates.")


@strawberry.type
@mirrors(model.PriceSpan)
class PriceSpan:
    min: Money
    max: Money


def query_of(shop: model.Shop, filter: ListingFilter | None, sort: ListingSort | None) -> model.ListingQuery:
    """What the domain is asked for; relevance sorts where words are looked for and nothing else is said."""
    given = filter or ListingFilter()
    price = given.price or PriceRange()
    wanted = model.ListingFilter(
        search=given.search or None,
        category=given.category,
        skus=tuple(given.skus) if given.skus is not None else None,
        attributes=tuple(
            model.AttributeFilter(
                one.code,
                tuple(one.values) if one.values is not None else None,
                one.min,
                one.max,
                one.unit,
                one.since,
                one.until,
            )
            for one in given.attributes or ()
        ),
        min_price=price.min,
        max_price=price.max,
        in_stock=given.in_stock,
    )
    by = sort.by.value if sort else "RELEVANCE" if wanted.search else "POSITION"
    return model.ListingQuery(shop, wanted, by, descending=bool(sort and sort.direction is Direction.DESC))
