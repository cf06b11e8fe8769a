"""Sending files to a hub, and looking at what it keeps."""

from pathlib import Path
from typing import Any

import httpx
import orjson

from tests.samples import picture
from tests.server.hubs import Client, Hub, document, key

MEDIA = "{ id url alt kind width height type name bytes usedBy texts { locale text } thumbnail(size: 100) { url } }"
LIBRARY = f"query M($filter: MediaFilter) {{ media(first: 50, filter: $filter) {{ edges {{ node {MEDIA} }} }} }}"


async def send(boss: Client, content: bytes, name: str = "a picture.png", **given: Any) -> Any:
    """What uploadMedia says of a file."""
    answer = await parts(boss, given={"idempotencyKey": key()} | given, files={"0": (name, content)})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert "errors" not in found, found
    return found["data"]["uploadMedia"]


async def parts(
    boss: Client, *, given: Any = None, places: Any = None, files: Any = None, query: str = "UploadMedia"
) -> httpx.Response:
    asked = {"query": document(query), "variables": {"input": {"file": None} | (given or {})}}
    fields = {"operations": orjson.dumps(asked), "map": orjson.dumps(places or {"0": ["variables.input.file"]})}
    every = [(name, (None, value)) for name, value in fields.items()]
    return await boss.http.post(f"{boss.base}/graphql", files=[*every, *(files or {}).items()], headers=boss.headers)


def colored(n: int) -> bytes:
    """A picture that no other test sends."""
    return picture(color=(n, 77, 99), size=(30 + n % 7, 20))


def stored(hub: Hub) -> set[Path]:
    assert not list((hub.data_dir / "uploads").glob("*"))
    return set((hub.data_dir / "media").rglob("*"))


async def library(boss: Client, **filter: Any) -> list[Any]:
    return [edge["node"] for edge in (await boss.send(LIBRARY, filter=filter))["edges"]]
