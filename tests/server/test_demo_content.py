import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from typing import Any

import iso4217
import pint
import pytest
from PIL import Image
from stdnum import ean

from server.demo.content import Row, load, moment, read
from server.demo.pictures import KINDS, draw

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
LOCALES = {"en", "de", "ru"}
CYRILLIC = re.compile(r"[\u0400-\u04ff]")
UNITS: Any = pint.UnitRegistry()

SHOP = load()
CHANNELS = {channel["code"]: channel for channel in SHOP.channels}
ATTRIBUTES = {attribute["code"]: attribute for attribute in SHOP.attributes}
FAMILIES = {family["code"]: family for family in SHOP.families}
CATEGORIES = [category["code"] for category in SHOP.categories]
LOCATIONS = {location["code"] for location in SHOP.locations}
PRODUCTS = {product["code"]: product for product in SHOP.products}
VARIANTS = [(product, variant) for product in SHOP.products for variant in product["variants"]]
SKUS = {variant["sku"] for _, variant in VARIANTS}


def text_fits(attribute: Row, text: str) -> bool:
    rules = attribute.get("validation", {})
    return bool(rules.get("minLength", 1) <= len(text) <= rules.get("maxLength", 100))


def measurement_fits(attribute: Row, value: Row) -> bool:
    alike = UNITS.Unit(value["unit"]).is_compatible_with(UNITS.Unit(attribute["defaultUnit"]))
    return bool(alike) and Decimal(value["amount"]).is_finite()


def options(attribute: Row) -> set[str]:
    return {option["code"] for option in attribute["options"]}


FITS: dict[str, Callable[[Row, Any], bool]] = {
    "TEXT": text_fits,
    "LONG_TEXT": text_fits,
    "NUMBER": lambda _, value: type(value) is int,
    "MEASUREMENT": measurement_fits,
    "BOOLEAN": lambda _, value: type(value) is bool,
    "DATE": lambda _, value: date.fromisoformat(value) < NOW.date(),
    "SELECT": lambda attribute, value: value in options(attribute),
    "MULTI_SELECT": lambda attribute, value: set() < set(value) <= options(attribute),
    "MONEY": lambda _, value: Decimal(value["amount"]) > 0 and value["currency"] == "EUR",
    "MEDIA": lambda _, value: isinstance(value, str),
    "REFERENCE": lambda _, value: value in PRODUCTS,
}


def values(code: str, owner: Row) -> list[Row]:
    return [value for value in owner["values"] if value["attribute"] == code]


def labels() -> Iterator[list[dict[str, str]]]:
    rows = [*SHOP.attribute_groups, *SHOP.attributes, *SHOP.families, *SHOP.categories]
    for row in [*rows, *(option for attribute in SHOP.attributes for option in attribute.get("options", []))]:
        yield row["labels"]


def test_the_shop_is_large_enough_to_browse() -> None:
    assert len(SHOP.products) == len(PRODUCTS) >= 55
    assert len(VARIANTS) == len(SKUS) >= 200
    assert len(CATEGORIES) == len(set(CATEGORIES)) >= 25
    assert len(SHOP.locations) == len(LOCATIONS) == 8
    assert {channel["kind"] for channel in SHOP.channels} == {"WEB", "APP", "POS", "MARKETPLACE"}
    assert {channel["currency"] for channel in SHOP.channels} == {"EUR", "GBP"}


def test_every_attribute_type_is_defined_and_all_but_media_are_used() -> None:
    used = {value["attribute"] for product, variant in VARIANTS for value in [*product["values"], *variant["values"]]}
    assert {attribute["type"] for attribute in SHOP.attributes} == set(FITS)
    assert {ATTRIBUTES[code]["type"] for code in used} == set(FITS) - {"MEDIA"}


def test_gtins_are_unique_and_valid_numbers_of_the_in_store_range() -> None:
    gtins = [variant["gtin"] for _, variant in VARIANTS if "gtin" in variant]
    assert len(gtins) == len(set(gtins)) > 0.9 * len(VARIANTS)
    assert all(len(gtin) == 13 and gtin.startswith("2") and ean.is_valid(gtin) for gtin in gtins)


def test_labels_are_complete_in_three_locales() -> None:
    for row in labels():
        assert sorted(label["locale"] for label in row) == sorted(LOCALES)
        assert all(label["text"].strip() for label in row)


