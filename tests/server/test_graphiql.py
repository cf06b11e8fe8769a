"""GraphiQL, and the small page that stands in for it, in a real browser that reaches nothing but the hub."""

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import (
    Browser,
    FilePayload,
    Locator,
    Page,
    Request,
    Response,
    Route,
    async_playwright,
    expect,
)
from pydantic import SecretStr
from starlette.applications import Starlette

from server import pages, stores
from server.settings import Settings
from tests.samples import picture
from tests.server.conftest import Inside, Insides
from tests.server.hubs import ROOT, Client, key, soon

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
QUERY = '{ shop(channel: "web") { offers(skus: ["NL-CHR-RAST-GRN"]) { sku } } }'
SKU = "NL-CHR-RAST-NVY"
LINE = {"sku": SKU, "location": "berlin-dc", "delta": 1}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        # `make test` installs it where it may; who may not install packages can still run all the other tests
        pytest.skip("there is no Chromium here: `make browser` says how to get it")
    async with async_playwright() as playwright:
        one = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield one
        await one.close()


@pytest.fixture(scope="module")
def built() -> Path:
    """GraphiQL, built where it was not yet."""
    if not (pages.BUILT / "index.html").exists():
        if shutil.which("npm") is None:
            # npm builds it and nothing else here needs npm: a hub without it serves its fallback page, tested below
            pytest.skip("GraphiQL is not built, and there is no npm here to build it")
        subprocess.run(["make", "web"], cwd=ROOT, check=True, capture_output=True, timeout=600)
    return pages.BUILT


@dataclass
class Watched:
    """A page and what it did that it must not do."""

    page: Page
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def is_well(self) -> None:
        assert self.outside == []
        assert self.complaints == []


@pytest.fixture
async def watched(browser: Browser) -> AsyncIterator[Watched]:
    context = await browser.new_context()
    one = Watched(await context.new_page())

    async def only_here(route: Route, request: Request) -> None:
        if re.match(r"(https?|wss?)://127\.0\.0\.1[:/]", request.url):
            await route.continue_()
        else:
            one.outside.append(request.url)
            await route.abort()

    await context.route("**/*", only_here)
    one.page.on("console", lambda said: one.complaints.append(said.text) if said.type == "error" else None)
    one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
    one.page.on("requestfailed", lambda request: one.complaints.append(f"{request.url}: {request.failure}"))
    await one.page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
    )
    yield one
    await context.close()


async def adjust(client: Client) -> None:
    given = {"idempotencyKey": key(), "reason": "RECEIVED", "adjustments": [LINE]}
    assert (await client.send("AdjustStock", input=given))["__typename"] == "StockAdjustment"


MODEL = "name => window.__MONACO.editor.getModels().find(one => one.uri.path.endsWith(name)).getValue()"


async def test_graphiql_answers_a_query_and_shows_a_subscription_move(
    built: Path, inside: Insides, watched: Watched
) -> None:
    async with inside() as hub:
        page = watched.page
        await page.goto(f"{hub.base}/graphiql#token={hub.tokens['head_office']}")
        await page.locator(".graphiql-query-editor .view-line").first.wait_for()
        assert hub.tokens["head_office"] not in page.url
        await page.get_by_role("button", name="Execute query").click()
        await page.locator(".status", has_text="HTTP 200").wait_for()
        assert '"totalCount"' in await page.evaluate(MODEL, "response.json")

        await page.get_by_role("tab", name="Stock").click()
        await page.get_by_role("button", name="Execute query").click()
        await page.locator(".status", has_text="Live").wait_for()
        for count in (1, 2):
            await adjust(hub.client())
            await page.locator(".status", has_text=re.compile(rf"Live: {count} event")).wait_for()
        assert SKU in await page.evaluate(MODEL, "response.json")
        watched.is_well()
        await page.goto("about:blank")


