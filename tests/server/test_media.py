"""Files come in by GraphQL multipart requests, are looked at, kept once, described, found, shown and removed."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest

from tests import samples
from tests.samples import picture
from tests.server.conftest import Clients
from tests.server.hubs import Client, Hub, document, key
from tests.server.sending import MEDIA, colored, library, parts, send, stored

SHOWN = "query P($code: String!) { product(code: $code) { revision media { id } } }"
SAVE = f"mutation S($input: SaveMediaInput!) {{ saveMedia(input: $input) {{ __typename ... on Media {MEDIA} }} }}"
DELETE = """
    mutation D($input: DeleteMediaInput!) { deleteMedia(input: $input) {
        __typename ... on MediaDeleted { id } ... on MediaInUse { products } ... on Error { message } } }
"""


@pytest.fixture
def boss(client: Clients) -> Client:
    return client()


# --- what is taken


@pytest.mark.parametrize(
    ("content", "type", "kind", "size"),
    [
        (picture("PNG", color=(1, 2, 3)), "image/png", "IMAGE", (40, 20)),
        (picture("JPEG"), "image/jpeg", "IMAGE", (40, 20)),
        (picture("WEBP"), "image/webp", "IMAGE", (40, 20)),
        (picture("AVIF"), "image/avif", "IMAGE", (40, 20)),
        (samples.animation(20), "image/gif", "IMAGE", (4, 4)),
        (samples.half_and_half("JPEG", 6), "image/jpeg", "IMAGE", (20, 40)),
        (samples.PDF, "application/pdf", "DOCUMENT", (None, None)),
        (samples.MP4, "video/mp4", "VIDEO", (None, None)),
        (samples.WEBM, "video/webm", "VIDEO", (None, None)),
    ],
    ids=["png", "jpeg", "webp", "avif", "gif", "turned", "pdf", "mp4", "webm"],
)
async def test_a_file_is_what_its_bytes_say_and_is_served_as_that(
    boss: Client, content: bytes, type: str, kind: str, size: tuple[int | None, int | None]
) -> None:
    one = await send(boss, content, "invoice.exe")
    assert (one["__typename"], one["kind"], one["width"], one["height"]) == ("Media", kind, *size)
    served = await boss.http.get(boss.base + one["url"])
    assert (served.status_code, served.content) == (200, content)
    assert served.headers["content-type"] == type
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "immutable" in served.headers["cache-control"]
    disposition = served.headers.get("content-disposition")
    assert disposition == ("attachment; filename*=UTF-8''invoice.exe.pdf" if kind == "DOCUMENT" else None)


WHOLE = picture("JPEG", (300, 300), color=(9, 9, 9))
NOISE = picture("PNG", (200, 200)) + b"never read"
HOSTILE = {
    "nothing": (b"", "is empty"),
    "svg with a script": (b'<?xml version="1.0"?>\n<svg><script>alert(1)</script></svg>', "is SVG"),
    "svg behind a comment": (b"<!-- harmless -->" * 9 + b"<svg onload=alert(1)></svg>", "is SVG"),
    "html": (b"\n<!DOCTYPE html><html><script>alert(1)</script>", "is a web page"),
    "zip": (b"PK\x03\x04" + bytes(60), "is a ZIP archive"),
    "program": (b"MZ\x90\0" + bytes(600), "is no PNG"),
    "bitmap": (b"BM" + bytes(600), "is no PNG"),
    "cut jpeg": (WHOLE[: len(WHOLE) // 2], "cut short"),
    "cut png": (picture("PNG", (300, 300))[:-60], "cut short"),
    "cut gif": (samples.animation(9)[:-9], "cut short"),
    "cut webp": (picture("WEBP", (300, 300))[:-40], "cut short"),
    "cut pdf": (samples.PDF[:-8], "cut short"),
    "cut mp4": (samples.MP4[:-100], "cut short"),
    "cut webm": (samples.WEBM[:-100], "cut short"),
    "png bomb": (samples.png(60_000, 60_000), "pixels"),
    "wide png": (samples.png(40_000, 2), "pixels"),
    "png that promises more": (samples.png(4000, 4000, pixels=bytes(100)), "cut short"),
    "png with a bomb of text": (samples.text_bomb(), "cut short"),
    "webp bomb": (samples.webp_of(16_000, 16_000), "pixels"),
    "gif of many frames": (samples.animation(501), "frames"),
    "jpeg that is a zip": (picture("JPEG") + b"PK\x03\x04" + b"PK\x05\x06" + bytes(18), "more than one thing"),
    "gif that is a page": (b"GIF89a" + b"/*<script>alert(1)</script>*/", "more than one thing"),
    "gif that is a pdf": (picture("GIF") + samples.PDF, "more than one thing"),
    "large": (picture("PNG") + bytes(20 * 2**20), "larger than"),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_a_hostile_file_is_refused_with_the_reason_and_not_kept(boss: Client, hub: Hub, case: str) -> None:
    content, reason = HOSTILE[case]
    before = stored(hub)
    refused = await send(boss, content, "holiday.png")
    assert refused["__typename"] == "InvalidInput", refused
    assert refused["message"].startswith("file: ")
    assert reason in refused["message"]
    assert stored(hub) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"../../etc/passwd", "must not be a path"),
        (b"a\\b.png", "must not be a path"),
        ("a\uff0fb.png".encode(), "must not be a path"),
        (b"..", "must not be a path"),
        (b"a\0.png", "control characters"),
        (b"a\x1b[2J.png", "control characters"),
        ("gnp.\u202eexe".encode(), "control characters"),
        (b"x" * 256, "255 bytes"),
    ],
)
async def test_a_name_that_plays_tricks_is_refused(boss: Client, name: bytes, reason: str) -> None:
    answer = await raw(boss, name)
    refused = answer.json()["data"]["uploadMedia"]
    assert refused["__typename"] == "InvalidInput"
    assert reason in refused["message"]


async def raw(boss: Client, name: bytes) -> httpx.Response:
    asked = orjson.dumps({"query": document("UploadMedia"), "variables": {"input": {"idempotencyKey": key()}}})
    asked = asked.replace(b'{"input":{', b'{"input":{"file":null,')
    body = b"--x\r\nContent-Disposition: form-data; name=operations\r\n\r\n" + asked
    body += b'\r\n--x\r\nContent-Disposition: form-data; name=map\r\n\r\n{"a":["variables.input.file"]}'
    body += (
        b'\r\n--x\r\nContent-Disposition: form-data; name=a; filename="' + name.replace(b"\\", b"\\\\") + b'"\r\n\r\n'
    )
    body += picture() + b"\r\n--x--\r\n"
    headers = boss.headers | {"content-type": "multipart/form-data; boundary=x"}
    return await boss.http.post(f"{boss.base}/graphql", content=body, headers=headers)


async def test_a_name_that_is_no_utf8_is_a_bad_request(boss: Client) -> None:
    answer = await raw(boss, b"\xff\xfe.png")
    assert (answer.status_code, "UTF-8" in answer.text) == (400, True)


# --- once, whoever sends it how often


async def test_the_same_content_is_the_same_media_with_the_texts_of_both(boss: Client) -> None:
    first = await send(boss, colored(1), alt=[{"locale": "de", "text": "Zelt"}])
    second = await send(boss, colored(1), "other.png", alt=[{"locale": "en", "text": "Tent"}])
    assert second["id"] == first["id"]
    [found] = [one for one in await library(boss, search="zelt") if one["id"] == first["id"]]
    assert found["texts"] == [{"locale": "de", "text": "Zelt"}, {"locale": "en", "text": "Tent"}]
    assert found["name"] == "a picture.png"


async def test_many_who_send_the_same_at_once_make_one_media(boss: Client) -> None:
    found = await asyncio.gather(*(send(boss, colored(2)) for _ in range(8)))
    assert len({one["id"] for one in found}) == 1


async def test_a_repetition_is_answered_alike_and_another_file_under_that_key_is_a_conflict(boss: Client) -> None:
    mine = key()
    first = await send(boss, colored(3), idempotencyKey=mine)
    assert await send(boss, colored(3), "another name.png", idempotencyKey=mine) == first
    assert (await send(boss, colored(4), idempotencyKey=mine))["__typename"] == "IdempotencyConflict"


# --- on products


async def test_a_file_is_shown_behind_the_others_of_a_product_and_that_is_a_revision(boss: Client) -> None:
    before = await boss.send(SHOWN, code="kaje-mug")
    one = await send(boss, colored(5), product="kaje-mug")
    after = await boss.send(SHOWN, code="kaje-mug")
    assert [shown["id"] for shown in after["media"]] == [*(shown["id"] for shown in before["media"]), one["id"]]
    assert after["revision"] == before["revision"] + 1
    await send(boss, colored(5), product="kaje-mug")
    assert await boss.send(SHOWN, code="kaje-mug") == after


async def test_files_that_come_for_one_product_at_once_are_all_shown(boss: Client) -> None:
    before = await boss.send(SHOWN, code="kaje-mug")
    sent = await asyncio.gather(*(send(boss, colored(n), product="kaje-mug") for n in range(10, 16)))
    after = await boss.send(SHOWN, code="kaje-mug")
    assert {shown["id"] for shown in after["media"]} == {one["id"] for one in [*before["media"], *sent]}


OFFERS = """
    { shop(channel: "web", locale: "en") { offers(skus: ["NL-TENT-FJORD-3-GRN", "NL-TENT-FJORD-3-SND"]) {
        sku media { id } listing { media { id } } } } }
