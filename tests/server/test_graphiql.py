"""GraphiQL, and the small page that stands in for it, in a real browser that reaches nothing but the hub."""

import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request, Route, async_playwright, expect

from server import pages
from tests.server.conftest import Insides
from tests.server.hubs import ROOT, Client, key

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
QUERY = '{ shop(channel: "web") { offers(skus: ["NL-CHR-RAST-GRN"]) { sku } } }'
SKU = "NL-CHR-RAST-NVY"
LINE = {"sku": SKU, "location": "berlin-dc", "delta": 1}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
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
