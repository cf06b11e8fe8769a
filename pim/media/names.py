"""What a file may be called by who sends it. The name is shown and searched, and is no part of any path."""

import unicodedata

from kernel.errors import InvalidInput

LONGEST = 255  # bytes of UTF-8, as file systems have it
REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def checked(name: str, *, path: str = "file") -> str:
    """``name`` in NFC. Raises InvalidInput where it is a path or would show as something else than it is."""
    if any(one in "/\\" for one in unicodedata.normalize("NFKC", name)) or name in (".", ".."):
        raise InvalidInput(path, "the name must not be a path")
    if any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") or one in REORDERING for one in name):
        raise InvalidInput(path, "the name must not hold control characters")
    found = unicodedata.normalize("NFC", name).strip()
    if len(found.encode()) > LONGEST:
        raise InvalidInput(path, f"the name must not be longer than {LONGEST} bytes")
    return found
