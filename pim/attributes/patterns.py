"""Regular expressions of merchandisers, by RE2: whatever they write, matching takes time linear in the text."""

import re2

from kernel.errors import InvalidInput

LONGEST = 500
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20  # bytes a pattern may take compiled: a{1000}{1000} asks for more


def check(pattern: object, *, path: str) -> None:
    """Raises InvalidInput unless ``pattern`` is a regular expression as RE2 knows them."""
    if not isinstance(pattern, str) or len(pattern) > LONGEST:
        raise InvalidInput(path, f"must be a text of at most {LONGEST} characters")
    try:
        re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        raise InvalidInput(path, f"is no regular expression: {_words(error)}") from None


def fits(pattern: str, text: str) -> bool:
    """Whether the whole of ``text`` matches."""
    return re2.fullmatch(pattern, text, _OPTIONS) is not None


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else "unreadable"
    return said.decode() if isinstance(said, bytes) else str(said)
