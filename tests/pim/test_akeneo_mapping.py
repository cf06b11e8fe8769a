"""How the words of an Akeneo export are understood."""

import pytest

from kernel.errors import InvalidInput
from pim.akeneo import columns, definitions
from pim.akeneo.definitions import Definition
from pim.akeneo.reading import Row
from pim.attributes import units

ATTRIBUTES = {
    "sku": Definition("sku", "sku"),
    "name": Definition("name", "TEXT"),
    "title": Definition("title", "TEXT", localizable=True),
    "launch": Definition("launch", "DATE", scopable=True),
    "story": Definition("story", "LONG_TEXT", localizable=True, scopable=True),
    "weight": Definition("weight", "MEASUREMENT"),
    "price": Definition("price", "price"),
}


def attribute(**cells: str) -> Row:
    return Row("attributes.csv", 2, "x", {"code": "x", "type": "pim_catalog_text"} | cells)


@pytest.mark.parametrize(
    ("name", "locale", "channel", "currency"),
    [
        ("name", None, None, None),
        ("title-de_AT", "de-AT", None, None),
        ("launch-print", None, "print", None),
        ("story-fr_FR-print", "fr-FR", "print", None),
        ("story-print", None, "print", None),
        ("price-EUR", None, None, "EUR"),
    ],
)
def test_a_column_names_attribute_locale_channel_and_currency(
    name: str, locale: str | None, channel: str | None, currency: str | None
) -> None:
    found, problems = columns.parse([name], ATTRIBUTES, {"print"})
    assert [(one.locale, one.channel, one.currency) for one in found] == [(locale, channel, currency)]
    assert problems == {}


def test_a_unit_belongs_to_the_amount_beside_it() -> None:
    found, problems = columns.parse(["weight", "weight-unit"], ATTRIBUTES, {"print"})
    assert [(one.name, one.unit) for one in found] == [("weight", "weight-unit")]
    assert problems == {}


@pytest.mark.parametrize(
    "name", ["colour", "name-en_US", "title-xx_QQ", "launch-shop", "story-fr_FR-shop", "price", "price-XXL"]
)
def test_a_column_that_means_nothing_is_named(name: str) -> None:
    found, problems = columns.parse([name], ATTRIBUTES, {"print"})
    assert (found, list(problems)) == ([], [name])


@pytest.mark.parametrize("name", ["sku", "categories", "enabled", "X_SELL-products", "PACK-groups", "groups"])
def test_other_columns_hold_no_values(name: str) -> None:
    assert columns.parse([name], ATTRIBUTES, {"print"}) == ([], {})


@pytest.mark.parametrize(
    ("given", "family", "ours"),
    [
        ("GRAM", "mass", "gram"),
        ("TON", "mass", "metric_ton"),
        ("MILLIMETER", "length", "millimeter"),
        ("INCH", "length", "inch"),
        ("SQUARE_METER", "area", "meter ** 2"),
        ("CUBIC_CENTIMETER", "volume", "centimeter ** 3"),
        ("KILOMETER_PER_HOUR", "speed", "kilometer / hour"),
        ("MEGABYTE", "data", "mebibyte"),
    ],
)
def test_units_keep_their_meaning(given: str, family: str, ours: str) -> None:
    assert definitions.unit_of(given) == ours
    assert units.fits(family, ours)


@pytest.mark.parametrize(
    ("cells", "rules"),
    [
        ({"max_characters": "80"}, {"maxLength": 80}),
        ({"validation_rule": "regexp", "validation_regexp": "/^[A-Z]+$/"}, {"pattern": "^[A-Z]+$"}),
        ({"type": "pim_catalog_number", "number_min": "1", "number_max": "9.5"}, {"min": "1", "max": "9.5"}),
        (
            {"type": "pim_catalog_number", "negative_allowed": "0", "decimals_allowed": "0"},
            {"min": "0", "decimals": 0},
        ),
        (
            {"type": "pim_catalog_image", "allowed_extensions": "jpg,png", "max_file_size": "2"},
            {"extensions": ["jpg", "png"], "maxBytes": 2 * 1024 * 1024},
        ),
    ],
)
def test_limits_become_rules(cells: dict[str, str], rules: dict[str, object]) -> None:
    assert definitions.definition(attribute(**cells)).rules == rules


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"type": "pim_assets_collection"}, "type"),
        ({"type": "pim_catalog_metric", "metric_family": "Charm"}, "metric_family"),
        ({"max_characters": "many"}, "max_characters"),
    ],
)
def test_an_attribute_of_no_known_kind_is_refused_with_its_column(cells: dict[str, str], column: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        definitions.definition(attribute(**cells))
    assert refused.value.path == column


def test_family_variants_are_laid_over_each_other() -> None:
    family = Row(
        "families.csv",
        2,
        "shoes",
        {
            "code": "shoes",
            "attributes": "sku,name,title,weight,price",
            "attribute_as_label": "title",
            "requirements-print": "name,sku,weight",
        },
    )
    variants = [
        Row("v", 2, "a", {"variant-axes_1": "launch", "variant-attributes_1": "launch,title"}),
        Row("v", 3, "b", {"variant-axes_1": "story", "variant-attributes_2": "weight"}),
    ]
    kind = definitions.kind(family, variants, ATTRIBUTES, ["print"])
    assert {one.attribute: (one.level, one.required_on) for one in kind.attributes} == {
        "name": ("PRODUCT", ("print",)),
        "title": ("VARIANT", ()),
        "weight": ("VARIANT", ("print",)),
        "launch": ("VARIANT", ()),
        "story": ("VARIANT", ()),
    }
    assert kind.axes == ("launch", "story")
    assert kind.label is None  # the attribute that would name the product is the variant's
