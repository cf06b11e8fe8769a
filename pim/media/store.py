"""Media in the object store, by the SHA-256 of their bytes; pictures also in the smaller sizes that were asked for."""

import asyncio
from dataclasses import dataclass

from kernel import files
from kernel.errors import InvalidInput
from kernel.files import Files, Reading, Upload

from . import names, pictures, sniffing
from .addresses import SIZES, SUFFIXES, TYPES

MIB = 2**20
MOST_BYTES = {"IMAGE": 20 * MIB, "DOCUMENT": 50 * MIB, "VIDEO": 200 * MIB}
PICTURES = tuple(SUFFIXES[named] for named in pictures.FORMATS)
AT_ONCE = 2  # pictures that are decoded side by side: each may need 200 MB


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was looked at and is in the store. Width and height are in pixels, of pictures only."""

    digest: str
    type: str
    kind: str
    bytes: int
    name: str
    width: int | None
    height: int | None


class Store:
    """The media in an object store."""

    def __init__(self, kept: Files) -> None:
        self.files = kept
        self._decoding = asyncio.Semaphore(AT_ONCE)
        self._making: dict[str, asyncio.Task[bytes | None]] = {}

    async def look(self, upload: Upload) -> Kept:
        """What a file is, once it was seen to be whole and harmless. Raises InvalidInput."""
        name = names.checked(upload.name)
        found = await asyncio.to_thread(sniffing.sniff, upload.path)
        if upload.bytes > MOST_BYTES[found.kind]:
            raise InvalidInput("file", f"must not be larger than {MOST_BYTES[found.kind]} bytes")
        width, height = None, None
        if found.kind == "IMAGE":
            async with self._decoding:
                width, height = await asyncio.to_thread(pictures.measure, upload.path, found.type)
        return Kept(upload.digest, found.type, found.kind, upload.bytes, name, width, height)

    async def put(self, upload: Upload, kept: Kept) -> None:
        await self.files.put(_whole(kept.digest, SUFFIXES[kept.type]), upload.path)

    async def whole(self, digest: str, suffix: str, start: int = 0, end: int | None = None) -> Reading | None:
        """The file, or its bytes from ``start`` up to before ``end``; None where there is none of that type."""
        return await self.files.read(_whole(digest, suffix), start, end) if suffix in TYPES else None

    async def size(self, digest: str, suffix: str) -> int | None:
        """How many bytes the file has; None where there is none of that type."""
        return await self.files.size(_whole(digest, suffix)) if suffix in TYPES else None

    async def thumbnail(self, digest: str, size: int) -> bytes | None:
        """A picture fitted into ``size`` pixels, as WebP, made on first use; None where there is no such picture.

        Who asks for it while it is being made waits for it.
        """
        if size not in SIZES:
            return None
        key = _fitted(digest, size)
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.create_task(self._fit(digest, size, key))
            making.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(making)

    async def _fit(self, digest: str, size: int, key: str) -> bytes | None:
        if (there := await self.files.content(key)) is not None:
            return there
        for suffix in PICTURES:
            if (content := await self.files.content(_whole(digest, suffix))) is not None:
                async with self._decoding:
                    made = await asyncio.to_thread(pictures.fit, content, suffix, size)
                await self.files.put(key, made)
                return made
        return None

    async def delete(self, digest: str) -> None:
        """Remove a file and every smaller size of it."""
        whole = [_whole(digest, suffix) for suffix in TYPES]
        await self.files.delete([*(_fitted(digest, size) for size in SIZES), *whole])


def _whole(digest: str, suffix: str) -> str:
    return files.by_digest(digest, suffix=f".{suffix}")


def _fitted(digest: str, size: int) -> str:
    return files.by_digest(digest, suffix=f"-{size}.webp")
