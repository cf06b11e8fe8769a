"""Products as merchandisers look for them."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from kernel.db import WriteConn
from kernel.errors import InvalidInput
from kernel.paging import Window
from pim.catalog import browsing
from pim.catalog import operations as catalog
from pim.catalog.model import CompletenessFilter, ListingFilter, ProductFilter
from pim.families.model import FamilyAttribute
from pim.listings import operations as listings
from pim.products.holding import ValueFilter
from pim.products.model import ProductInput, ValueInput, VariantInput
from tests import make

FUTURE = datetime(2999, 1, 1, tzinfo=UTC)
ALL = ["boot", "cup", "shoe"]


@pytest.fixture
async def shelf(conn: WriteConn) -> WriteConn:
    """A boot and a shoe of one family, and a cup of none."""
    await make.a_category(conn, code="wear")
    await make.a_category(conn, code="feet", parent="wear")
    await make.a_channel(conn, code="web", locales=["de", "en"], category_tree="wear")
    await make.an_attribute(conn, code="name", localizable=True, searchable=True)
    await make.an_attribute(conn, code="weight", type="MEASUREMENT", unit_family="mass", default_unit="kilogram")
    await make.an_attribute(conn, code="eyelets", type="NUMBER")
    await make.an_attribute(conn, code="vegan", type="BOOLEAN")
    await make.an_attribute(conn, code="care", type="MULTI_SELECT", options=["wax", "brush"])
    await make.an_attribute(conn, code="size", type="SELECT", options=["41", "42"])
    given = [FamilyAttribute("name", "PRODUCT", ("web",)), FamilyAttribute("eyelets", "PRODUCT", ("web",))]
    given += [FamilyAttribute(one, "PRODUCT") for one in ("weight", "vegan", "care")]
    await make.a_family(conn, code="shoes", attributes=given, axes=["size"])
    boot = {"name": "Stiefel", "weight": {"amount": "1.2", "unit": "kilogram"}, "eyelets": 9, "care": ["wax", "brush"]}
    shoe = {"weight": {"amount": 800, "unit": "gram"}, "vegan": True, "eyelets": 12, "care": ["brush"]}
    sized = (VariantInput("b42", values=(ValueInput("size", "42"),)),)
    saved = await catalog.save_products(
        conn,
        [
            ProductInput("boot", "shoes", ("feet",), values(boot), sized),
            ProductInput("shoe", "shoes", ("wear",), values(shoe), (VariantInput("s1"),)),
            ProductInput("cup", variants=(VariantInput("Tasse 100%"),)),
        ],
        actor="Ada",
    )
    assert {type(one).__name__ for one in saved.results} == {"Upserted"}
    await listings.publish(conn, channel="web", products=["boot"])
    await listings.publish(conn, channel="web", products=["shoe"], publish_from=FUTURE)
    return conn


def values(given: dict[str, Any]) -> tuple[ValueInput, ...]:
    return tuple(ValueInput(code, value, None, "de" if code == "name" else None) for code, value in given.items())


def valued(code: str, **given: Any) -> ProductFilter:
    return ProductFilter(attributes=(ValueFilter(code, **given),))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ProductFilter(), ALL),
        (ProductFilter(codes=("shoe", "nothing", "a\0")), ["shoe"]),
        (ProductFilter(codes=()), []),
        (ProductFilter(search="stie"), ["boot"]),
        (ProductFilter(search="100%"), ["cup"]),
        (ProductFilter(search="s _"), []),
        (ProductFilter(family="shoes"), ["boot", "shoe"]),
        (ProductFilter(category="wear"), ["boot", "shoe"]),
        (ProductFilter(category="feet"), ["boot"]),
        (valued("size", values=("42", "41")), ["boot"]),
        (valued("care", values=("wax",)), ["boot"]),
        (valued("care", values=("brush", "wax")), ["boot", "shoe"]),
        (valued("vegan", values=("true",)), ["shoe"]),
        (valued("name", values=("Stiefel",)), ["boot"]),
        (valued("name", values=('" || true || "',)), []),
        (valued("eyelets", min=Decimal(10)), ["shoe"]),
        (valued("eyelets", min=Decimal("8.5"), max=Decimal(10)), ["boot"]),
        (valued("weight", min=Decimal(1)), ["boot"]),
        (valued("weight", max=Decimal(900), unit="gram"), ["shoe"]),
        (valued("vegan", empty=True), ["boot", "cup"]),
        (valued("size", empty=False), ["boot"]),
        (ProductFilter(completeness=CompletenessFilter("web", "de", 100)), ["shoe"]),
        (ProductFilter(completeness=CompletenessFilter("web", "en", 100)), ["boot", "shoe"]),
        (ProductFilter(completeness=CompletenessFilter("web", "de", 50)), []),
        (ProductFilter(listing=ListingFilter("web")), ["boot", "shoe"]),
        (ProductFilter(listing=ListingFilter("web", "PUBLISHED")), ["boot"]),
        (ProductFilter(listing=ListingFilter("web", "SCHEDULED")), ["shoe"]),
        (ProductFilter(listing=ListingFilter("web", listed=False)), ["cup"]),
        (ProductFilter(updated_since=datetime(2020, 1, 1, tzinfo=UTC)), ALL),
        (ProductFilter(updated_since=FUTURE), []),
        (replace(valued("vegan", empty=True), family="shoes"), ["boot"]),
    ],
)
async def test_a_filter_finds_and_counts(shelf: WriteConn, wanted: ProductFilter, found: list[str]) -> None:
    page = await browsing.page_of_products(shelf, wanted, Window(10))
    assert [one.code for one in page.items] == found
    assert await browsing.product_counts(shelf, [wanted]) == {wanted: len(found)}
    ids = (await shelf.execute(await browsing.matching(shelf, wanted))).scalars().all()
    assert set(ids) == {one.id for one in page.items}


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        (ProductFilter(codes=("x",) * 1_001), "filter.codes"),
        (ProductFilter(search="x" * 201), "filter.search"),
        (ProductFilter(family="x"), "filter.family"),
        (ProductFilter(category="a\0"), "filter.category"),
        (ProductFilter(completeness=CompletenessFilter("x", "de", 1)), "filter.completeness.channel"),
        (ProductFilter(completeness=CompletenessFilter("web", "fr", 1)), "filter.completeness.locale"),
        (ProductFilter(completeness=CompletenessFilter("web", "de", 101)), "filter.completeness.below"),
        (ProductFilter(listing=ListingFilter("x")), "filter.listing.channel"),
        (ProductFilter(listing=ListingFilter("web", "DRAFT", listed=False)), "filter.listing.status"),
        (valued("x"), "filter.attributes.0.code"),
        (valued("weight", values=("1",)), "filter.attributes.0.values"),
        (valued("weight", min=Decimal(1), unit="liter"), "filter.attributes.0.unit"),
        (valued("name", min=Decimal(1)), "filter.attributes.0.min"),
        (valued("eyelets", min=Decimal(1), empty=True), "filter.attributes.0.empty"),
        (ProductFilter(attributes=(ValueFilter("name"),) * 21), "filter.attributes"),
    ],
)
async def test_a_filter_that_names_what_is_not_there_is_refused(
    shelf: WriteConn, wanted: ProductFilter, path: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await browsing.page_of_products(shelf, wanted, Window(10))
    assert refused.value.path == path


async def test_products_are_paged_by_code(shelf: WriteConn) -> None:
    first = await browsing.page_of_products(shelf, ProductFilter(), Window(2))
    rest = await browsing.page_of_products(shelf, ProductFilter(), Window(2, first.cursors[-1]))
    assert ([one.code for one in first.items], [one.code for one in rest.items]) == (["boot", "cup"], ["shoe"])
