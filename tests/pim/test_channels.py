from typing import Any

import pytest

from kernel.db import WriteConn
from kernel.errors import InvalidInput
from pim.channels import locales
from tests import make


@pytest.mark.parametrize(
    ("given", "normal"),
    [("de", "de"), ("de_at", "de-AT"), ("de-AT", "de-AT"), ("zh-hans-cn", "zh-Hans-CN"), ("EN", "en")],
)
def test_a_locale_has_one_spelling(given: str, normal: str) -> None:
    assert locales.normal(given) == normal


@pytest.mark.parametrize("given", ["", "*", "Klingon", "de-", "xx-YY", "../de", "d" * 1_000, "a\0", "de de"])
def test_what_is_no_locale_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput):
        locales.normal(given)


@pytest.mark.parametrize(
    ("locale", "default", "chain"),
    [
        ("de-AT", None, ["de-AT", "de", "*"]),
        ("de-AT", "en-GB", ["de-AT", "de", "en-GB", "en", "*"]),
        ("de", "de-CH", ["de", "de-CH", "*"]),
        ("zh-Hant-TW", "en", ["zh-Hant-TW", "zh-Hant", "zh", "en", "*"]),
        ("*", None, ["*"]),
    ],
)
def test_a_text_is_looked_for_from_the_particular_to_the_general(
    locale: str, default: str | None, chain: list[str]
) -> None:
    assert list(locales.fallbacks(locale, default)) == chain


def test_where_no_language_serves_the_first_one_does() -> None:
    assert locales.pick({"fr": "oui", "es": "sí"}, "de") == "sí"
    assert locales.pick(dict[str, str](), "de") is None
    assert locales.label({}, "de", "color") == "[color]"


async def test_a_channel_serves_a_visitor_in_the_best_locale_it_has(conn: WriteConn) -> None:
    shop = await make.a_channel(conn, locales=["en-GB", "de", "de_at"])
    assert [shop.served(one) for one in ("de-AT", "de-CH", "en", "fr", None)] == [
        "de-AT",
        "de",
        "en-GB",
        "en-GB",
        "en-GB",
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"code": "a b"},
        {"name": " "},
        {"kind": "FAX"},
        {"currency": "XXL"},
        {"locales": []},
        {"locales": ["Klingon"]},
        {"category_tree": "nothing"},
        {"category_tree": "a\0"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../etc/passwd"},
    ],
)
async def test_what_is_no_channel_is_refused(conn: WriteConn, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        await make.a_channel(conn, **given)
