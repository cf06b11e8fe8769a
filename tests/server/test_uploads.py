"""A large file is announced, sent to the place that is named, and taken in: by the hub itself or by a bucket."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from obstore.store import MemoryStore
from sqlalchemy import text

from kernel.db import Database
from kernel.files import Files, Incoming, Upload
from pim.media import operations, queries
from pim.media.store import Store
from tests import samples
from tests.samples import picture
from tests.server.conftest import Clients, Insides
from tests.server.hubs import Client, key

REQUEST = """
    mutation R($input: RequestUploadInput!) { requestUpload(input: $input) { __typename
        ... on UploadTarget { id url method headers { name value } expiresAt } ... on Error { message } } }
"""


@pytest.fixture
def boss(client: Clients) -> Client:
    return client()


async def request(boss: Client, bytes: int, **given: Any) -> Any:
    return await boss.send(REQUEST, input={"idempotencyKey": key(), "name": "film.mp4", "bytes": bytes} | given)


async def put(boss: Client, target: Any, content: Any) -> int:
    url = target["url"] if target["url"].startswith("http") else boss.base + target["url"]
    return (await boss.http.put(url, content=content)).status_code


async def take(boss: Client, target: Any, **given: Any) -> Any:
    return await boss.send("UploadMedia", input={"idempotencyKey": key(), "upload": target["id"]} | given)


async def test_what_was_announced_and_sent_is_taken_in_once(boss: Client) -> None:
    film = samples.MP4 + samples.box(b"free", b"one")
    mine = key()
    target = await request(boss, len(film), type="video/mp4", idempotencyKey=mine)
    assert (target["method"], target["headers"]) == ("PUT", [])
    assert await request(boss, len(film), type="video/mp4", idempotencyKey=mine) == target
    assert (await take(boss, target))["message"] == "upload: has not been sent."
    assert await put(boss, target, film) == 204
    again = key()
    one = await take(boss, target, idempotencyKey=again)
    assert (one["__typename"], one["kind"]) == ("Media", "VIDEO")
    assert (await boss.http.get(boss.base + one["url"])).content == film
    assert await take(boss, target, idempotencyKey=again) == one
    assert (await take(boss, target))["__typename"] == "InvalidInput"
    assert await put(boss, target, film) == 410


async def test_a_place_is_good_for_the_announced_bytes_and_type_alone(boss: Client, client: Clients) -> None:
    content = picture(color=(91, 92, 93))
    target = await request(boss, len(content), type="video/mp4")

    async def slowly(sent: bytes) -> AsyncIterator[bytes]:
        yield sent

    for wrong in (content + b"!", content[:-1], b""):
        assert await put(boss, target, wrong) == 400
        assert await put(boss, target, slowly(wrong)) == 400
    assert (await take(boss, target))["message"] == "upload: has not been sent."
    assert await put(boss, target, content) == 204
    assert "is image/png, not video/mp4" in (await take(boss, target))["message"]
    assert "requestUpload answered you" in (await take(client("merchandiser"), target))["message"]


@pytest.mark.parametrize("given", [{"bytes": 0}, {"bytes": 2**31 - 1}, {"type": "image/svg+xml"}, {"name": "../x"}])
async def test_what_is_announced_must_be_something_that_is_taken(boss: Client, given: dict[str, Any]) -> None:
    assert (await request(boss, **({"bytes": 10} | given)))["__typename"] == "InvalidInput"


async def test_what_is_announced_is_no_larger_than_is_set(inside: Insides) -> None:
    async with inside(max_upload_bytes=2**30) as one:
        assert (await request(one.client(), 2**30))["__typename"] == "UploadTarget"
        assert (await request(one.client(), 2**30 + 1))[
            "message"
        ] == f"bytes: must be between 1 and {2**30}, which is 1024 MiB."


async def test_nobody_guesses_a_place(boss: Client) -> None:
    url = (await request(boss, 3))["url"]
    for wrong in (url[:-1] + ("0" if url[-1] != "0" else "1"), "/uploads/1/2", url.rsplit("/", 1)[0] + "/gone"):
        assert await put(boss, {"url": wrong}, b"abc") == 404


async def test_a_bucket_takes_files_itself_and_keeps_media_and_their_sizes(
    inside: Insides, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"files_endpoint": bucket, "files_region": "eu-central-1", "files_url": "s3://shop/media"}
    content = picture("JPEG", (700, 500), color=(44, 45, 46))
    async with inside(**given, files_access_key_id="key", files_secret_access_key="hush") as one:
        boss = one.client()
        target = await request(boss, len(content))
        assert target["url"].startswith(f"{bucket}/shop/media/uploads/")
        assert await put(boss, target, content) == 200
        media = await take(boss, target)
        served = await boss.http.get(boss.base + media["url"], headers={"range": "bytes=0-2"})
        assert (served.status_code, served.content) == (206, content[:3])
        small = await boss.http.get(boss.base + media["url"].replace(".jpg", "/256.webp"))
        assert small.status_code == 200
        assert await one.doors.media.files.content(_key(media, "-256.webp")) == small.content
        short = await request(boss, len(content) + 1)
        assert await put(boss, short, content) == 200
        monkeypatch.setattr(one.doors.media.files, "fetch", None)  # what has another size is not copied
        assert f"has {len(content)} bytes, not {len(content) + 1}" in (await take(boss, short))["message"]


def _key(media: Any, suffix: str) -> str:
    digest = media["url"].split("/")[2].split(".")[0]
    return f"{digest[:2]}/{digest}{suffix}"


# --- what is nobody's


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Files(MemoryStore(), spool=tmp_path))


async def upload(store: Store, content: bytes, folder: Path) -> Upload:
    incoming = Incoming(folder, most=len(content))
    await incoming.write(content)
    return await incoming.finish("x.png")


async def in_doubt(db: Database, digest: str, seconds: int = -1) -> None:
    await db.transact(lambda conn: operations.doubt(conn, digest, keep=timedelta(seconds=seconds)))


async def test_a_sweep_takes_what_is_nobodys_and_leaves_what_is_media(
    db: Database, store: Store, tmp_path: Path
) -> None:
    kept = [await store.look(await upload(store, picture(color=(n, 0, 0)), tmp_path)) for n in range(4)]
    media, lost, young, removed = kept
    for one, n in zip(kept, range(4), strict=True):
        await store.put(await upload(store, picture(color=(n, 0, 0)), tmp_path), one)
        await store.thumbnail(one.digest, 64)
        await in_doubt(db, one.digest)
    async with db.write() as conn:
        await operations.add(conn, media, alt={})
        gone = await operations.add(conn, removed, alt={})
        await operations.doubt(conn, young.digest)
    async with db.write() as conn:
        await operations.delete_unused(conn, gone.id)
        await conn.execute(
            text("UPDATE media_doubt SET until = now() - interval '1 s' WHERE digest = :d"), {"d": removed.digest}
        )

    assert await db.transact(lambda conn: operations.sweep(conn, store)) == 2
    there = {one.digest: await store.size(one.digest, "png") for one in kept}
    assert {digest for digest, size in there.items() if size} == {media.digest, young.digest}
    assert await store.files.size(f"{lost.digest[:2]}/{lost.digest}-64.webp") is None
    assert await db.transact(lambda conn: operations.sweep(conn, store)) == 0


async def test_a_file_that_comes_again_while_it_is_swept_is_there_afterwards(
    db: Database, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await upload(store, picture(color=(8, 8, 8)), tmp_path)
    kept = await store.look(sent)
    await store.put(sent, kept)
    await in_doubt(db, kept.digest)
    sweeping, go_on, delete = asyncio.Event(), asyncio.Event(), store.delete

    async def slowly(digest: str) -> None:
        sweeping.set()
        await go_on.wait()
        await delete(digest)

    async def come_again() -> None:
        await db.transact(lambda conn: operations.doubt(conn, kept.digest))
        await store.put(sent, kept)
        await db.transact(lambda conn: operations.add(conn, kept, alt={}))

    monkeypatch.setattr(store, "delete", slowly)
    sweep = asyncio.create_task(db.transact(lambda conn: operations.sweep(conn, store)))
    await sweeping.wait()
    again = asyncio.create_task(come_again())
    await asyncio.sleep(0.1)
    assert not again.done()
    go_on.set()
    await asyncio.gather(sweep, again)
    assert await store.size(kept.digest, "png") == sent.bytes
    async with db.read() as conn:
        assert kept.digest in await queries.media_by_digest(conn, [kept.digest])


async def test_what_was_sent_and_never_taken_is_swept(db: Database, store: Store) -> None:
    async with db.write() as conn:
        target = await operations.expect(conn, uuid.uuid4(), name="x", bytes=1, type=None, most=1)
    await store.files.put(operations.sent(target.id), b"x")
    assert await db.transact(lambda conn: operations.sweep(conn, store)) == 0
    async with db.write() as conn:
        await conn.execute(text("UPDATE upload_target SET expires_at = now() - interval '2 hours'"))
    assert await db.transact(lambda conn: operations.sweep(conn, store)) == 1
    assert await store.files.size(operations.sent(target.id)) is None
