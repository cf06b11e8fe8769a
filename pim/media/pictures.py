"""Pictures decoded: when they come in, to see that they can be, and for each smaller size. Slow: off the event loop.

Nothing is decoded before its header has said how large it will be.
"""

import io
from pathlib import Path

from PIL import Image, ImageOps

from kernel.errors import InvalidInput

from .addresses import TYPES

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF", "image/avif": "AVIF"}
MOST_PIXELS = 50_000_000
MOST_SIDE = 30_000
MOST_FRAMES = 500
MOST_MOVING_PIXELS = 500_000_000  # of all frames together
ORIENTATION = 0x0112
SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that turn a picture by 90 degrees
LARGEST_PROFILE = 64 * 1024  # bytes of a color profile that a smaller size keeps
BROKEN = (OSError, SyntaxError, ValueError, EOFError, OverflowError, MemoryError, AttributeError, TypeError, KeyError)
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def measure(path: Path, type: str) -> tuple[int, int]:
    """The width and height at which a picture is shown, in pixels. Raises InvalidInput where it cannot be decoded."""
    content = path.read_bytes()
    _refuse_large(*_size(content, type))
    frames = _gif_frames(content) if type == "image/gif" else 1
    try:
        with Image.open(io.BytesIO(content), formats=[FORMATS[type]]) as picture:
            _refuse_large(*picture.size)
            _refuse_long(max(frames, getattr(picture, "n_frames", 1)) if type != "image/gif" else frames, picture.size)
            orientation = picture.getexif().get(ORIENTATION)
            width, height = picture.size
            if type == "image/jpeg":
                picture.draft("RGB", (width // 8, height // 8))  # all of the file is read, few of its pixels are kept
            picture.load()
    except BOMBS:
        raise _large() from None
    except InvalidInput:
        raise
    except BROKEN:
        raise InvalidInput("file", "is cut short or damaged") from None
    return (height, width) if orientation in SIDEWAYS else (width, height)


def fit(content: bytes, suffix: str, size: int) -> bytes:
    """A picture fitted into a square of ``size`` pixels and never enlarged: upright, as WebP, without its metadata."""
    with Image.open(io.BytesIO(content), formats=[FORMATS[TYPES[suffix]]]) as picture:
        profile = picture.info.get("icc_profile") or b""
        picture.draft("RGB", (2 * size, 2 * size))
        fitted: Image.Image = ImageOps.exif_transpose(picture)
        colors = "RGBA" if fitted.has_transparency_data else "RGB"
        if fitted.mode != colors:
            profile = profile if fitted.mode in ("RGB", "RGBA", "P") else b""  # a profile of other colors is done with
            fitted = fitted.convert(colors)
        fitted.thumbnail((size, size))
        out = io.BytesIO()
        kept = profile if len(profile) <= LARGEST_PROFILE else b""
        fitted.save(out, "WEBP", quality=82, exif=b"", xmp=b"", icc_profile=kept)
        return out.getvalue()


def _size(content: bytes, type: str) -> tuple[int, int]:
    """What the header of a WebP file says, whose decoder makes room for it at once; others are asked later."""
    if type != "image/webp":
        return 1, 1
    kind, body = content[12:16], content[20:]
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


def _refuse_large(width: int, height: int) -> None:
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise _large()


def _large() -> InvalidInput:
    return InvalidInput("file", f"must not have more than {MOST_PIXELS} pixels, or {MOST_SIDE} on one side")


def _refuse_long(frames: int, size: tuple[int, int]) -> None:
    if frames > MOST_FRAMES or (frames > 1 and frames * size[0] * size[1] > MOST_MOVING_PIXELS):
        raise InvalidInput(
            "file", f"must not have more than {MOST_FRAMES} frames, or {MOST_MOVING_PIXELS} pixels in all of them"
        )


def _gif_frames(content: bytes) -> int:
    """How many frames a GIF has, none of them decoded. Raises InvalidInput where it is cut short."""
    at = 13 + _colors(content[10] if len(content) > 10 else 0)  # noqa: PLR2004 -- the header
    frames = 0
    while at < len(content) and frames <= MOST_FRAMES:
        kind = content[at]
        if kind == 0x3B:  # noqa: PLR2004 -- the trailer
            return frames
        if kind == 0x2C:  # noqa: PLR2004 -- a frame
            frames += 1
            at = _after_blocks(content, at + 11 + _colors(content[at + 9] if at + 9 < len(content) else 0))
        elif kind == 0x21:  # noqa: PLR2004 -- an extension
            at = _after_blocks(content, at + 2)
        else:
            break
    if frames > MOST_FRAMES:
        return frames
    raise InvalidInput("file", "is cut short or damaged")


def _colors(flags: int) -> int:
    """Bytes of the color table that ``flags`` announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, at: int) -> int:
    while at < len(content) and content[at]:
        at += content[at] + 1
    return at + 1