@pytest.mark.parametrize("attribute", ["name", "description"])
def test_names_and_descriptions_differ_per_product_and_come_in_three_locales(attribute: str) -> None:
    texts = [(value["locale"], value["value"]) for p in SHOP.products for value in values(attribute, p)]
    assert Counter(locale for locale, _ in texts) == dict.fromkeys(LOCALES, len(SHOP.products))
    assert len(set(texts)) == len(texts)


def test_russian_is_written_in_cyrillic_and_only_russian_is() -> None:
    for product in SHOP.products:
        for value in product["values"]:
            if "locale" in value:
                assert bool(CYRILLIC.search(value["value"])) == (value["locale"] == "ru"), value


def test_parents_and_everything_named_by_structure_exist() -> None:
    seen: set[str] = set()
    for category in SHOP.categories:
        assert category.get("parent") in ({*seen} if seen else {None})
        seen.add(category["code"])
    for channel in SHOP.channels:
        assert set(channel["locations"]) <= LOCATIONS
        assert channel["categoryTree"] in CATEGORIES
    groups = {group["code"] for group in SHOP.attribute_groups}
    assert {attribute["group"] for attribute in SHOP.attributes} <= groups
    for family in SHOP.families:
        levels = {attribute["code"]: attribute["level"] for attribute in family["attributes"]}
        assert set(levels) <= set(ATTRIBUTES)
        assert all(levels[axis] == "VARIANT" and ATTRIBUTES[axis]["type"] == "SELECT" for axis in family["axes"])
        assert family["labelAttribute"] in levels
        assert {code for a in family["attributes"] for code in a.get("requiredOn", [])} <= set(CHANNELS)


def test_products_name_only_what_exists() -> None:
    for product in SHOP.products:
        assert set(product["categories"]) <= set(CATEGORIES)
        named = [code for association in product.get("associations", []) for code in association["products"]]
        assert set(named) <= set(PRODUCTS) - {product["code"]}
        levels = {a["code"]: a["level"] for a in FAMILIES[product["family"]]["attributes"]}
        assert {levels[value["attribute"]] for value in product["values"]} == {"PRODUCT"}
        assert {levels[value["attribute"]] for v in product["variants"] for value in v["values"]} == {"VARIANT"}


def test_values_fit_their_attribute() -> None:
    for product, variant in VARIANTS:
        for value in [*product["values"], *variant["values"]]:
            attribute = ATTRIBUTES[value["attribute"]]
            assert ("locale" in value) == attribute.get("localizable", False)
            assert value.get("channel") in {None, *CHANNELS}
            assert "channel" not in value or attribute["scopable"]
            assert FITS[attribute["type"]](attribute, value["value"]), value


def test_model_numbers_are_unique_and_follow_their_pattern() -> None:
    numbers = [value["value"] for product in SHOP.products for value in values("model_number", product)]
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(ATTRIBUTES["model_number"]["validation"]["pattern"], number) for number in numbers)


def test_variants_of_a_product_differ_in_their_axes() -> None:
    for product in SHOP.products:
        axes = FAMILIES[product["family"]]["axes"]
        chosen = [tuple(values(axis, variant)[0]["value"] for axis in axes) for variant in product["variants"]]
        assert len(set(chosen)) == len(chosen), product["code"]


def test_prices_follow_each_other_without_overlap() -> None:
    for price_list in SHOP.prices:
        periods = defaultdict(list)
        for price in price_list["prices"]:
            assert price["sku"] in SKUS
            since, until = moment(price["validFrom"], NOW), moment(price.get("validUntil"), NOW)
            assert since
            assert until is None or since < until
            periods[price["sku"], price.get("minQuantity", 1)].append((since, until))
        for period in periods.values():
            assert all(before[1] == after[0] for before, after in pairwise(period))
            assert period[-1][1] is None


def test_prices_have_the_exponent_of_their_currency() -> None:
    for price_list in SHOP.prices:
        exponent = iso4217.Currency(price_list["currency"]).exponent
        assert {CHANNELS[code]["currency"] for code in price_list["channels"]} == {price_list["currency"]}
        for price in price_list["prices"]:
            amount = Decimal(price["amount"])
            assert amount > 0
            assert -int(amount.as_tuple().exponent) == exponent


