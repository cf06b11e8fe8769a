"""How what somebody typed is understood.

Every word must be found, the last one also where it is only begun; or the whole is a code or begins one. In languages
that put words together, a word is found at the end of another too. A word that nothing has is taken for those nearest
to it: one mistake away where it has four letters, two where it has eight; then for those with most trigrams in common.
Little words are optional.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import TextClause, text

from kernel.db import ReadConn

from . import documents, words
from .model import Understood
from .words import Word

MOST_WORDS = 12
MOST_MEANT, MOST_CANDIDATES = 5, 30
SHORTEST_BEGUN, SHORTEST_CODE, SHORTEST_PART, SHORTEST_MISTYPED, LONG = 2, 3, 4, 4, 8
SIMILAR = 0.6  # from which share of common trigrams a long word is taken for another


@dataclass(slots=True)
class _Asked:
    """A word of a search and what else it may stand for."""

    word: Word
    begun: bool
    ends: bool
    meant: list[str] = field(default_factory=list)

    @property
    def typed(self) -> str:
        """The word as a tsquery, put together or in parts."""
        whole = documents.quoted(self.word.lexeme)
        if not self.word.parts:
            return whole
        parts = list(self.word.parts)
        if self.word.unspaced:
            if len(self.word.folded) == 1:
                return f"{whole}:*"
            parts = parts[:-1]  # the last character alone, which stands at the end of a run only
        return f"({whole} | ({' & '.join(documents.quoted(one.lexeme) for one in parts)}))"

    @property
    def wanted(self) -> str:
        begun = [f"{documents.quoted(self.word.lexeme)}:*"] if self.begun else []
        return f"({' | '.join([self.typed, *begun, *self.meant])})"


async def understood(conn: ReadConn, channel: str, locale: str, typed: str) -> Understood | None:
    """What ``typed`` means in a channel's locale; None where there is no word in it."""
    scope = documents.scope(channel, locale)
    asked = _asked(typed, locale)
    code = documents.quoted(documents.code_lexeme(typed))
    codes = f"{code}:*" if len(words.code(typed)) >= SHORTEST_CODE else code
    if not asked:
        return None
    unknown = await _look_up(conn, scope, locale, asked)
    if unknown:
        await _correct(conn, scope, locale, unknown)
    wanted = " & ".join(one.wanted for one in asked)
    return Understood(
        wanted=f"{scope} & ({codes} | ({wanted}))",
        typed=" | ".join(one.typed for one in asked),
        meant=" | ".join(one.wanted for one in asked),
        code=code,
    )


def _asked(typed: str, locale: str) -> list[_Asked]:
    of = words.language(locale)
    found = list({one.folded: one for one in words.words(typed, locale)}.values())[:MOST_WORDS]
    little = words.little(of)
    told = [one for one in found if one.folded not in little] or found
    compounding = of in words.COMPOUNDING
    return [
        _Asked(
            one,
            begun=one is told[-1] and not one.unspaced and (len(one.folded) >= SHORTEST_BEGUN or len(told) > 1),
            ends=compounding and len(one.lexeme) >= SHORTEST_PART and words.spelled(one.folded),
        )
        for one in told
    ]


async def _look_up(conn: ReadConn, scope: str, locale: str, asked: Sequence[_Asked]) -> list[_Asked]:
    """Add the words that begin and end with those asked for; the ones that nothing in the channel has."""
    given = {
        "locale": locale,
        "words": [one.word.folded for one in asked],
        "lexemes": [one.word.lexeme for one in asked],
        "queries": [f"{scope} & {one.wanted}" for one in asked],
        "begun": [one.begun for one in asked],
        "ends": [one.ends for one in asked],
    }
    unknown = []
    for row in await conn.execute(_LOOK_UP, given):
        one = asked[row.place - 1]
        stems = list(dict.fromkeys([*row.begun, *row.ended]))
        if not row.known:  # words are kept longer than the documents that had them
            there = await _there(conn, scope, stems) if stems else ()
            stems = [stem for stem in stems if stem in there]
            if not stems:
                unknown.append(one)
        one.meant += [documents.quoted(stem) for stem in stems]
    return unknown


async def _correct(conn: ReadConn, scope: str, locale: str, unknown: Sequence[_Asked]) -> None:
    """Let words that nothing has stand for the nearest ones that something in the channel has."""
    mistyped = [one for one in unknown if len(one.word.folded) >= SHORTEST_MISTYPED and words.spelled(one.word.folded)]
    if not mistyped:
        return
    await _stand_for(conn, scope, locale, mistyped, _NEAR)
    if others := [one for one in mistyped if not one.meant]:  # trigrams take a hundred times as long
        await _stand_for(conn, scope, locale, others, _SIMILAR)
    for one in mistyped:
        if one.ends:
            one.meant.append(f"{documents.quoted(one.word.lexeme)}:*")


