import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import codes, ids
from kernel.errors import InvalidInput


@given(st.from_regex(r"[A-Za-z]+", fullmatch=True), st.text(max_size=50).filter(lambda key: key.isprintable()))
def test_an_id_says_what_it_names(kind: str, key: str) -> None:
    assert ids.decode(ids.encode(kind, key)) == (kind, key)


@pytest.mark.parametrize(
    "id", ["", "x", "!!", "ä", ids.encode("Product", 1) + "=", ids.encode("Product", 1) + "!", "YQ"]
)
def test_what_is_no_id_is_refused(id: str) -> None:
    with pytest.raises(InvalidInput):
        ids.decode(id)


def test_a_key_that_is_no_uuid_names_nothing() -> None:
    one = uuid.uuid4()
    assert (ids.as_uuid(str(one)), ids.as_uuid("1")) == (one, None)


@pytest.mark.parametrize("code", ["", "-a", "a b", "a" * 101, "ä", "a\n", "a\0"])
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(InvalidInput):
        codes.check(code, path="code")


@pytest.mark.parametrize("sku", ["", " a", "a ", "a" * 101, "ä", "a\n", "a\0b"])
def test_what_is_no_sku_is_refused(sku: str) -> None:
    with pytest.raises(InvalidInput):
        codes.sku(sku, path="sku")


def test_skus_and_codes_are_taken_as_they_come() -> None:
    assert codes.sku("A/1 #2", path="sku") == "A/1 #2"
    assert codes.check("a.B_c-1", path="code") == "a.B_c-1"
    assert codes.text("  x ", path="name") == "x"
