"""The object store does the same in a folder, in a bucket of something that speaks S3, and in memory."""

import asyncio
import hashlib
import os
import time
from pathlib import Path

import httpx
import pytest
from obstore.store import MemoryStore

from kernel import files
from kernel.files import Files, Incoming, TooLarge

BIG = os.urandom(11 * 2**20)  # more than one part of a bucket's upload


def in_bucket(endpoint: str, folder: Path) -> Files:
    return Files.in_bucket(
        "shop", prefix="hub", endpoint=endpoint, region="eu-central-1", key_id="key", secret="hush", spool=folder
    )


@pytest.fixture(params=["folder", "bucket", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    match request.param:
        case "folder":
            return Files.in_folder(tmp_path / "deep" / "down", spool=tmp_path / "spool")
        case "bucket":
            return in_bucket(request.getfixturevalue("bucket"), tmp_path / "spool")
    return Files(MemoryStore(), spool=tmp_path / "spool")


async def test_what_was_put_is_read_whole_in_part_and_as_a_copy(store: Files, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(BIG)
    digest = hashlib.sha256(BIG).hexdigest()
    key = files.by_digest(digest, prefix="media/", suffix=".mp4")

    await store.put(key, source)

    assert await store.size(key) == len(BIG)
    found = await store.read(key)
    assert found is not None
    assert (found.size, b"".join([chunk async for chunk in found.chunks])) == (len(BIG), BIG)
    part = await store.read(key, 10, 20)
    assert part is not None
    assert (part.size, b"".join([chunk async for chunk in part.chunks])) == (len(BIG), BIG[10:20])
    rest = await store.read(key, len(BIG) - 5)
    assert rest is not None
    assert b"".join([chunk async for chunk in rest.chunks]) == BIG[-5:]
    with store.a_folder() as folder:
        copied = await store.fetch(key, folder, name="a film", most=len(BIG))
        assert copied is not None
        assert (copied.name, copied.bytes, copied.digest) == ("a film", len(BIG), digest)
        assert copied.path.read_bytes() == BIG
    assert not copied.path.exists()


async def test_what_is_there_stays_unless_it_is_to_be_replaced(store: Files) -> None:
    await store.put("ab/one", b"first")
    await store.put("ab/one", b"second")
    assert await store.content("ab/one") == b"first"
    await store.put("ab/one", b"third", replace=True)
    assert await store.content("ab/one") == b"third"


async def test_what_is_not_there_is_none_and_deleting_it_is_nothing(store: Files, tmp_path: Path) -> None:
    await store.put("ab/two", b"gone soon")
    await store.delete(["ab/two", "ab/never"])
    assert await store.size("ab/two") is None
    assert await store.read("ab/two") is None
    assert await store.content("ab/two") is None
    assert await store.fetch("ab/two", tmp_path, name="x", most=100) is None


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/.hidden", "A/B", "a\0b", "a/b\n", "ü"]
)
async def test_what_comes_from_outside_is_no_key(store: Files, key: str) -> None:
    for work in (store.put(key, b""), store.size(key), store.read(key), store.delete([key])):
        with pytest.raises(ValueError):
            await work
    with pytest.raises(ValueError):
        files.by_digest(key)


async def test_a_bucket_gives_a_place_to_put_one_file_and_a_folder_does_not(bucket: str, tmp_path: Path) -> None:
    store = in_bucket(bucket, tmp_path)
    url = await store.place_to_put("uploads/1", seconds=60)
    assert url is not None
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.put(url, content=b"from outside")).raise_for_status()
    assert await store.content("uploads/1") == b"from outside"
    assert await Files.in_folder(tmp_path).place_to_put("uploads/1", seconds=60) is None


async def test_a_file_comes_in_hashed_and_never_larger_than_it_may_be(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path, most=len(BIG))
    for start in range(0, len(BIG), 100_000):
        await incoming.write(BIG[start : start + 100_000])
    upload = await incoming.finish("../../etc/passwd")
    assert upload.path.parent == tmp_path
    assert (upload.bytes, upload.digest) == (len(BIG), hashlib.sha256(BIG).hexdigest())
    with pytest.raises(TooLarge):
        await incoming.write(b"!")


async def test_what_a_killed_node_left_behind_is_swept(tmp_path: Path) -> None:
    store = Files(MemoryStore(), spool=tmp_path)
    left, young = tmp_path / "left", tmp_path / "young"
    for folder in (left, young):
        folder.mkdir()
        (folder / "part").write_bytes(b"half a")
    os.utime(left, (time.time() - 7200,) * 2)
    await asyncio.to_thread(store.sweep_spool, seconds=3600)
    assert not left.exists()
    assert young.exists()