def in_force(price: Row) -> bool:
    since, until = moment(price["validFrom"], NOW), moment(price.get("validUntil"), NOW)
    return since is not None and since <= NOW and (until is None or until > NOW)


def test_larger_quantities_cost_less() -> None:
    for prices in SHOP.prices:
        tiers = defaultdict(list)
        for price in filter(in_force, prices["prices"]):
            tiers[price["sku"]].append((price.get("minQuantity", 1), Decimal(price["amount"])))
        assert max(len(steps) for steps in tiers.values()) == 3
        for steps in tiers.values():
            assert [amount for _, amount in sorted(steps)] == sorted({amount for _, amount in steps}, reverse=True)


def test_reductions_are_in_progress_and_rises_are_scheduled() -> None:
    codes = {variant["sku"]: product["code"] for product, variant in VARIANTS}
    euros = SHOP.prices[0]["prices"]
    reduced = [p for p in euros if in_force(p) and p["validFrom"].startswith("-") and "validUntil" in p]
    coming = [p for p in euros if p["validFrom"] == "+14d"]
    assert len({codes[price["sku"]] for price in reduced}) >= 15
    assert len({codes[price["sku"]] for price in coming}) >= 5


def test_stock_names_each_sku_and_location_once_and_has_gaps() -> None:
    places = [(row["sku"], row["location"]) for row in SHOP.stock]
    assert len(set(places)) == len(places)
    assert {sku for sku, _ in places} == SKUS
    assert {location for _, location in places} == LOCATIONS
    held: Counter[str] = Counter()
    for row in SHOP.stock:
        assert row.get("safetyStock", 0) >= 0
        assert row["quantity"] >= 0
        held[row["sku"]] += row["quantity"]
    assert sum(total == 0 for total in held.values()) >= 3
    assert sum(total in {1, 2} for total in held.values()) >= 3


def test_listed_products_have_a_price_on_their_channel() -> None:
    priced = {
        (channel, price["sku"])
        for prices in SHOP.prices
        for channel in prices["channels"]
        for price in prices["prices"]
    }
    listed = [(row["channel"], code) for row in SHOP.listings for code in [*row["products"], *row.get("drafts", [])]]
    assert len(set(listed)) == len(listed)
    assert {channel for channel, _ in listed} == set(CHANNELS)
    for row in SHOP.listings:
        skus = {variant["sku"] for code in row["products"] for variant in PRODUCTS[code]["variants"]}
        assert {(row["channel"], sku) for sku in skus} <= priced
    assert any((moment(row.get("from"), NOW) or NOW) > NOW for row in SHOP.listings)
    assert any(row.get("drafts") for row in SHOP.listings)


def test_every_picture_kind_is_used_and_draws() -> None:
    pictures = {product["picture"]["kind"]: product["picture"]["color"] for product in SHOP.products}
    assert set(pictures) == set(KINDS)
    for kind, color in pictures.items():
        picture = draw(kind, color)
        assert len(picture) <= 40_000
        with Image.open(BytesIO(picture)) as image:
            assert image.size == (800, 800)
            assert len(image.getcolors(maxcolors=800 * 800) or []) > 50


def test_a_picture_is_the_same_each_time_and_changes_with_its_color() -> None:
    assert draw("tent", "#3a6b4f", size=200) == draw("tent", "#3a6b4f", size=200)
    assert draw("tent", "#3a6b4f", size=200) != draw("tent", "#b8562f", size=200)
    for _, variant in VARIANTS:
        assert re.fullmatch(r"#[0-9a-f]{6}", variant.get("picture", {"color": "#000000"})["color"])


def test_moments_are_fixed_or_counted_from_now() -> None:
    assert moment(None, NOW) is None
    assert moment("-20d", NOW) == NOW - timedelta(days=20)
    assert moment("+10d", NOW) == NOW + timedelta(days=10)
    assert moment("2026-01-01T00:00:00+00:00", NOW) == datetime(2026, 1, 1, tzinfo=UTC)
    for wrong in ("soon", "20d", "2026-01-01"):
        with pytest.raises(ValueError, match=r"offset|isoformat"):
            moment(wrong, NOW)


def test_files_are_read_by_name() -> None:
    assert read("channels") == SHOP.channels