async def _stand_for(
    conn: ReadConn, scope: str, locale: str, mistyped: Sequence[_Asked], statement: TextClause
) -> None:
    """Add to each word the likeliest of the candidates that a statement finds, if the channel has any of them."""
    given = {
        "locale": locale,
        "words": [one.word.folded for one in mistyped],
        "near": [",".join(words.near(one.word.folded)) for one in mistyped],
        "begun": [one.begun for one in mistyped],
    }
    found: dict[int, list[tuple[str, str, float]]] = {}
    for place, word, stem, similarity in await conn.execute(statement, given):
        found.setdefault(place - 1, []).append((word, stem, similarity))
    for place, candidates in found.items():
        one = mistyped[place]
        ranked = _ranked(one.word.folded, candidates, begun=one.begun)
        there = await _there(conn, scope, [stem for _, stem in ranked])
        least = min((off for off, stem in ranked if stem in there), default=0)
        stems = dict.fromkeys(stem for off, stem in ranked if off == least and stem in there)
        one.meant += [documents.quoted(stem) for stem in list(stems)[:MOST_MEANT]]


def _ranked(word: str, candidates: Iterable[tuple[str, str, float]], *, begun: bool) -> list[tuple[int, str]]:
    """With how many mistakes each stem is meant, the nearest first; behind all, those that are only similar."""
    allowed = 2 if len(word) >= LONG else 1
    ranked = []
    for other, stem, similarity in candidates:
        off = words.distance(word, other)
        if begun:  # as far as it is typed, a letter too few or too many
            off = min(off, *(words.distance(word, other[: len(word) + more]) for more in (-1, 0, 1)))
        if off <= allowed:
            ranked.append((off, -similarity, stem))
        elif len(word) >= LONG and similarity >= SIMILAR:
            ranked.append((allowed + 1, -similarity, stem))
    return [(off, stem) for off, _, stem in sorted(ranked)[:MOST_CANDIDATES]]


async def _there(conn: ReadConn, scope: str, stems: Sequence[str]) -> set[str]:
    """Those of these stems that some document of the channel's locale has."""
    queries = [f"{scope} & {documents.quoted(stem)}" for stem in stems]
    return {stems[row.place - 1] for row in await conn.execute(_THERE, {"queries": queries})}


_LAST = "chr(1114111)"  # sorts behind every character
_HELD = """EXISTS (
    WITH held AS MATERIALIZED (SELECT 1 FROM search_document d WHERE d.document @@ CAST({query} AS tsquery))
    SELECT FROM held
)"""  # planned as if all were wanted: by the index, not by reading documents until one has the word
_LOOK_UP = text(f"""
    SELECT w.place,
        {_HELD.format(query="w.query")} AS known,
        ARRAY(
            SELECT DISTINCT s.stem FROM search_word s
            WHERE w.begun AND s.locale = :locale AND s.word >= w.word AND s.word < w.word || {_LAST}
                AND NOT starts_with(s.stem, w.lexeme)
            LIMIT 20
        ) AS begun,
        ARRAY(
            SELECT DISTINCT s.stem FROM search_word s
            WHERE w.ends AND s.locale = :locale AND s.backward >= reverse(w.lexeme)
                AND s.backward < reverse(w.lexeme) || {_LAST} AND s.stem <> w.lexeme
            LIMIT 50
        ) AS ended
    FROM unnest(CAST(:words AS text[]), CAST(:lexemes AS text[]), CAST(:queries AS text[]), CAST(:begun AS bool[]),
        CAST(:ends AS bool[])) WITH ORDINALITY AS w (word, lexeme, query, begun, ends, place)
""")
_WORDS = """unnest(CAST(:words AS text[]), CAST(:near AS text[]), CAST(:begun AS bool[]))
    WITH ORDINALITY AS w (word, near, begun, place)"""
_NEAR = text(f"""
    SELECT w.place, s.word, s.stem, similarity(s.word, w.word) AS alike
    FROM {_WORDS} CROSS JOIN LATERAL (
        SELECT word, stem FROM search_word WHERE locale = :locale AND near && string_to_array(w.near, ',') LIMIT 100
    ) s
""")
_SIMILAR = text(f"""
    SELECT w.place, s.word, s.stem, s.alike
    FROM {_WORDS} CROSS JOIN LATERAL (
        (SELECT word, stem, similarity(word, w.word) AS alike FROM search_word
            WHERE locale = :locale AND word % w.word ORDER BY alike DESC LIMIT 20)
        UNION ALL
        (SELECT word, stem, word_similarity(w.word, word) AS alike FROM search_word
            WHERE w.begun AND locale = :locale AND word %> w.word ORDER BY alike DESC LIMIT 20)
    ) s
""")
_THERE = text(f"""
    SELECT q.place FROM unnest(CAST(:queries AS text[])) WITH ORDINALITY AS q (query, place)
    WHERE {_HELD.format(query="q.query")}
""")
