"""Small files of every kind that the hub takes, and of many that it must not."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), color: Any = (200, 30, 30), **given: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, kind, **given)
    return out.getvalue()


def half_and_half(kind: str, orientation: int) -> bytes:
    """A picture stored lying down, 40 wide and 20 high, left half red, right half blue; EXIF says where it is from."""
    one = Image.new("RGB", (40, 20), (255, 0, 0))
    one.paste((0, 0, 255), (20, 0, 40, 20))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SECRET CAMERA"
    exif.get_ifd(0x8825).update({1: "N", 2: (53.0, 33.0, 0.0), 3: "E", 4: (9.0, 59.0, 0.0)})
    out = io.BytesIO()
    one.save(out, kind, exif=exif, quality=95)
    return out.getvalue()


def animation(frames: int, kind: str = "GIF") -> bytes:
    every = [Image.new("RGB", (4, 4), (n % 256, n // 256, 0)) for n in range(frames)]
    out = io.BytesIO()
    every[0].save(out, kind, save_all=True, append_images=every[1:], duration=20)
    return out.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, pixels: bytes = b"", chunks: bytes = b"") -> bytes:
    """A PNG whose header promises what its data need not hold."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = _chunk(b"IDAT", zlib.compress(pixels))
    return b"\x89PNG\r\n\x1a\n" + head + chunks + data + _chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """A PNG of one pixel, with a kilobyte of text that unpacks to 64 MB."""
    bomb = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 64 * 2**20, 9))
    return png(1, 1, pixels=b"\0\xff\0\0", chunks=bomb)


def webp_of(width: int, height: int) -> bytes:
    """A WebP file that is all header."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size
    return b"RIFF" + struct.pack("<I", len(body)) + body


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


MP4 = box(b"ftyp", b"isom\0\0\x02\0isomiso2mp41") + box(b"moov", box(b"mvhd", bytes(100))) + box(b"mdat", bytes(3000))
WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87\x81\x02B\x85\x81\x02"
WEBM += b"\x18S\x80g" + b"\x10\x00\x0b\xb8" + bytes(3000)
