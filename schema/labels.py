"""What things are called, locale by locale."""

from collections.abc import Iterable
from typing import Any

import strawberry

from pim.channels import locales

from .fields import computed


@strawberry.type
class Label:
    locale: str
    text: str


@strawberry.input
class LabelInput:
    locale: str
    text: str


def _shown(found: dict[str, str]) -> list[Label]:
    return [Label(locale=locale, text=text) for locale, text in sorted(found.items())]


def _labels(root: strawberry.Parent[Any]) -> list[Label]:
    return _shown(root.labels)


def labels() -> Any:
    """The field ``labels`` of a parent that keeps them by locale."""
    return computed(list[Label], _labels)


def texts(given: Iterable[LabelInput], *, path: str = "labels") -> dict[str, str]:
    """Labels as they are kept. Raises InvalidInput."""
    return locales.texts([(one.locale, one.text) for one in given], path=path)
