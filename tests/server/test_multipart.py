"""GraphQL multipart requests: what is no such request is told so, before anything is kept of it."""

from typing import Any

import httpx
import orjson
import pytest

from server.graphql.parts import KIND
from tests.samples import picture
from tests.server.conftest import Clients, Insides
from tests.server.hubs import Client, Hub, document, key

PLACE = {"0": ["variables.input.file"]}
FILE = ("0", b"x.png", picture(color=(3, 5, 7)))
Part = tuple[str, bytes | None, bytes]


@pytest.fixture
def boss(client: Clients) -> Client:
    return client()


def operations(**given: Any) -> bytes:
    whole = {"query": document("UploadMedia"), "variables": {"input": {"idempotencyKey": key(), "file": None}}}
    return orjson.dumps(whole | given)


def body(*parts: Part, end: bytes = b"--x--\r\n") -> bytes:
    told = b""
    for name, filename, content in parts:
        told += b'--x\r\nContent-Disposition: form-data; name="' + name.encode() + b'"'
        told += b'; filename="' + filename + b'"' if filename is not None else b""
        told += b"\r\n\r\n" + content + b"\r\n"
    return told + end


async def post(to: Client, content: bytes, kind: str = f"{KIND}; boundary=x", **headers: str) -> httpx.Response:
    given = to.headers | {"content-type": kind} | headers
    return await to.http.post(f"{to.base}/graphql", content=content, headers=given)


def asked(places: Any = None, **given: Any) -> tuple[Part, Part]:
    named = places if isinstance(places, bytes) else orjson.dumps(PLACE if places is None else places)
    return ("operations", None, operations(**given)), ("map", None, named)


VARIABLES = {"input": {"idempotencyKey": "k", "file": None, "alt": [{"locale": None, "text": "x"}]}}
WRONG = {
    "nothing at all": (b"", 400, "cut short"),
    "not multipart at all": (b'{"query": "{__typename}"}', 400, "no multipart"),
    "cut short": (body(*asked(), FILE, end=b""), 400, "cut short"),
    "cut in a head": (b"--x\r\nContent-Disposition: form-data; na", 400, "cut short"),
    "no operations": (body(asked()[1], FILE), 400, "operations is missing"),
    "no map": (body(asked()[0], FILE), 400, "map is missing"),
    "the file first": (body(FILE, *asked()), 400, "stands behind a file"),
    "two maps": (body(*asked(), asked()[1], FILE), 400, "more than one part map"),
    "operations that are no JSON": (body(("operations", None, b"{"), asked()[1], FILE), 400, "operations is no JSON"),
    "a map that is no JSON": (body(*asked(b"{{"), FILE), 400, "map is no JSON"),
    "a map that is a list": (body(*asked([]), FILE), 400, "must be an object of lists"),
    "a map to a text": (body(*asked({"0": "variables.input.file"}), FILE), 400, "must be an object of lists"),
    "a map to nothing": (body(*asked({"0": []}), FILE), 400, "must be an object of lists"),
    "a batch": (body(("operations", None, b"[]"), asked({"0": ["0.variables.file"]})[1], FILE), 400, "null"),
    "a path to a number": (body(*asked({"0": [7]}), FILE), 400, "must lead to a null"),
    "a path to nowhere": (body(*asked({"0": ["variables.input.photo"]}), FILE), 400, "must lead to a null"),
    "a path out of the variables": (body(*asked({"0": ["query"]}), FILE), 400, "must lead to a null"),
    "a path into a text": (body(*asked({"0": ["variables.input.idempotencyKey.0"]}), FILE), 400, "must lead to a null"),
    "a path to what is no null": (body(*asked({"0": ["variables.input"]}), FILE), 400, "must lead to a null"),
    "a path beyond a list": (
        body(*asked({"0": ["variables.input.alt.7.locale"]}, variables=VARIABLES), FILE),
        400,
        "must lead to a null",
    ),
    "a path to what takes no file": (
        body(*asked({"0": ["variables.input.alt.0.locale"]}, variables=VARIABLES), FILE),
        400,
        "variables.input.alt.0.locale takes no file",
    ),
    "one path twice": (body(*asked({"0": ["variables.input.file"] * 2}), FILE), 400, "each of them once"),
    "a path for two files": (body(*asked(PLACE | {"1": PLACE["0"]}), FILE), 400, "each of them once"),
    "too many files": (body(*asked({str(n): ["variables.x"] for n in range(11)}), FILE), 413, "at most 10 files"),
    "a file that is not in the map": (body(*asked(), ("1", b"x.png", b"x")), 400, "is not in map"),
    "a file twice": (body(*asked(), FILE, FILE), 400, "is there twice"),
    "a file that is not there": (body(*asked()), 400, "is in map and not in the request"),
    "a variable that is not declared": (
        body(*asked({"0": ["variables.more"]}, variables={"more": None}), FILE),
        400,
        "takes no file",
    ),
    "a document with a mistake": (body(*asked(query="mutation { nothing }"), FILE), 400, "nothing"),
    "huge operations": (body(("operations", None, b" " * (2**20 + 1)), FILE), 413, "must not be larger"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_no_such_request_is_told_so(boss: Client, hub: Hub, case: str) -> None:
    content, status, reason = WRONG[case]
    answer = await post(boss, content)
    [error] = answer.json()["errors"]
    assert (answer.status_code, reason in error["message"]) == (status, True), answer.text
    assert not list((hub.data_dir / "uploads").glob("*"))


async def test_a_boundary_must_be_named(boss: Client) -> None:
    assert (await post(boss, body(*asked(), FILE), "multipart/form-data")).status_code == 400


async def test_files_are_not_answered_as_events(boss: Client) -> None:
    assert (await post(boss, body(*asked(), FILE), accept="text/event-stream")).status_code == 406


async def test_an_operation_without_files_may_come_as_one(boss: Client) -> None:
    answer = await post(boss, body(("operations", None, b'{"query": "{__typename}"}'), ("map", None, b"{}")))
    assert answer.json() == {"data": {"__typename": "Query"}}


async def test_a_part_without_a_file_name_is_a_file_where_the_map_says_so(boss: Client) -> None:
    answer = await post(boss, body(*asked(), ("0", None, FILE[2])))
    assert answer.json()["data"]["uploadMedia"]["__typename"] == "Media"


async def test_the_limits_are_those_that_are_set(inside: Insides) -> None:
    async with inside(max_upload_bytes=2000, max_upload_request_bytes=5000, max_upload_files=1) as one:
        boss = one.client()
        large = await post(boss, body(*asked(), ("0", b"x.png", bytes(2001))))
        assert (large.status_code, "2000 bytes" in large.text) == (413, True)
        lengthy = body(*asked(), FILE) + bytes(6000)
        assert (await post(boss, lengthy)).status_code == 413
        assert (await post(boss, body(*asked({"0": ["variables.a"], "1": ["variables.b"]}), FILE))).status_code == 413
        assert (await post(boss, body(*asked(), FILE))).json()["data"]["uploadMedia"]["__typename"] == "Media"
        assert not list(one.doors.media.files.spool.glob("*"))
