"""Documents: which lexemes a listing is found by, and how much each weighs. Pure rules."""

from collections.abc import Iterable, Mapping

from . import words

WEIGHTS = ("A", "B", "C", "D")  # of names; skus, brands and labels; other searchable texts; descriptions
RANKS = "{0.05, 0.2, 0.5, 1.0}"  # what D, C, B and A count
MOST_LEXEMES = 2_000  # of one document; its codes aside

Learned = dict[str, str]  # word → stem


def weigh(texts: Mapping[str, Iterable[str]], locale: str, learned: Learned) -> dict[str, str]:
    """The lexemes of ``texts``, which are given by weight, each with the best weight of the texts that have it.

    What people may mistype goes into ``learned``.
    """
    found: dict[str, str] = {}
    for weight in WEIGHTS:
        for text in texts.get(weight, ()):
            for word in words.words(text, locale):
                for one in word.each() if word.parts else (word,):
                    found.setdefault(one.lexeme, weight)
                    if one.folded not in learned and not one.unspaced and words.spelled(one.folded):
                        learned[one.folded] = one.lexeme
            if len(found) > MOST_LEXEMES:
                return dict(list(found.items())[:MOST_LEXEMES])
    return found


def literal(lexemes: Mapping[str, str]) -> str:
    """Weighed lexemes as PostgreSQL reads a tsvector: they have no characters that mean something there."""
    return " ".join(f"{lexeme}:1{weight}" for lexeme, weight in lexemes.items())


def codes(given: Iterable[str | None]) -> str:
    """Skus and GTINs as lexemes: each whole, which a query for codes finds, and what it is put together from."""
    lexemes: dict[str, None] = {}
    for one in given:
        if one and (whole := words.code(one)):
            lexemes[f"={whole}:1A"] = None
            lexemes |= dict.fromkeys(f"{piece}:1B" for piece in words.pieces(one))
    return " ".join(lexemes)


def code_lexeme(given: str) -> str:
    return f"={words.code(given)}"


def scope(channel: str, locale: str) -> str:
    """The lexeme that every document of a channel's locale has."""
    return quoted(f"@{channel}@{locale}")


def quoted(lexeme: str) -> str:
    doubled = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
