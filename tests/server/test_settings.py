"""Settings come from the environment; a bad one is a line that names it."""

from pathlib import Path

import pytest

from server import settings, settings_page
from server.errors import OperatorError

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(OperatorError) as refused:
        settings.load()
    return str(refused.value)


def test_nothing_needs_to_be_set() -> None:
    found = settings.load()
    assert (found.host, found.port, found.data_dir) == ("127.0.0.1", 8000, Path("var"))
    assert found.database_url is None


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("PORT", "")
    assert settings.load() == settings.Settings()


def test_a_bad_value_is_named_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, PORT="70000") == "PORT=70000: should be less than or equal to 65535"


def test_every_bad_value_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(monkeypatch, PORT="eighty", LOG_LEVEL="loud")
    assert "PORT=eighty" in told
    assert "LOG_LEVEL=LOUD" in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("mysql://shop:hush@db/shop", "should begin with postgresql://"),
        ("postgresql://shop:hush@db", "should name a database after the last slash"),
        ("shop:hush@db", "should look like postgresql://user:password@host:5432/name"),
        ("postgresql://shop:hush@db:port/shop", "should look like postgresql://user:password@host:5432/name"),
    ],
)
def test_a_bad_database_url_is_never_printed(monkeypatch: pytest.MonkeyPatch, address: str, reason: str) -> None:
    assert refusal(monkeypatch, DATABASE_URL=address) == f"DATABASE_URL: {reason}"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p%40@db:6432/shop", "postgresql+asyncpg://u:p%40@db:6432/shop"),
        ("postgresql://u@db/shop?sslmode=require", "postgresql+asyncpg://u@db/shop?ssl=require"),
        ("postgresql+asyncpg://postgres@/shop?host=/run", "postgresql+asyncpg://postgres@/shop?host=%2Frun"),
    ],
)
def test_every_common_form_of_a_database_url_is_understood(given: str, used: str) -> None:
    found = settings.load(database_url=given).database_url
    assert found is not None
    assert found.get_secret_value() == used


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://shop.example, https://pos.example,")
    assert settings.load().allowed_origins == ("https://shop.example", "https://pos.example")


def test_the_page_of_settings_is_current() -> None:
    assert PAGE.read_text() == settings_page.markdown(), (
        "run: .venv/bin/entrepot settings --markdown > docs/settings.md"
    )
