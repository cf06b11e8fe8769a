"""Files are served as HTTP says, and pictures in the sizes that are kept, made once."""

import asyncio
import io
from typing import Any

import pytest
from PIL import Image

from tests import samples
from tests.server.conftest import Clients, Insides
from tests.server.hubs import Client, Hub
from tests.server.sending import colored, library, send, stored


@pytest.fixture
def boss(client: Clients) -> Client:
    return client()


async def test_a_thumbnail_is_upright_small_and_tells_nothing_of_where_it_was_taken(boss: Client) -> None:
    one = await send(boss, samples.half_and_half("JPEG", 6))
    [found] = [row for row in await library(boss) if row["id"] == one["id"]]
    served = await boss.http.get(boss.base + found["thumbnail"]["url"])
    assert served.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(served.content)) as small:
        assert small.size == (20, 40)
        top, bottom = small.convert("RGB").getpixel((10, 5)), small.convert("RGB").getpixel((10, 35))
        assert isinstance(top, tuple)
        assert isinstance(bottom, tuple)
        assert (top[0] > 200, bottom[2] > 200) == (True, True)
        assert not small.getexif()
    assert b"SECRET" not in served.content


async def test_a_stream_of_sizes_leaves_nothing_behind(boss: Client, hub: Hub) -> None:
    one = await send(boss, colored(40))
    digest = one["url"].split("/")[2].split(".")[0]
    before = stored(hub)
    for size in [*range(1, 40), 65, 300, 999, 2048, 4096]:
        assert (await boss.http.get(f"{boss.base}/media/{digest}/{size}.webp")).status_code == 404
    for wrong in ("0" * 64 + "/64.webp", digest + "/64.png", digest + "/064.webp", digest + ".exe", "../tokens"):
        assert (await boss.http.get(f"{boss.base}/media/{wrong}")).status_code == 404
    assert stored(hub) == before


async def test_parts_heads_and_what_is_known_are_answered_as_http_says(boss: Client) -> None:
    url = boss.base + (await send(boss, samples.MP4))["url"]
    size = len(samples.MP4)

    async def get(**headers: str) -> tuple[int, bytes, str | None]:
        answer = await boss.http.get(url, headers={name.replace("_", "-"): one for name, one in headers.items()})
        return answer.status_code, answer.content, answer.headers.get("content-range")

    assert await get(range="bytes=4-7") == (206, b"ftyp", f"bytes 4-7/{size}")
    assert await get(range=f"bytes={size - 2}-") == (206, b"\0\0", f"bytes {size - 2}-{size - 1}/{size}")
    assert await get(range="bytes=-3") == (206, b"\0\0\0", f"bytes {size - 3}-{size - 1}/{size}")
    assert await get(range=f"bytes={size}-") == (416, b"", f"bytes */{size}")
    for ignored in ("bytes=9-3", "lines=1-2", "bytes=0-1,5-6", "bytes=-"):
        assert await get(range=ignored) == (200, samples.MP4, None)
    tag = (await boss.http.head(url)).headers["etag"]
    assert await get(if_none_match=f'"other", {tag}') == (304, b"", None)
    assert await get(range="bytes=0-1", if_range='"other"') == (200, samples.MP4, None)
    head = await boss.http.head(url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))
    assert (await boss.http.post(url)).status_code == 405


async def test_who_asks_for_a_new_size_at_once_waits_for_one_making(inside: Insides, monkeypatch: Any) -> None:
    made: list[int] = []

    def fit(_content: bytes, _suffix: str, size: int) -> bytes:
        made.append(size)
        return b"made"

    async with inside() as one:
        url = one.base + (await send(one.client(), colored(41)))["url"].replace(".png", "/128.webp")
        monkeypatch.setattr("pim.media.pictures.fit", fit)
        found = await asyncio.gather(*(one.http.get(url) for _ in range(12)))
        assert {answer.content for answer in found} == {b"made"}
        assert made == [128]
