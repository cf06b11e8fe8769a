"""Words of a language as they are searched for: split, reduced to their stem, without case and accents. Pure rules.

A lexeme is the stem without its accents, in this order: the endings of Hungarian or French are told apart by accents,
and who types none still gets the same lexeme wherever the stem has lost its ending. Scripts that put no spaces between
words (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) are cut into pairs of characters instead; where one word
ends and the next begins is not known there, so a pair may be found across that border.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import snowballstemmer

LONGEST = 64  # characters of a word that count
ALGORITHMS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian",
    "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
COMPOUNDING = {"da", "de", "et", "fi", "hu", "is", "nb", "nl", "nn", "no", "sv"}  # where Kuppelzelt is a Zelt
STOP = {
    language: frozenset(words.split())
    for language, words in {
        "da": "af at de den der det en er et for fra i med og om på som til ved",
        "de": "als am an auf aus bei das dem den der des die ein eine einem einen einer für im in ist mit oder und"
        " von vom zu zum zur",
        "en": "a an and at by for from in is of on or that the this to with",
        "es": "a al con de del el en la las lo los o para por que se sin su un una y",
        "fi": "ei ja jos joka mutta ne on se tai",
        "fr": "a au aux avec ce d dans de des du en et l la le les ou par pour qui sans sur un une",
        "hu": "a az egy és hogy is nem vagy",
        "it": "a al alla con da dal dei del della di e gli i il in la le lo o per su un una",
        "nb": "av de den det en er et for fra i med og om på som til ved",
        "nl": "aan bij de den die een en het in is met of op te van voor",
        "pl": "dla do i lub na o od po w z za ze",
        "pt": "a ao as com da das de do dos e em na no o os ou para por que sem um uma",
        "ro": "cu de din o pe pentru sau si un",
        "ru": "без в во для до из и или к на не о об от по при с со у",
        "sv": "av att de den det en ett för från i med och om på som till vid är",
        "tr": "bir bu da de ile için ve veya",
    }.items()
}

_JOINED = "-'\u2019\u2010\u2011"  # t-shirt, men's
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
)
_RUN = re.compile(f"[{_UNSPACED}]+")
_OTHER = {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i", "ħ": "h", "ё": "е"}
_PIECES = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")
_FOLDED = "LATIN", "GREEK"


@cache
def _word() -> re.Pattern[str]:
    """Letters and digits with the marks on them, which Indic and Thai vowels are; parts joined by a hyphen."""
    marks = "".join(chr(c) for c in range(0x300, 0xFFFF) if unicodedata.category(chr(c)) in ("Mn", "Mc"))
    letter = rf"[^\W_{marks}][{marks}]*"
    return re.compile(rf"(?:{letter})+(?:[{_JOINED}](?:{letter})+)*")


class _Folding(dict[int, str | int]):
    """What becomes of a character when accents do not count, found out when it is first seen."""

    def __missing__(self, point: int) -> str | int:
        char = chr(point)
        self[point] = found = _OTHER.get(char, "") or _without_accents(char)
        return found


def _without_accents(char: str) -> str:
    if "\u0591" <= char <= "\u05c7" or "\u064b" <= char <= "\u0652":  # Hebrew and Arabic vowels
        return ""
    if unicodedata.name(char, "").startswith(_FOLDED):
        return "".join(c for c in unicodedata.normalize("NFD", char) if not unicodedata.combining(c))
    return "" if "\u0300" <= char <= "\u036f" else char


_FOLDING = _Folding()


def fold(text: str) -> str:
    """``text`` in lower case without accents; й, か and their like stay what they are, ё becomes е."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_FOLDING)


def code(text: str) -> str:
    """A sku or GTIN as it is searched for: letters and digits only, leading zeros and case do not count."""
    return "".join(_PIECES.findall(fold(text))).lstrip("0")[:LONGEST]


def pieces(text: str) -> list[str]:
    """What a sku is put together from: NL-1010 from nl and 1010."""
    return [one[:LONGEST] for one in _PIECES.findall(fold(text))]


def spelled(word: str) -> bool:
    """Whether it is a word rather than a number or a model, which have no endings and are not mistyped for another."""
    return not _DIGIT.search(word)


def language(locale: str) -> str:
    return locale.split("-", 1)[0].lower()


@cache
def little(of: str) -> frozenset[str]:
    """The words of a language that say nothing about what is looked for, folded."""
    return frozenset(fold(one) for one in STOP.get(of, ()))


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: ``folded`` as it is written, ``lexeme`` as it is found.

    ``parts`` are what it is put together from: t-shirt of t and shirt, 防水帐篷 of 防水, 水帐 and 帐篷.
    """

    folded: str
    lexeme: str
    parts: "tuple[Word, ...]" = ()

    def each(self) -> "Iterator[Word]":
        """The word and its parts."""
        yield self
        for part in self.parts:
            yield from part.each()

    @property
    def unspaced(self) -> bool:
        return bool(_RUN.search(self.folded))


def words(text: str, locale: str) -> Iterator[Word]:
    """The words of ``text`` in their order."""
    of = language(locale)
    if of in ("tr", "az"):
        text = text.replace("I", "ı").replace("İ", "i")
    for found in _word().findall(unicodedata.normalize("NFKC", text).casefold()):
        yield _one(found, of)


def spoken(text: str) -> list[str]:
    """The words of ``text`` as they are written there."""
    return _word().findall(text)


@lru_cache(maxsize=300_000)
def _one(found: str, of: str) -> Word:
    pieces = [piece for piece in re.split(f"[{_JOINED}]", found) if piece]
    if len(pieces) > 1:
        whole = "".join(pieces)
        return Word(fold(whole)[:LONGEST], _lexeme(whole, of), tuple(_one(piece, of) for piece in pieces))
    if _RUN.search(found):
        return Word(found[:LONGEST], found[:LONGEST], tuple(Word(pair, pair) for pair in _pairs(found[:LONGEST])))
    return Word(fold(found)[:LONGEST], _lexeme(found, of))


def _lexeme(word: str, of: str) -> str:
    if not spelled(word):
        return fold(word)[:LONGEST]
    return fold(_stem(of)(word[:LONGEST])) or word[:LONGEST]


@cache
def _stem(of: str) -> Callable[[str], str]:
    """Reduces a word of a language to its stem; of languages whose rules are not known, a word is its own."""
    algorithm = ALGORITHMS.get(of)
    stem: Callable[[str], str] = snowballstemmer.stemmer(algorithm).stemWord if algorithm else str
    return stem


def _pairs(found: str) -> Iterator[str]:
    """The pairs of characters of each run without spaces, and its last alone so that each one is found."""
    place = 0
    for run in _RUN.finditer(found):
        if before := found[place : run.start()]:
            yield before
        text, place = run.group(), run.end()
        yield from (text[at : at + 2] for at in range(len(text) - 1))
        yield text[-1]
    if found[place:]:
        yield found[place:]


def distance(one: str, other: str) -> int:
    """How many letters must be added, dropped, changed or swapped with the next (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for place, a in enumerate(one, 1):
        row = [place]
        for at, b in enumerate(other, 1):
            row.append(min(last[at] + 1, row[at - 1] + 1, last[at - 1] + (a != b)))
            if place > 1 and at > 1 and a == other[at - 2] and one[place - 2] == b:
                row[at] = min(row[at], before[at - 2] + 1)
        before, last = last, row
    return last[-1]


def near(word: str) -> list[str]:
    """The word, and what it becomes when one letter is dropped: words one mistake apart have one of these in common."""
    return list(dict.fromkeys([word, *(word[:at] + word[at + 1 :] for at in range(len(word)))]))
