"""The parts of a product that are given as lists, as ``ProductInput`` has them; what is wrong is told. Pure."""

import uuid
from collections.abc import Iterable, Mapping, Sequence

from pim.channels.locales import MOST_TEXTS
from pim.media.references import key_of

from .model import BUNDLE, Problem

Components = tuple[tuple[str, int], ...]  # skus with quantities
Link = tuple[str, Sequence[str] | None, Components | None]  # a kind, and of products or components what was said


def links(given: Iterable[Link], problems: list[Problem]) -> tuple[Mapping[str, tuple[str, ...]], Components | None]:
    """The products by kind of association, and what a bundle consists of; kinds that are not given say nothing."""
    products: dict[str, tuple[str, ...]] = {}
    components: Components | None = None
    seen = set[str]()
    for place, (kind, codes, parts) in enumerate(given):
        at = f"associations.{place}"
        if kind in seen:
            problems.append(Problem(f"{at}.kind", f"{kind[:40]} stands there twice"))
        seen.add(kind)
        wanted, other = ("components", "products") if kind == BUNDLE else ("products", "components")
        said = {"products": codes, "components": parts}
        if said[other] is not None:
            problems.append(Problem(f"{at}.{other}", f"{kind[:40]} has {wanted}"))
        if said[wanted] is None:
            problems.append(Problem(f"{at}.{wanted}", "must be given; an empty list clears"))
        elif kind == BUNDLE:
            components = parts
        else:
            products[kind] = tuple(codes or ())
    return products, components


def slugs(given: Sequence[tuple[str, str]], problems: list[Problem]) -> Mapping[str, str]:
    """The slugs by locale; an empty one clears."""
    if len(given) > MOST_TEXTS:
        problems.append(Problem("slugs", f"must be at most {MOST_TEXTS}"))
        return {}
    found: dict[str, str] = {}
    for place, (locale, slug) in enumerate(given):
        if locale in found:
            problems.append(Problem(f"slugs.{place}.locale", f"{locale[:40]} stands there twice"))
        found[locale] = slug
    return found


def media(given: Iterable[str], problems: list[Problem]) -> tuple[uuid.UUID, ...]:
    """The ids of files."""
    found: list[uuid.UUID] = []
    for place, one in enumerate(given):
        if (key := key_of(one)) is None:
            problems.append(Problem(f"media.{place}", "is no id of a file"))
        else:
            found.append(key)
    return tuple(found)