async def test_the_small_page_does_the_same_where_graphiql_is_not_built(
    inside: Insides, watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "BUILT", tmp_path)
    async with inside() as hub:
        page = watched.page
        await page.goto(f"{hub.base}/graphiql#token={hub.tokens['head_office']}")
        await expect(page.locator("#token")).to_have_value(hub.tokens["head_office"])
        assert hub.tokens["head_office"] not in page.url
        await page.locator("#query").fill(QUERY)
        await page.locator("#run").click()
        await expect(page.locator("#result")).to_contain_text("NL-CHR-RAST-GRN")

        await page.locator("#query").fill("subscription { stockChanged { level { sku onHand } } }")
        await page.locator("#subscribe").click()
        await expect(page.locator("#status")).to_have_attribute("data-tone", "live")
        for count in (1, 2):
            await adjust(hub.client())
            await expect(page.locator("#events li")).to_have_count(count)
        await expect(page.locator("#events li").first).to_contain_text(SKU)
        await page.locator("#stop").click()
        watched.is_well()
        await page.goto("about:blank")


@pytest.mark.parametrize("page", ["/graphiql", "/"])
async def test_a_page_lets_nothing_in_from_elsewhere(inside: Insides, page: str) -> None:
    async with inside() as hub:
        answer = await hub.http.get(f"{hub.base}{page}", follow_redirects=True)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "http" not in policy


# --- files

SET = "([name, text]) => window.__MONACO.editor.getModels().find(one => one.uri.path.endsWith(name)).setValue(text)"
DROP = """([name, bytes, times]) => {
    const carried = new DataTransfer();
    carried.items.add(new File(Array(times).fill(new Uint8Array(bytes)), name));
    const event = new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: carried });
    document.querySelector('.files-drop').dispatchEvent(event);
}"""


@dataclass
class Pane:
    """The pane of files."""

    page: Page

    async def sign(self, token: str) -> None:
        await self.page.evaluate(SET, ["request-headers.json", json.dumps({"Authorization": f"Bearer {token}"})])

    async def choose(self, name: str, content: bytes) -> Locator:
        """Choose a file, by keyboard alone."""
        async with self.page.expect_file_chooser() as chooser:
            await self.page.get_by_role("button", name="Choose files…").press("Enter")
        file = FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
        await (await chooser.value).set_files(file)
        return self.last

    async def drop(self, name: str, content: bytes, times: int = 1) -> Locator:
        """Drop a file that has this content so many times."""
        await self.page.evaluate(DROP, [name, list(content), times])
        return self.last

    @property
    def last(self) -> Locator:
        return self.page.locator(".files li").first

    async def run(self) -> Any:
        """Run the operation, and what the hub answered once the page shows it."""
        async with self.page.expect_response(_is_of_an_operation) as answer:
            await self.page.get_by_role("button", name="Execute query").click()
        data = (await (await answer.value).json())["data"]

        async def is_shown() -> bool:
            shown = await self.page.evaluate(MODEL, "response.json")
            return bool(shown) and json.loads(shown).get("data") == data

        await soon(is_shown)
        return data


def _is_of_an_operation(answer: Response) -> bool:
    return answer.url.endswith("/graphql") and "IntrospectionQuery" not in (answer.request.post_data or "")


@pytest.fixture
async def pane(built: Path, inside: Insides, watched: Watched) -> AsyncIterator[tuple[Inside, Pane]]:
    async with inside() as hub:
        await watched.page.goto(f"{hub.base}/graphiql")
        await watched.page.locator(".graphiql-query-editor .view-line").first.wait_for()
        await watched.page.get_by_role("button", name="Show Files").press("Enter")
        yield hub, Pane(watched.page)
        watched.is_well()
        await watched.page.goto("about:blank")


