"""The pages of the hub itself: GraphiQL where it is built, else a small page of our own at the same address."""

import base64
import hashlib
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

BUILT = Path(__file__).parents[2] / "web" / "dist"
FALLBACK = Path(__file__).parent / "fallback.html"
NOTHING_ELSE = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
GRAPHIQL = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self';"
    f" img-src data: 'self'; font-src 'self' data:; {NOTHING_ELSE}; connect-src 'self'"
)


class Assets(StaticFiles):
    """Built files, whose names change with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        response.headers["content-security-policy"] = GRAPHIQL
        return response


def routes(files_at: str | None = None) -> list[BaseRoute]:
    """``files_at`` is the origin that GraphiQL may send files to, beside the hub itself."""

    async def graphiql(_request: Request) -> Response:
        page = BUILT / "index.html"
        if not page.exists():
            return _fallback()
        return HTMLResponse(page.read_text(), headers=_headers(f"{GRAPHIQL} {files_at or ''}".rstrip()))

    return [
        Route("/graphiql", graphiql),
        Route("/graphiql/", graphiql),
        Mount("/graphiql/assets", Assets(directory=BUILT / "assets", check_dir=False)),
        Mount("/graphiql", StaticFiles(directory=BUILT, check_dir=False)),
    ]


def _fallback() -> Response:
    text = FALLBACK.read_text()
    script, style = (_hash(text, tag) for tag in ("script", "style"))
    policy = f"default-src 'none'; script-src {script}; style-src {style}; connect-src 'self'; img-src data:"
    return HTMLResponse(text, headers=_headers(f"{policy}; {NOTHING_ELSE}"))


def _headers(policy: str) -> dict[str, str]:
    return {
        "content-security-policy": policy,
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }


def _hash(page: str, tag: str) -> str:
    """The source expression that lets the page's one inline ``tag`` through its own policy."""
    found = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    content = found.group(1) if found else ""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
