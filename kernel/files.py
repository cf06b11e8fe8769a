"""Files: kept under keys in a folder or in an S3-compatible bucket, and on disk while they come in."""

import asyncio
import hashlib
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.store import LocalStore, MemoryStore, S3Store

KEY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")  # no segment is empty or begins with a dot
DIGEST = re.compile(r"[0-9a-f]{64}")
CHUNK = 256 * 1024
AT_ONCE = 4  # parts of one large file on their way to a bucket


@dataclass
class TooLarge(Exception):
    """A file of more than ``most`` bytes was about to come in."""

    most: int


class Upload:
    """A file that came in, on disk until the request is answered. ``digest`` is the SHA-256 of its bytes, in hex.

    ``name`` is what its sender calls it: show it, and never use it as a path. Two uploads are the same input when
    their digests are equal, so it is the digest that a copy, a comparison or a fingerprint sees.
    """

    __slots__ = ("bytes", "digest", "name", "path")

    def __init__(self, name: str, path: Path, bytes: int, digest: str) -> None:
        self.name = name
        self.path = path
        self.bytes = bytes
        self.digest = digest

    def __str__(self) -> str:
        return f"sha256:{self.digest}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Upload) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __deepcopy__(self, _seen: object) -> "Upload":
        return self


class Incoming:
    """A file while it comes in: written to a new file in ``folder`` and hashed on the way, off the event loop.

    ``most`` is how many bytes it may have.
    """

    def __init__(self, folder: Path, *, most: int) -> None:
        self.path = folder / uuid.uuid4().hex
        self.most = most
        self.bytes = 0
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self.path.touch(mode=0o600, exist_ok=False)

    async def write(self, chunk: bytes) -> None:
        """Raises TooLarge."""
        self.bytes += len(chunk)
        if self.bytes > self.most:
            raise TooLarge(self.most)
        self._waiting += chunk
        if len(self._waiting) >= CHUNK:
            await self._flush()

    async def finish(self, name: str) -> Upload:
        await self._flush()
        return Upload(name, self.path, self.bytes, self._hash.hexdigest())

    async def _flush(self) -> None:
        piece, self._waiting = bytes(self._waiting), bytearray()
        await asyncio.to_thread(self._keep, piece)

    def _keep(self, piece: bytes) -> None:
        self._hash.update(piece)
        with self.path.open("ab") as file:
            file.write(piece)


@dataclass(frozen=True, slots=True)
class Reading:
    """A stored file, or a part of it, on its way out. ``size`` is that of the whole file, in bytes."""

    size: int
    chunks: AsyncIterator[bytes]


class Files:
    """The object store of a hub: all its nodes see the same one.

    Keys are ours, made of digests and ids in lower case; what comes from outside is never one. Raises ValueError where
    a key is none.
    """

    def __init__(self, store: LocalStore | MemoryStore | S3Store, *, spool: Path | None = None) -> None:
        self._store = store
        self.spool = spool or Path(tempfile.gettempdir()) / "entrepot-uploads"

    @classmethod
    def in_folder(cls, folder: Path, *, spool: Path | None = None) -> "Files":
        return cls(LocalStore(folder.absolute(), mkdir=True), spool=spool)

    @classmethod
    def in_bucket(
        cls,
        bucket: str,
        *,
        prefix: str | None = None,
        endpoint: str | None = None,
        region: str | None = None,
        key_id: str | None = None,
        secret: str | None = None,
        spool: Path | None = None,
    ) -> "Files":
        """Where no key is given, the environment or the machine's own role is asked for one, as AWS's tools do."""
        given = {"endpoint": endpoint, "region": region, "access_key_id": key_id, "secret_access_key": secret}
        found = {name: value for name, value in given.items() if value is not None}
        insecure = endpoint is not None and endpoint.startswith("http://")
        client = {"allow_http": insecure, "connect_timeout": "5s", "timeout": "10min"}
        return cls(S3Store(bucket, prefix=prefix, client_options=client, **found), spool=spool)  # type: ignore[arg-type]

    @contextmanager
    def a_folder(self) -> Iterator[Path]:
        """A folder on the disk of this node for files that come in; it goes with all that is in it."""
        self.spool.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.spool) as made:
            yield Path(made)

    def sweep_spool(self, *, seconds: int) -> None:
        """Remove folders that a node which was killed left behind ``seconds`` ago or earlier."""
        for left in self.spool.glob("*"):
            with suppress(FileNotFoundError):
                if left.stat().st_mtime < time.time() - seconds:
                    shutil.rmtree(left)

    async def put(self, key: str, content: Path | bytes, *, replace: bool = False) -> None:
        """Keep ``content``, whole or not at all; unless ``replace``, what has this key already stays as it is."""
        if replace or await self.size(key) is None:
            await obstore.put_async(self._store, _checked(key), content, max_concurrency=AT_ONCE)

    async def size(self, key: str) -> int | None:
        """How many bytes a file has; None where there is none."""
        try:
            return (await obstore.head_async(self._store, _checked(key)))["size"]
        except FileNotFoundError:
            return None

    async def read(self, key: str, start: int = 0, end: int | None = None) -> Reading | None:
        """The bytes from ``start`` up to before ``end``, in chunks; None where there is no such file."""
        options: obstore.GetOptions | None = None
        if end is not None:
            options = {"range": (start, end)}
        elif start:
            options = {"range": {"offset": start}}
        try:
            found = await obstore.get_async(self._store, _checked(key), options=options)
        except FileNotFoundError:
            return None
        return Reading(found.meta["size"], found.stream(min_chunk_size=CHUNK))

    async def content(self, key: str) -> bytes | None:
        """A whole file that is known to be small."""
        found = await self.read(key)
        return None if found is None else b"".join([chunk async for chunk in found.chunks])

    async def fetch(self, key: str, folder: Path, *, name: str, most: int) -> Upload | None:
        """A copy on disk, as a file that comes in; None where there is none. Raises TooLarge."""
        found = await self.read(key)
        if found is None:
            return None
        copied = Incoming(folder, most=most)
        async for chunk in found.chunks:
            await copied.write(chunk)
        return await copied.finish(name)

    async def delete(self, keys: Collection[str]) -> None:
        """Remove these files; those that are not there are gone already."""
        for key in keys:
            try:
                await obstore.delete_async(self._store, _checked(key))
            except FileNotFoundError:
                continue

    async def place_to_put(self, key: str, *, seconds: int) -> str | None:
        """The URL at which anybody may put this file for so long; None where the store has no URLs of its own."""
        if not isinstance(self._store, S3Store):
            return None
        return await obstore.sign_async(self._store, "PUT", _checked(key), timedelta(seconds=seconds))


def by_digest(digest: str, *, prefix: str = "", suffix: str = "") -> str:
    """The key of a file by its content: spread over 256 folders. Raises ValueError."""
    if not DIGEST.fullmatch(digest):
        raise ValueError(digest)
    return f"{prefix}{digest[:2]}/{digest}{suffix}"


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        raise ValueError(key)
    return key
