"""GraphQL multipart requests: operations, map and files, as their specification orders them.

https://github.com/jaydenseric/graphql-multipart-request-spec
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request

from kernel.files import Incoming, TooLarge, Upload
from server.graphql.malformed import Malformed
from server.graphql.parts import CLOSE, Part, parts

FIELDS = ("operations", "map")
MOST_PATHS = 100
PLACE = re.compile(r"0|[1-9][0-9]{0,5}")
NOTHING = object()


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Bytes of one file, how many files there may be, and bytes of the whole request."""

    file: int = 256 * 2**20
    files: int = 10
    request: int = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file stands in the variables: in the object or list ``within``, under the last of ``steps``."""

    steps: tuple[str | int, ...]
    within: Any

    def fill(self, upload: Upload) -> None:
        self.within[self.steps[-1]] = upload


class Form:
    """A multipart request as it comes in: first what it asks, then its files. Its methods raise Malformed."""

    def __init__(self, http: Request, limits: UploadLimits, most_bytes: int) -> None:
        self.limits = limits
        self.most_bytes = most_bytes
        self._parts = parts(http, limits.request)
        self._first: Part | None = None
        self._places: dict[str, list[Place]] = {}

    @property
    def places(self) -> Iterator[Place]:
        return (place for found in self._places.values() for place in found)

    async def operations(self) -> Any:
        """What the part ``operations`` says; nothing of a file is read yet."""
        fields: dict[str, bytearray] = {}
        seen: set[Part] = set()
        async for part, piece in self._parts:
            if part.name not in FIELDS:
                self._first = part
                break
            if part.name in fields and part not in seen:
                raise Malformed(400, f"there is more than one part {part.name}", CLOSE)
            seen.add(part)
            said = fields.setdefault(part.name, bytearray())
            said += piece or b""
            if len(said) > self.most_bytes:
                raise Malformed(413, f"{part.name} must not be larger than {self.most_bytes} bytes", CLOSE)
        if missing := [name for name in FIELDS if name not in fields]:
            raise Malformed(400, f"the part {missing[0]} is missing, or stands behind a file", CLOSE)
        given = _loads(fields["operations"], "operations")
        self._places = _mapped(given, _loads(fields["map"], "map"), self.limits.files)
        return given

    async def receive(self, folder: Path) -> None:
        """Read the files into ``folder`` and put each in its places in the variables."""
        missing = set(self._places)
        part, incoming = self._first, self._begin(self._first, missing, folder)
        async for current, piece in self._parts:
            if current is not part:
                part, incoming = current, self._begin(current, missing, folder)
            if incoming is None:
                continue
            if piece is None:
                upload = await incoming.finish(current.filename)
                for place in self._places[current.name]:
                    place.fill(upload)
                continue
            try:
                await incoming.write(piece)
            except TooLarge as large:
                raise Malformed(413, f"a file must not be larger than {large.most} bytes", CLOSE) from None
        if missing:
            raise Malformed(400, f"the part {_shown(min(missing))} is in map and not in the request")

    def _begin(self, part: Part | None, missing: set[str], folder: Path) -> Incoming | None:
        if part is None:
            return None
        if part.name not in missing:
            raise Malformed(400, f"the part {_shown(part.name)} is not in map, or is there twice", CLOSE)
        missing.remove(part.name)
        return Incoming(folder, most=self.limits.file)


def _mapped(given: Any, named: Any, most: int) -> dict[str, list[Place]]:
    if not isinstance(named, dict) or not all(isinstance(paths, list) and paths for paths in named.values()):
        raise Malformed(400, "map must be an object of lists of paths", CLOSE)
    if len(named) > most:
        raise Malformed(413, f"there must be at most {most} files", CLOSE)
    every = [str(path) for paths in named.values() for path in paths]
    if len(every) > MOST_PATHS or len(set(every)) < len(every):
        raise Malformed(400, f"map must hold at most {MOST_PATHS} paths, each of them once", CLOSE)
    return {name: [_place(given, path) for path in paths] for name, paths in named.items()}


def _place(given: Any, path: Any) -> Place:
    """Raises Malformed where ``path`` does not lead to a null in the variables."""
    steps: list[str | int] = []
    top, *names = path.split(".") if isinstance(path, str) else [""]
    within, found = None, given.get("variables") if isinstance(given, dict) else None
    for name in names:
        within = found
        steps.append(_step(within, name))
        found = _below(within, steps[-1])
    if top != "variables" or not steps or found is not None:
        raise Malformed(400, f"the path {_shown(path)} of map must lead to a null in the variables", CLOSE)
    return Place(tuple(steps), within)


def _step(within: Any, name: str) -> str | int:
    return int(name) if isinstance(within, list) and PLACE.fullmatch(name) else name


def _below(within: Any, step: str | int) -> Any:
    """What stands there; where nothing can, something that is no null."""
    if isinstance(within, list):
        return within[step] if isinstance(step, int) and step < len(within) else NOTHING
    return within.get(step, NOTHING) if isinstance(within, dict) else NOTHING


def _shown(given: Any) -> str:
    return repr(given)[:80]


def _loads(text: bytearray, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Malformed(400, f"{name} is no JSON", CLOSE) from None
