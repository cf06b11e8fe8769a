"""Words of many languages: how they are split, reduced and compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pim.search import documents, words

SAME = [
    ("de", "Tüte", "tute"),
    ("de", "Häuser", "haus"),
    ("de", "Straße", "STRASSE"),
    ("en", "tents", "Tent"),
    ("ru", "палатки", "палатка"),
    ("ru", "ёлка", "елки"),
    ("fr", "élevé", "eleve"),
    ("es", "zapatos", "zapato"),
    ("it", "scarpe", "scarpa"),
    ("nl", "tenten", "tent"),
    ("sv", "jackorna", "jackor"),
    ("da", "teltene", "telt"),
    ("fi", "teltat", "teltta"),
    ("nb", "teltene", "telt"),
    ("pt", "sapatos", "sapato"),
    ("hu", "kabátok", "kabátot"),
    ("ro", "pantofii", "pantofi"),
    ("tr", "ÇADIRLAR", "çadır"),
    ("pl", "namioty", "namiotów"),
    ("cs", "stany", "stan"),
    ("el", "σκηνές", "ΣΚΗΝΕΣ"),
    ("ar", "خَيْمَة", "خيمة"),
    ("uk", "намет", "НАМЕТ"),
    ("ja", "ｶﾞﾗｽ", "ガラス"),
    ("de-AT", "Zelte", "Zelt"),
]
DIFFERENT = [
    ("ru", "йод", "иод"),
    ("ja", "がき", "かき"),
    ("en", "tent", "tint"),
    ("xx", "tents", "tent"),
]


def lexemes(text: str, locale: str) -> list[str]:
    return [one.lexeme for one in words.words(text, locale)]


@pytest.mark.parametrize(("locale", "one", "other"), SAME)
def test_forms_of_a_word_are_the_same_when_searched(locale: str, one: str, other: str) -> None:
    assert lexemes(one, locale) == lexemes(other, locale)
    assert len(lexemes(one, locale)) == 1


@pytest.mark.parametrize(("locale", "one", "other"), DIFFERENT)
def test_different_words_stay_different(locale: str, one: str, other: str) -> None:
    assert lexemes(one, locale) != lexemes(other, locale)


def test_words_joined_by_a_hyphen_are_found_together_and_alone() -> None:
    [one] = words.words("T-Shirt", "en")
    assert [each.lexeme for each in one.each()] == ["tshirt", "t", "shirt"]


def test_scripts_without_spaces_are_cut_into_pairs() -> None:
    [one] = words.words("防水帐篷", "zh")
    assert [each.lexeme for each in one.parts] == ["防水", "水帐", "帐篷", "篷"]


@pytest.mark.parametrize(("given", "code"), [("NL-1010", "nl1010"), ("04006381333931", "4006381333931"), ("-", "")])
def test_a_code_is_letters_and_digits(given: str, code: str) -> None:
    assert words.code(given) == code


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [("tent", "tent", 0), ("tent", "tnet", 1), ("tent", "tents", 1), ("tent", "bent", 1), ("tent", "boat", 3)],
)
def test_the_distance_of_words_counts_mistakes(one: str, other: str, far: int) -> None:
    assert words.distance(one, other) == words.distance(other, one) == far


@given(st.text(alphabet="abcde", min_size=1, max_size=8), st.text(alphabet="abcde", min_size=1, max_size=8))
def test_words_one_mistake_apart_have_a_neighbor_in_common(one: str, other: str) -> None:
    if words.distance(one, other) <= 1:
        assert set(words.near(one)) & set(words.near(other))


@given(st.text(max_size=300), st.sampled_from(["de", "ru", "tr", "zh", "th", "xx", "en-GB"]))
def test_any_text_becomes_lexemes_that_mean_nothing_to_postgresql(text: str, locale: str) -> None:
    lexemes = documents.weigh({"A": [text]}, locale, {})
    assert all(one and not set(one) & set(" \t\n\0'\\:*&|!()<>") for one in lexemes)
    assert all(len(one) <= 2 * words.LONGEST for one in lexemes)
