"""What comes in by an import is a file, something that was sent ahead, or rows within the operation."""

from typing import Any

import pytest

from tests.server.conftest import Clients
from tests.server.hubs import Client, key
from tests.server.test_imports import SAVE, ended

REQUEST = """
mutation R($input: RequestUploadInput!) {
  requestUpload(input: $input) { __typename ... on UploadTarget { id url } ... on Error { message } }
}
"""


@pytest.fixture
def boss(client: Clients) -> Client:
    return client("merchandiser")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "file: must be given, or upload or text, and only one of them."),
        ({"text": "sku\na", "upload": "x"}, "file: must be given, or upload or text, and only one of them."),
        ({"text": "sku\na", "url": "x"}, "file: must be given, or upload or text, and only one of them."),
        ({"url": "http://169.254.169.254/"}, "url: is not fetched by this hub: send the file itself."),
        ({"text": "\n \n"}, "text: is empty."),
        ({"upload": "x"}, "upload: is no id that this hub gave out."),
    ],
)
async def test_one_thing_is_said_to_come_in(boss: Client, given: dict[str, Any], message: str) -> None:
    row = {"idempotencyKey": key(), "kind": "PRODUCTS"}
    assert (await boss.send("StartImport", input=row | given))["message"] == message


PASTED = """
mutation {
  startImport(
    input: {
      idempotencyKey: "%s"
      kind: PRODUCTS
      text: \"""
        %s
      \"""
    }
  ) { __typename ... on Import { id fileName } ... on Error { message } }
}
"""


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (["code\tsku\tgtin", "paste-a\tpaste-1\t", "\tpaste-2\t"], (2, 0)),
        (["sku;code", '"paste-3";"a;b"', "paste-4;paste-b"], (1, 1)),
        (['{"code": "paste-j", "variants": [{"sku": "paste-5"}]}'], (1, 0)),
    ],
)
async def test_rows_are_pasted_into_the_operation(boss: Client, rows: list[str], found: tuple[int, int]) -> None:
    begun = await boss.send(PASTED % (key(), "\n        ".join(rows)))
    done = await ended(boss, begun["id"])
    assert (done["status"], done["created"], done["refused"]) == ("DONE", *found), done


async def test_pasted_rows_are_what_they_are_whatever_encoding_a_mapping_says(boss: Client) -> None:
    row = {"idempotencyKey": key(), "name": "cyrillic", "kind": "PRODUCTS"}
    await boss.send(SAVE, input=row | {"document": {"format": {"encoding": "cp1251"}}})
    given = {"idempotencyKey": key(), "kind": "PRODUCTS", "mapping": "cyrillic", "text": "\n\nsku,ж\npaste-6,\n"}
    done = await ended(boss, (await boss.send("StartImport", input=given))["id"])
    [problem] = [edge["node"] for edge in done["problems"]["edges"]]
    assert (done["created"], problem["line"], problem["column"]) == (1, 1, "ж")


async def test_what_was_sent_ahead_is_tried_and_then_taken_in_once(boss: Client) -> None:
    content = b"sku\nsent-ahead\n"
    place = await boss.send(REQUEST, input={"idempotencyKey": key(), "name": "ahead.csv", "bytes": len(content)})
    row = {"kind": "PRODUCTS", "upload": place["id"]}

    async def begin(key: str, **given: Any) -> Any:
        return await boss.send("StartImport", input=row | {"idempotencyKey": key} | given)

    assert (await begin(key()))["message"] == "upload: has not been sent."
    assert (await boss.http.put(boss.base + place["url"], content=content)).status_code == 204
    tried = await ended(boss, (await begin(key(), dryRun=True))["id"])
    again = key()
    begun = await begin(again)
    done = await ended(boss, begun["id"])
    assert (tried["created"], done["created"]) == (1, 1)
    assert await begin(again) == begun
    assert (await begin(key()))["message"] == "upload: is closed: it has expired or was taken in."
