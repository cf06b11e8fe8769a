"""Locales: BCP 47 tags, and the order in which a text is looked for."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeVar

from babel.core import Locale, UnknownLocaleError

from kernel import codes
from kernel.errors import InvalidInput

V = TypeVar("V")
MOST_TEXTS = 200

ANY = "*"  # stands for the channel or locale of a value that is for all of them


def normal(locale: str, *, path: str = "locale") -> str:
    """``locale`` in its usual spelling: de_at becomes de-AT. Raises InvalidInput."""
    try:
        return _parsed(locale)
    except (UnknownLocaleError, ValueError, TypeError):
        raise InvalidInput(path, f"{locale[:40]!r} is no locale") from None


@lru_cache(maxsize=1024)
def _parsed(locale: str) -> str:
    return str(Locale.parse(locale.replace("-", "_"))).replace("_", "-")


@lru_cache(maxsize=1024)
def fallbacks(locale: str, default: str | None = None) -> tuple[str, ...]:
    """Where a text is looked for, in order: de-AT, de, the channel's default and its language; unscoped comes last."""
    chain: dict[str, None] = {}
    for tag in (locale, default):
        parts = tag.split("-") if tag and tag != ANY else []
        chain |= dict.fromkeys("-".join(parts[:n]) for n in range(len(parts), 0, -1))
    return *chain, ANY


def pick(texts: Mapping[str, V], locale: str, default: str | None = None) -> V | None:
    """The entry of ``texts`` that serves ``locale``; where no fallback has one, the first by tag."""
    for tag in fallbacks(locale, default):
        if tag in texts:
            return texts[tag]
    return texts[min(texts)] if texts else None


def texts(given: Iterable[tuple[str, str]], *, path: str = "labels") -> dict[str, str]:
    """Texts by locale, each locale once and in its usual spelling. Raises InvalidInput."""
    found: dict[str, str] = {}
    for place, (locale, text) in enumerate(given):
        if place == MOST_TEXTS:
            raise InvalidInput(path, f"must be at most {MOST_TEXTS}")
        tag = normal(locale, path=f"{path}.{place}.locale")
        if tag in found:
            raise InvalidInput(f"{path}.{place}.locale", f"{tag} is given twice")
        found[tag] = codes.text(text, path=f"{path}.{place}.text")
    return found


def label(labels: Mapping[str, str], locale: str, code: str) -> str:
    """A label to show, or ``code`` in brackets where there is none, as merchandisers know it from other systems."""
    return pick(labels, locale) or f"[{code}]"
