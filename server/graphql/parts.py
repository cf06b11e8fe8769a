"""The parts of a multipart/form-data body, piece by piece as they come in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from server.graphql.malformed import Malformed

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

KIND = "multipart/form-data"
CLOSE = {"connection": "close"}
LITTLE = 2**20  # bytes of a refused body that are thrown away before the connection is closed
PATIENCE = 1.0  # seconds to wait for them


@dataclass(slots=True, eq=False)
class Part:
    """The head of a part; ``filename`` as its sender gave it."""

    name: str = ""
    filename: str = ""


async def parts(http: Request, most: int) -> AsyncIterator[tuple[Part, bytes | None]]:
    """Each part with its bytes: an empty piece at its beginning, None at its end.

    Raises Malformed where the body is no such thing, is cut short, or is larger than ``most`` bytes.
    """
    _, options = parse_options_header(http.headers["content-type"])
    reader = _Reader()
    received = 0
    try:
        parser = MultipartParser(options.get(b"boundary", b""), reader.callbacks())
        async for chunk in http.stream():
            received += len(chunk)
            if received > most:
                raise Malformed(413, f"the body must not be larger than {most} bytes", CLOSE)
            parser.write(chunk)
            for found in reader.take():
                yield found
        http.state.is_read = True
        parser.finalize()
    except FormParserError:
        raise Malformed(400, "the body is no multipart/form-data", CLOSE) from None
    if not reader.ended:
        raise Malformed(400, "the body is cut short", CLOSE)


async def leave_unread(http: Request) -> None:
    """Let a little more of a refused body come in, unread: who is still sending does not see the answer."""
    if getattr(http.state, "is_read", False):
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            left = LITTLE
            while left > 0:
                message = await http.receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body"):
                    break


class _Reader:
    """What the parser calls back, in order."""

    def __init__(self) -> None:
        self.ended = False
        self._found: list[tuple[Part, bytes | None]] = []
        self._part = Part()
        self._header = b""
        self._value = b""

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self.part_begin,
            "on_header_field": self.header_field,
            "on_header_value": self.header_value,
            "on_header_end": self.header_end,
            "on_headers_finished": self.headers_finished,
            "on_part_data": self.part_data,
            "on_part_end": self.part_end,
            "on_end": self.end,
        }

    def take(self) -> list[tuple[Part, bytes | None]]:
        found, self._found = self._found, []
        return found

    def part_begin(self) -> None:
        self._part = Part()

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            try:
                self._part.name = options.get(b"name", b"").decode()
                self._part.filename = options.get(b"filename", b"").decode()
            except UnicodeDecodeError:
                raise Malformed(400, "the name of a part must be UTF-8", CLOSE) from None
        self._header = self._value = b""

    def headers_finished(self) -> None:
        self._found.append((self._part, b""))

    def part_data(self, data: bytes, start: int, end: int) -> None:
        self._found.append((self._part, data[start:end]))

    def part_end(self) -> None:
        self._found.append((self._part, None))

    def end(self) -> None:
        self.ended = True
