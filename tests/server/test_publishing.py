"""Merchandisers see what is not ready, and decide what channels show."""

from tests.server.conftest import Clients


async def test_what_is_incomplete_is_found_and_counted(client: Clients) -> None:
    asked = {"channel": "web", "locale": "ru", "first": 100}
    found = await client("merchandiser").send("Incomplete", **asked)
    assert 0 < len(found["edges"]) == found["totalCount"] < 62
    for edge in found["edges"]:
        [one] = edge["node"]["completeness"]
        assert one["percent"] < 100
        assert one["missing"]
    complete = await client("merchandiser").send("Incomplete", **asked | {"locale": "en"})
    assert complete["totalCount"] < found["totalCount"]


async def test_a_scope_that_is_none_is_refused(client: Clients) -> None:
    asked = {"channel": "web", "locale": "ja", "first": 1}
    assert await client("merchandiser").code("Incomplete", **asked) == "INVALID_INPUT"
