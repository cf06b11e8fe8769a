"""What products say, how that differs, and the way back: laws that hold for every state."""

import copy
import itertools
import uuid
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from pim.attributes.model import TYPES, Attribute, Option
from pim.families.model import Family, FamilyAttribute
from pim.products import gtins, linking, restoring, states
from pim.products.catalogs import Catalog
from pim.products.merging import merge
from pim.products.model import ProductInput, ValueInput, VariantInput
from pim.products.states import State, VariantState

CODES = st.sampled_from(["a", "b.c", "values", "position"])
STORED = st.one_of(
    st.text(max_size=3), st.booleans(), st.lists(CODES, max_size=2), st.just({"amount": "1", "unit": "g"})
)
BY_LOCALE = st.dictionaries(st.sampled_from(["*", "de"]), STORED, min_size=1)
CONTENTS = st.dictionaries(
    CODES,
    st.dictionaries(st.sampled_from(["*", "web"]), BY_LOCALE, min_size=1),
    max_size=2,
)  # fmt: skip
LINKS = st.lists(CODES, min_size=1, max_size=2, unique=True).map(tuple)


@st.composite
def some_states(draw: st.DrawFn) -> State:
    skus = draw(st.lists(CODES, max_size=3, unique=True))
    variants = {sku: VariantState(sku, draw(st.none() | st.just("96385074")), draw(CONTENTS)) for sku in skus}
    return State(
        "p",
        draw(st.none() | CODES),
        draw(CONTENTS),
        draw(st.just(()) | LINKS),
        variants,
        draw(st.dictionaries(st.sampled_from(["CROSS_SELL", "UP_SELL"]), LINKS)),
        tuple((code, n) for n, code in enumerate(draw(st.just(()) | LINKS), 1)),
        tuple(uuid.uuid5(uuid.NAMESPACE_URL, code) for code in draw(st.just(()) | LINKS)),
        draw(st.dictionaries(st.sampled_from(["de", "en"]), CODES)),
    )


STATES = some_states()


@settings(deadline=None)
@given(STATES)
def test_a_state_is_what_is_said_of_it(one: State) -> None:
    back = states.state_of("p", states.facts(one))
    assert back == one
    assert list(back.variants) == list(one.variants)


@settings(deadline=None)
@given(STATES, STATES)
def test_changes_lead_from_one_state_to_the_other_and_back(before: State, after: State) -> None:
    said, then = states.facts(before), states.facts(after)
    kept = states.read(orjson.loads(orjson.dumps(states.dump(states.diff(said, then)))))
    assert states.apply(said, kept) == then
    assert states.undo(then, kept) == said
    assert bool(kept) == (said != then)


@settings(deadline=None)
@given(st.lists(STATES, min_size=2, max_size=5))
def test_any_number_of_revisions_unwinds_to_the_first(history: list[State]) -> None:
    said = [states.facts(one) for one in history]
    told = [states.diff(one, other) for one, other in itertools.pairwise(said)]
    assert states.unwound(said[-1], reversed(told)) == said[0]


# --- merging

