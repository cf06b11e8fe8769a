"""Files by the SHA-256 of their bytes, in a folder; pictures are also kept in the smaller sizes that were asked for."""

import hashlib
import io
import os
import re
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from kernel.errors import InvalidInput

from .addresses import SIZES, SUFFIXES

TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
MOST_BYTES = 20 * 2**20
MOST_PIXELS = 50_000_000
DIGEST = re.compile(r"[0-9a-f]{64}")


class Store:
    """The media folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> tuple[str, str, int, int]:
        """Keep a picture; returns its digest, media type, width and height. Raises InvalidInput."""
        if len(content) > MOST_BYTES:
            raise InvalidInput("file", f"must not be larger than {MOST_BYTES} bytes")
        try:
            with Image.open(io.BytesIO(content), formats=list(TYPES)) as picture:
                kind, (width, height) = TYPES[picture.format or ""], picture.size
                if width * height > MOST_PIXELS:
                    raise InvalidInput("file", f"must not have more than {MOST_PIXELS} pixels")
                picture.verify()
        except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError, KeyError):
            raise InvalidInput("file", "must be a PNG, JPEG or WebP picture") from None
        digest = hashlib.sha256(content).hexdigest()
        self._write(self.path(digest, SUFFIXES[kind]), content)
        return digest, kind, width, height

    def path(self, digest: str, suffix: str) -> Path:
        return self.folder / digest[:2] / f"{digest}.{suffix}"

    def thumbnail(self, digest: str, size: int) -> Path | None:
        """The file of a picture fitted into ``size`` pixels, made on first use; None where there is no such picture."""
        if not DIGEST.fullmatch(digest) or size not in SIZES:
            return None
        made = self.folder / digest[:2] / f"{digest}-{size}.webp"
        if not made.exists():
            whole = next((p for s in SUFFIXES.values() if (p := self.path(digest, s)).exists()), None)
            if whole is None:
                return None
            with Image.open(whole) as picture:
                picture.thumbnail((size, size))
                out = io.BytesIO()
                picture.convert("RGBA" if "A" in picture.getbands() else "RGB").save(out, "WEBP", quality=82)
            self._write(made, out.getvalue())
        return made

    def _write(self, path: Path, content: bytes) -> None:
        """Whole or not at all, whoever else writes the same."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_bytes(content)
            part.replace(path)