async def test_a_file_that_cannot_be_sent_is_told_why(pane: tuple[Inside, Pane], watched: Watched) -> None:
    hub, files = pane
    for name, content, why in (
        ("prices.xls", b"\xd0\xcf", "Save it as .xlsx"),
        ("tool.exe", b"MZ", "Neither rows nor media"),
        ("empty.csv", b"", "empty"),
        ("rows.csv", b"sku", "only with a token"),
    ):
        await expect((await files.drop(name, content)).get_by_role("alert")).to_contain_text(why)
    await files.page.evaluate(SET, ["request-headers.json", '{"Authorization": '])
    await files.last.get_by_role("button", name="Try again").click()
    await expect(files.last.get_by_role("alert")).to_contain_text("headers below the operation cannot be read")
    await files.sign("ent_mistyped")
    await files.last.get_by_role("button", name="Try again").click()
    await expect(files.last.get_by_role("alert")).to_contain_text("does not know this token")
    assert ["401" in one for one in watched.complaints] == [True]
    watched.complaints.clear()
    await files.sign(hub.tokens["store"])
    await files.last.get_by_role("button", name="Try again").click()
    await expect(files.last.get_by_role("alert")).to_contain_text("catalog:write")
    await files.sign(hub.tokens["merchandiser"])
    await files.last.get_by_role("button", name="Try again").click()
    await expect(files.last.get_by_text("Sent; to be taken until")).to_be_visible()
    large = await files.drop("large.csv", bytes(2**16), times=257 * 16)
    await expect(large.get_by_role("alert")).to_contain_text("which is 256 MiB")
    await large.get_by_role("button", name="Remove").click()
    await expect(files.page.get_by_text("large.csv")).to_have_count(0)


async def test_a_picture_is_sent_from_graphiql_and_becomes_media(pane: tuple[Inside, Pane]) -> None:
    hub, files = pane
    await files.sign(hub.tokens["merchandiser"])
    one = await files.choose("a mug.png", picture())
    given = await one.get_by_role("textbox", name="Id of a mug.png").input_value()
    await one.get_by_role("button", name="uploadMedia in a new tab").click()
    assert given in await files.page.evaluate(MODEL, "operation.graphql")
    media = (await files.run())["uploadMedia"]
    assert (media["__typename"], media["width"]) == ("Media", 40)
    await files.page.evaluate(SET, ["operation.graphql", ""])
    await one.get_by_role("button", name="Insert the id of a mug.png at the cursor").click()
    assert await files.page.evaluate(MODEL, "operation.graphql") == f'upload: "{given}"'


async def test_a_spreadsheet_is_sent_from_graphiql_and_imported(pane: tuple[Inside, Pane]) -> None:
    hub, files = pane
    await files.sign(hub.tokens["merchandiser"])
    one = await files.drop("hammocks.csv", b"code;sku\nby-pane;by-pane-1\nby-pane-2;\n")
    await one.get_by_role("button", name="startImport in a new tab").click()
    assert (await files.run())["startImport"]["__typename"] == "Import"
    await one.get_by_role("button", name="imports in a new tab").click()

    async def ended() -> Any:
        [newest] = [edge["node"] for edge in (await files.run())["imports"]["edges"]]
        return newest if newest["status"] == "DONE" else None

    done = await soon(ended, 30)
    assert (done["fileName"], done["created"], done["refused"]) == ("hammocks.csv", 1, 1)
    [problem] = [edge["node"] for edge in done["problems"]["edges"]]
    assert (problem["line"], problem["column"]) == (3, "sku")


async def test_graphiql_may_send_files_to_the_bucket_of_the_hub_and_nowhere_else(built: Path) -> None:
    app = Starlette(
        routes=pages.routes(stores.origin(Settings(files_url="s3://shelf", files_endpoint="https://at.example/x")))
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        policy = (await client.get("/graphiql")).headers["content-security-policy"]
    assert policy.endswith("; connect-src 'self' https://at.example")
    assert policy.count("http") == 1


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, None),
        ({"files_url": "s3://shelf"}, "https://s3.us-east-1.amazonaws.com"),
        ({"files_url": "s3://shelf", "files_region": "eu-central-1"}, "https://s3.eu-central-1.amazonaws.com"),
        ({"files_url": "s3://shelf", "files_endpoint": "http://minio:9000"}, "http://minio:9000"),
    ],
)
async def test_the_origin_of_the_bucket_is_that_of_the_urls_it_signs(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], found: str | None
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    settings = Settings(files_access_key_id=SecretStr("a"), files_secret_access_key=SecretStr("b"), **given)
    assert stores.origin(settings) == found
    signed = await stores.files(settings).place_to_put("x", seconds=60)
    assert (signed is None) if found is None else (signed or "").startswith(f"{found}/shelf/")
