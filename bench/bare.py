"""What the hub is measured against: Starlette on granian, asyncpg, one hand-written statement a request.

Run as ``python -m bench.bare DSN PORT``. Bodies are those that the hub gets; only their variables count. There are no
tokens, no schema, no checks: nothing but the way from a socket to a statement and back.
"""

import binascii
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
import uvloop
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench import statements

Arguments = Callable[[dict[str, Any]], tuple[Any, ...]]


def _page(given: dict[str, Any]) -> tuple[Any, ...]:
    position, key = -1, uuid.UUID(int=0)
    if after := given.get("after"):
        _, position, key = orjson.loads(binascii.a2b_base64(after.translate(_TO_BASE64) + "=" * (-len(after) % 4)))
    category = (given.get("filter") or {}).get("category")
    return given["channel"], given["locale"], given["first"], position, uuid.UUID(str(key)), category


_TO_BASE64 = str.maketrans("-_", "+/")


def _page_statement(whole: str, of_category: str) -> Callable[[dict[str, Any]], str]:
    return lambda given: of_category if (given.get("filter") or {}).get("category") else whole


ROUTES: dict[str, tuple[Callable[[dict[str, Any]], str], Arguments]] = {
    "/page": (_page_statement(statements.LISTING_PAGE, statements.CATEGORY_PAGE), _page),
    "/page-alone": (_page_statement(statements.LISTING_PAGE_ALONE, statements.CATEGORY_PAGE_ALONE), _page),
    "/detail": (lambda _: statements.LISTING_DETAIL, lambda v: (v["channel"], v["locale"], v["slug"])),
    "/offers": (lambda _: statements.OFFERS_BY_SKU, lambda v: (v["channel"], v["skus"])),
    "/sync": (lambda _: statements.SYNC, lambda v: (v["channel"], "en", v.get("after") or "", v["first"])),
}


def app(dsn: str) -> Starlette:
    """The routes over the database at ``dsn``."""
    pool: asyncpg.Pool[asyncpg.Record] = asyncpg.create_pool(
        dsn, min_size=12, max_size=12, server_settings={"jit": "off"}
    )

    def serving(statement: Callable[[dict[str, Any]], str], arguments: Arguments) -> Any:
        async def answer(request: Request) -> Response:
            given = orjson.loads(await request.body())["variables"]
            found = await pool.fetchval(statement(given), *arguments(given))
            return Response(found, media_type="application/json")

        return answer

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        async with pool:
            yield

    routes = [Route(path, serving(*how), methods=["POST"]) for path, how in ROUTES.items()]
    return Starlette(routes=[*routes, Route("/health", lambda _request: Response("ok"))], lifespan=life)


async def _serve(dsn: str, port: int) -> None:
    await Server(app(dsn), address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_level=LogLevels.error).serve()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1], int(sys.argv[2])))