ATTRIBUTES = {
    kind: Attribute(
        uuid.uuid4(), kind, kind, {}, localizable=kind == "TEXT", scopable=kind == "NUMBER", unit_family="mass",
        default_unit="gram",
    )
    for kind in TYPES
}  # fmt: skip
OPTIONS = {kind: {"red": Option("red", {})} for kind in ("SELECT", "MULTI_SELECT")}
LEVELS = tuple(FamilyAttribute(one, "VARIANT" if one == "SELECT" else "PRODUCT") for one in TYPES)
KIND = Family(uuid.uuid4(), "kind", {}, None, LEVELS, ("SELECT",))
CATALOG = Catalog(ATTRIBUTES, OPTIONS, {"kind": KIND}, {"c": None}, {})

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["red", "1e9"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["amount", "unit", "currency", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
SOME = st.builds(
    ValueInput, st.sampled_from([*TYPES, "gone"]), JSON, st.none() | st.just("web"), st.none() | st.text(max_size=4)
)


@settings(max_examples=400, deadline=None)
@given(st.lists(SOME, min_size=1, max_size=4), st.sampled_from(["PRODUCT", "VARIANT"]), st.none() | st.just("kind"))
def test_no_value_of_any_type_breaks_a_product(some: list[ValueInput], level: str, family: str | None) -> None:
    mine = tuple(some)
    given = ProductInput("p", family, values=mine) if level == "PRODUCT" else ProductInput(
        "p", family, variants=(VariantInput("s", None, mine),)
    )  # fmt: skip
    after, problems = merge(State("p"), given, CATALOG)
    at = "values." if level == "PRODUCT" else "variants.0.values."
    assert all(one.path.startswith(at) and one.message for one in problems)
    if not problems:
        states.dump(states.diff({}, states.facts(after)))
        orjson.dumps(after.content)


@settings(deadline=None)
@given(STATES, st.lists(SOME, max_size=4))
def test_laying_an_input_leaves_the_state_before_as_it_was(before: State, some: list[ValueInput]) -> None:
    kept = copy.deepcopy(before)
    merge(before, ProductInput("p", "kind", (), tuple(some), (VariantInput("b.c", "", tuple(some)),)), CATALOG)
    assert before == kept


def shirt(text: str, family: str | None = "kind") -> State:
    content: dict[str, Any] = {
        "TEXT": {"*": {"de": text}},
        "MEASUREMENT": {"*": {"*": {"amount": "1", "unit": "gram", "base": "1"}}},
    }
    variants = {"s": VariantState("s", None, {"SELECT": {"*": {"*": "red"}}}, {"SELECT": "red"} if family else {})}
    return State("p", family, content, ("c",), variants, {"CROSS_SELL": ("q",)}, (("t", 2),), (), {"de": text.lower()})


def test_the_way_back_is_an_input_that_makes_the_earlier_state() -> None:
    first, second = shirt("Hemd"), State("p", None, {"LONG_TEXT": {"*": {"*": "x"}}}, (), shirt("x", None).variants)
    told = states.diff(states.facts(first), states.facts(second))
    after, problems = merge(second, restoring.back(second, [told]).input, CATALOG)
    assert (after, problems) == (first, [])


# --- links that go both ways


def linked(code: str, *targets: str) -> State:
    return State(code, associations={"LIKE": targets} if targets else {})


def test_a_link_has_its_counterpart_and_loses_it() -> None:
    there = {code: linked(code) for code in "abc"}
    now = there | {"a": linked("a", "b", "c")}
    new, gone = linking.touched(there["a"], now["a"], ["LIKE"])
    assert linking.mirrored(now, new, gone) == {"b": linked("b", "a"), "c": linked("c", "a")}
    later = {"a": linked("a", "c"), "b": linked("b", "a"), "c": linked("c", "a")}
    new, gone = linking.touched(now["a"], later["a"], ["LIKE"])
    assert linking.mirrored(later, new, gone) == {"b": linked("b")}


def test_a_link_that_one_side_makes_while_the_other_gives_it_up_is_made() -> None:
    now = {"a": linked("a", "b"), "b": linked("b")}
    assert linking.mirrored(now, [("LIKE", "a", "b")], [("LIKE", "b", "a")]) == {"b": linked("b", "a")}


# --- GTINs


def test_a_upc_e_is_kept_as_the_number_it_stands_for() -> None:
    assert gtins.clean("01234565") == "01234565", "a GTIN-8 is one first"
    assert gtins.clean("04252614") == "042100005264"
    assert gtins.clean("96385074") == "96385074"


def test_a_digital_link_names_the_item_in_fourteen_digits() -> None:
    assert gtins.digital_link("4006381333931", "https://id.gs1.org/") == "https://id.gs1.org/01/04006381333931"
    assert gtins.digital_link(None, "https://id.gs1.org") is None
