"""Which value counts on a channel in a locale: by hand and for whatever hypothesis thinks of."""

import random
import uuid
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pim.attributes import values
from pim.attributes.model import Attribute
from pim.products.resolving import Origin, resolve

ATTRIBUTES = {code: Attribute(uuid.UUID(int=place), code, "TEXT", {}) for place, code in enumerate("ab")}
CHANNELS = ("web", "pos", "*")
TAGS = ("de-AT", "de-DE", "de", "fr-FR", "fr", "en", "*")

scopes = st.tuples(st.sampled_from(CHANNELS), st.sampled_from(TAGS))
written = st.dictionaries(scopes, st.text(min_size=1, max_size=3), max_size=12)
asked = st.tuples(
    st.sampled_from(["web", "pos", "app"]),
    st.sampled_from(["de-AT", "de", "fr-FR", "ru"]),
    st.sampled_from(["en", "fr-FR"]),
)


def scoped(writes: dict[tuple[str, str], str]) -> dict[str, dict[str, str]]:
    content: dict[str, dict[str, str]] = {}
    for (channel, tag), value in writes.items():
        content.setdefault(channel, {})[tag] = value
    return content


def chain(channel: str, locale: str, default: str) -> list[tuple[str, str]]:
    """Every place where a value may stand, the most specific first, as the guide says it."""
    tags = [locale, locale.split("-", maxsplit=1)[0], default, default.split("-", maxsplit=1)[0], "*"]
    return [(on, tag) for on in (channel, "*") for tag in tags]


@given(written, asked)
def test_the_most_specific_value_wins(writes: dict[tuple[str, str], str], where: tuple[str, str, str]) -> None:
    found = values.found(scoped(writes), *where)
    first = next((place for place in chain(*where) if place in writes), None)
    assert found == (None if first is None else (first, writes[first]))


@given(written, asked, st.randoms(use_true_random=False))
def test_the_order_of_writes_is_irrelevant(
    writes: dict[tuple[str, str], str], where: tuple[str, str, str], chance: random.Random
) -> None:
    shuffled = list(writes.items())
    chance.shuffle(shuffled)
    assert values.found(scoped(dict(shuffled)), *where) == values.found(scoped(writes), *where)


@given(written, asked)
def test_clearing_falls_back_step_by_step_until_nothing_is_left(
    writes: dict[tuple[str, str], str], where: tuple[str, str, str]
) -> None:
    left, places = dict(writes), []
    while (found := values.found(scoped(left), *where)) is not None:
        places.append(found[0])
        del left[found[0]]
    assert places == [place for place in dict.fromkeys(chain(*where)) if place in writes]


@given(written, written, asked)
def test_a_variant_falls_back_to_its_product(
    own: dict[tuple[str, str], str], above: dict[tuple[str, str], str], where: tuple[str, str, str]
) -> None:
    channel, locale, default = where
    contents: Any = [("VARIANT", {"a": scoped(own)}), ("PRODUCT", {"a": scoped(above)})]
    found = list(resolve(contents, ATTRIBUTES, {}, channel=channel, locale=locale, default=default))
    mine = values.at(scoped(own), *where)
    expected = mine if mine is not None else values.at(scoped(above), *where)
    assert [one.stored for one in found] == ([] if expected is None else [expected])
    assert all((one.origin.level == "VARIANT") == (mine is not None) for one in found)


def test_a_value_tells_where_it_came_from() -> None:
    content = {"a": {"web": {"de": "web"}, "*": {"*": "any"}}, "b": {"*": {"*": "b"}}}
    found = resolve([("PRODUCT", content)], ATTRIBUTES, {}, channel="web", locale="de-AT", default="en")
    assert [(one.attribute.code, one.display, one.origin) for one in found] == [
        ("a", "web", Origin("PRODUCT", "web", "de")),
        ("b", "b", Origin("PRODUCT", None, None)),
    ]
