"""What a file is by its bytes; neither its name nor what its sender says is asked.

Looked at are the first and the last bytes and the frame of a container, never more of it than its headers.
"""

from dataclasses import dataclass
from pathlib import Path

from kernel.errors import InvalidInput

HEAD = 4096
TAIL = 65_557  # a ZIP's directory ends within so many bytes of the end of a file
MOST_BOXES = 10_000
MP4 = frozenset(
    b"isom iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 mp41 mp42 mp71 avc1 dash cmfc msdh msix M4V  M4VH M4VP".split(b" ")
) | {b"M4V "}
AVIF = frozenset({b"avif", b"avis"})
ACTIVE = (b"<script", b"<html", b"<!doctype html", b"<svg", b"<body", b"<iframe")


@dataclass(frozen=True, slots=True)
class Sniffed:
    """A media type and the kind of media it is: IMAGE, DOCUMENT or VIDEO."""

    type: str
    kind: str


SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", Sniffed("image/png", "IMAGE")),
    (b"\xff\xd8\xff", Sniffed("image/jpeg", "IMAGE")),
    (b"GIF87a", Sniffed("image/gif", "IMAGE")),
    (b"GIF89a", Sniffed("image/gif", "IMAGE")),
    (b"%PDF-", Sniffed("application/pdf", "DOCUMENT")),
)


def sniff(path: Path) -> Sniffed:
    """What the file is. Raises InvalidInput where it is nothing that is taken, or more than one thing."""
    size = path.stat().st_size
    if not size:
        raise InvalidInput("file", "is empty")
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(max(0, size - TAIL))
        tail = file.read(TAIL)
    found = _by_signature(head)
    if found is None:
        raise InvalidInput("file", _why_not(head))
    if b"PK\x05\x06" in tail:
        raise InvalidInput("file", "is a ZIP archive as well, and so more than one thing")
    if found.kind != "DOCUMENT" and b"%PDF-" in head[:1024]:
        raise InvalidInput("file", "is a PDF as well, and so more than one thing")
    if any(mark in head[:1536].lower() for mark in ACTIVE):
        raise InvalidInput("file", "is a web page as well, and so more than one thing")
    _refuse_truncated(found.type, path, size, tail)
    return found


def _by_signature(head: bytes) -> Sniffed | None:
    for signature, found in SIGNATURES:
        if head.startswith(signature):
            return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Sniffed("image/webp", "IMAGE")
    if head.startswith(b"\x1aE\xdf\xa3") and b"B\x82\x84webm" in head[:64]:
        return Sniffed("video/webm", "VIDEO")
    return _by_brands(head) if head[4:8] == b"ftyp" else None


def _by_brands(head: bytes) -> Sniffed | None:
    """ISO/IEC 14496-12: the major brand, then those it is compatible with."""
    end = min(int.from_bytes(head[:4]), HEAD)
    brands = {head[8:12], *(head[start : start + 4] for start in range(16, end, 4))}
    if brands & AVIF:
        return Sniffed("image/avif", "IMAGE")
    return Sniffed("video/mp4", "VIDEO") if brands & MP4 else None


def _why_not(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text[:1024]:
        return "is SVG, which may hold scripts: send a PNG, WebP or AVIF picture"
    if any(mark in text[:1024] for mark in ACTIVE):
        return "is a web page"
    if head.startswith(b"PK"):
        return "is a ZIP archive"
    return "is no PNG, JPEG, WebP, GIF or AVIF picture, no PDF and no MP4 or WebM film"


def _refuse_truncated(type: str, path: Path, size: int, tail: bytes) -> None:
    """Raises InvalidInput where the frame of a container does not end with the file; pictures are decoded instead."""
    whole = True
    if type == "application/pdf":
        whole = b"%%EOF" in tail[-2048:]
    elif type == "video/mp4":
        whole = _boxes_fit(path, size)
    elif type == "video/webm":
        whole = _segment_fits(path, size)
    if not whole:
        raise InvalidInput("file", "is cut short or damaged")


def _boxes_fit(path: Path, size: int) -> bool:
    """Whether the boxes of an MP4 file fill it to its end, and a film's description is among them."""
    kinds: set[bytes] = set()
    start = 0
    with path.open("rb") as file:
        for _ in range(MOST_BOXES):
            if start == size:
                break
            file.seek(start)
            head = file.read(16)
            length = int.from_bytes(head[:4])
            if length == 1:
                length = int.from_bytes(head[8:16])
            elif length == 0:
                length = size - start
            if len(head) < 8 or length < 8 or start + length > size:  # noqa: PLR2004 -- the head of a box
                return False
            kinds.add(head[4:8])
            start += length
    return start == size and b"moov" in kinds


def _segment_fits(path: Path, size: int) -> bool:
    """Whether a WebM file is as long as its one segment says; one that is streamed does not say."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    body, length = _length(head, 4)
    segment = body + length
    if head[segment : segment + 4] != b"\x18S\x80g":
        return False
    body, length = _length(head, segment + 4)
    unknown = length == 2 ** (7 * (body - segment - 4)) - 1
    return body > segment + 4 and (unknown or body + length <= size)


def _length(head: bytes, at: int) -> tuple[int, int]:
    """A number as EBML writes it (RFC 8794): where it ends, and what it is; ends where it begins if it is none."""
    first = head[at] if at < len(head) else 0
    width = 9 - first.bit_length()
    if not first or at + width > len(head):
        return at, 0
    return at + width, int.from_bytes(head[at : at + width]) & (2 ** (7 * width) - 1)
