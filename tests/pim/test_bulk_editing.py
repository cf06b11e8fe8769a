"""What an edit says to one product, and the way back: whatever is edited, the undo gives exactly what was."""

import uuid
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pim.attributes.model import Attribute
from pim.bulk import editing
from pim.bulk.model import Edit
from pim.families.model import Family, FamilyAttribute
from pim.products import restoring, states
from pim.products.catalogs import Catalog
from pim.products.merging import merge
from pim.products.states import State, VariantState

OPTIONS = ["a", "b", "c"]
LEVELS = {"name": "PRODUCT", "note": "VARIANT", "care": "PRODUCT", "tags": "VARIANT"}
BELOW = {"x": frozenset({"x", "y"})}


def an_attribute(code: str) -> Attribute:
    kind = "MULTI_SELECT" if code in ("care", "tags") else "TEXT"
    return Attribute(uuid.uuid4(), code, kind, {}, localizable=True)


CATALOG = Catalog(
    {code: an_attribute(code) for code in LEVELS},
    {code: dict.fromkeys(OPTIONS) for code in ("care", "tags")},
    {"f": Family(uuid.uuid4(), "f", {}, None, tuple(FamilyAttribute(*one) for one in LEVELS.items()), ())},
    dict.fromkeys(("x", "y", "z")),
    {},
)
TAGS = st.sampled_from(["*", "de"])
TEXTS, LISTS = st.sampled_from(OPTIONS), st.lists(st.sampled_from(OPTIONS), min_size=1, max_size=3, unique=True)


def contents(level: str) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            code: st.dictionaries(TAGS, TEXTS if code in ("name", "note") else LISTS, min_size=1).map(
                lambda by: {"*": by}
            )
            for code, at in LEVELS.items()
            if at == level
        },
    )


STATES = st.builds(
    lambda content, categories, held, links: State(
        "p", "f", content, tuple(categories), {"s": VariantState("s", content=held)}, links
    ),
    contents("PRODUCT"),
    st.lists(st.sampled_from(["x", "y", "z"]), unique=True),
    contents("VARIANT"),
    st.dictionaries(st.sampled_from(["UP_SELL", "CROSS_SELL"]), st.just(("q", "r"))),
)
LOCALES = st.sampled_from([None, "de"])
EDITS = st.one_of(
    st.builds(Edit, st.just("SET"), st.sampled_from(["name", "note"]), value=TEXTS, locale=LOCALES),
    st.builds(Edit, st.just("CLEAR"), st.sampled_from(list(LEVELS)), locale=LOCALES),
    st.builds(
        Edit, st.sampled_from(["SET", "ADD", "REMOVE"]), st.sampled_from(["care", "tags"]), value=LISTS, locale=LOCALES
    ),
    st.builds(Edit, st.sampled_from(["SET", "ADD", "REMOVE"]), category=st.sampled_from(["x", "y", "z"])),
    st.just(Edit("CLEAR", category="x")),
    st.builds(
        Edit,
        st.sampled_from(["SET", "ADD", "REMOVE"]),
        association=st.sampled_from(["UP_SELL", "CROSS_SELL"]),
        value=st.lists(st.sampled_from(["p", "q", "t"]), min_size=1),
    ),
    st.just(Edit("CLEAR", association="UP_SELL")),
)


@given(STATES, st.lists(EDITS, min_size=1, max_size=5))
def test_the_undo_of_an_edit_gives_what_was_before(before: State, edits: list[Edit]) -> None:
    after, problems = merge(before, editing.edited(before, edits, LEVELS, BELOW).input, CATALOG)
    assert problems == []
    changes = states.diff(states.facts(before), states.facts(after))
    back, problems = merge(after, restoring.back(after, [changes]).input, CATALOG)
    assert problems == []
    assert states.facts(back) == states.facts(before)


@given(STATES, st.lists(EDITS, min_size=1, max_size=3))
def test_several_edits_do_what_they_do_one_after_the_other(before: State, edits: list[Edit]) -> None:
    together, _ = merge(before, editing.edited(before, edits, LEVELS, BELOW).input, CATALOG)
    apart = before
    for one in edits:
        apart, _ = merge(apart, editing.edited(apart, [one], LEVELS, BELOW).input, CATALOG)
    assert states.facts(together) == states.facts(apart)