"""


async def test_a_variants_own_picture_is_what_its_offer_shows(boss: Client) -> None:
    one = await send(boss, colored(6), variant="NL-TENT-FJORD-3-GRN")
    offers = (await boss.send(OFFERS))["offers"]
    own, other = offers if offers[0]["sku"].endswith("GRN") else reversed(offers)
    assert own["media"] == [{"id": one["id"]}]
    assert other["media"] == other["listing"]["media"]
    assert {"id": one["id"]} in other["listing"]["media"]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"product": "no-such"}, "NotFound"),
        ({"variant": "no-such"}, "NotFound"),
        ({"product": "kaje-mug", "variant": "NL-TENT-FJORD-2-GRN"}, "InvalidInput"),
        ({"alt": [{"locale": "klingon!", "text": "x"}]}, "InvalidInput"),
        ({"upload": "VXBsb2Fk"}, "InvalidInput"),
    ],
)
async def test_what_is_said_of_a_file_must_make_sense(boss: Client, given: dict[str, Any], kind: str) -> None:
    assert (await send(boss, colored(7), **given))["__typename"] == kind


# --- the library


async def test_the_library_finds_files_newest_first_by_name_text_kind_use_and_product(boss: Client) -> None:
    sent = [await send(boss, colored(20 + n), f"Findling 100%_{n}.png") for n in range(3)]
    await send(boss, samples.PDF.replace(b"1.4", b"1.5"), "findling.pdf", alt=[{"locale": "ru", "text": "Найдёныш"}])
    await send(boss, colored(21), product="kaje-mug")
    ids = [one["id"] for one in sent]
    assert [one["id"] for one in await library(boss, search="FINDLING 100%_")] == ids[::-1]
    assert [one["name"] for one in await library(boss, search="НАЙДЁН")] == ["findling.pdf"]
    assert {one["kind"] for one in await library(boss, kind="DOCUMENT")} == {"DOCUMENT"}
    unused = {one["id"]: one["usedBy"] for one in await library(boss, search="findling", unused=True)}
    assert unused.keys() & set(ids) == {ids[0], ids[2]}
    assert set(unused.values()) == {0}
    assert ids[1] in {one["id"] for one in await library(boss, product="kaje-mug")}
    assert await library(boss, product="no-such") == []


async def test_what_a_file_shows_is_said_anew(boss: Client) -> None:
    one = await send(boss, colored(30), alt=[{"locale": "de", "text": "alt"}])
    given = {"idempotencyKey": key(), "media": one["id"], "alt": [{"locale": "en", "text": "A pot"}]}
    assert (await boss.send(SAVE, input=given))["texts"] == [{"locale": "en", "text": "A pot"}]


async def test_a_file_that_is_shown_stays_and_one_that_is_not_goes(boss: Client) -> None:
    shown = await send(boss, colored(31), product="kaje-mug")
    kept = await boss.send(DELETE, input={"idempotencyKey": key(), "media": shown["id"]})
    assert (kept["__typename"], kept["products"]) == ("MediaInUse", 1)
    lone = await send(boss, colored(32))
    gone = await boss.send(DELETE, input={"idempotencyKey": key(), "media": lone["id"]})
    assert gone == {"__typename": "MediaDeleted", "id": lone["id"]}
    again = await boss.send(DELETE, input={"idempotencyKey": key(), "media": lone["id"]})
    assert again["__typename"] == "NotFound"
    for wrong in ("nonsense", "UHJvZHVjdDox"):
        assert (await boss.send(DELETE, input={"idempotencyKey": key(), "media": wrong}))[
            "__typename"
        ] == "InvalidInput"


# --- who may


async def test_a_file_is_refused_unread_to_who_has_no_token_or_may_not(client: Clients, boss: Client) -> None:
    nobody = await parts(Client(boss.base, None, boss.http), files={"0": ("x.png", picture())})
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")
    asked = "uploadMedia(input: $input) { __typename }"
    for query in (
        f"{{ {asked} }}",
        f"{{ ... {{ ... on Mutation {{ {asked} }} }} }}",
        f"{{ ...a ...b }} fragment a on Mutation {{ ...b }} fragment b on Mutation {{ {asked} }}",
    ):
        whole = f"mutation ($input: UploadMediaInput!) {query}"
        web = (await parts(client("web"), files={"0": ("x.png", picture())}, query=whole)).json()
        assert web["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert "data" not in web  # it was not begun


async def test_a_file_that_is_not_sent_as_one_is_an_error_of_the_variable(boss: Client) -> None:
    for given in (None, "QUJD", {"path": "/etc/passwd"}):
        answer = await boss.ask("UploadMedia", input={"idempotencyKey": key(), "file": given})
        assert "errors" in answer or answer["data"]["uploadMedia"]["__typename"] == "InvalidInput"
