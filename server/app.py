"""The hub as one ASGI application: its parts put together, its routes, its life."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from kernel.db import Database
from kernel.feed import Feed
from pim.media.store import Store
from server import pages, stores, upkeep
from server.access import Doors
from server.exports import ExportedFiles
from server.graphql import http
from server.graphql.limits import Limits
from server.graphql.multipart import UploadLimits
from server.graphql.socket import Session
from server.media import MediaFiles
from server.sequencer import Sequencer
from server.settings import Settings
from server.supervising import keep_running
from server.uploads import Uploads
from server.worker import Worker


def create(settings: Settings, url: str) -> Starlette:
    """The application over the database at ``url``."""
    db = Database(
        url,
        readers=settings.database_read_pool_size,
        writers=settings.database_pool_size,
        read_seconds=settings.read_timeout_seconds,
        write_seconds=settings.statement_timeout_seconds,
    )
    media = Store(stores.files(settings))
    exported = ExportedFiles(db, media.files)
    feed = Feed(db, buffer=settings.subscriber_buffer)
    sequencer = Sequencer(db, retention=timedelta(days=settings.change_retention_days))
    worker = Worker(db, upkeep.kinds(settings, media))
    doors = Doors(
        db,
        feed,
        Limits(settings.max_query_depth, settings.max_query_cost, settings.max_aliases),
        settings.max_body_bytes,
        settings.rate_limit_per_second,
        settings.rate_limit_burst,
        media,
        UploadLimits(settings.max_upload_bytes, settings.max_upload_files, settings.max_upload_request_bytes),
        settings.digital_link_resolver,
    )

    async def graphql(request: Request) -> Response:
        return await http.handle(request, doors)

    async def socket(websocket: WebSocket) -> None:
        await Session(websocket, doors).run()

    async def health(_request: Request) -> Response:
        async with db.read() as conn:
            await conn.execute(text("SELECT 1"))
        return JSONResponse({"status": "ok", "position": str(feed.position), "sequencing": sequencer.leading})

    @contextlib.asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        async with feed.running():
            parts = {"sequencer": sequencer.run, "worker": worker.run}
            tasks = [asyncio.create_task(keep_running(name, work)) for name, work in parts.items()]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        await db.close()

    origins = list(settings.allowed_origins)
    cors = Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT"],
        allow_headers=["authorization", "content-type"],
    )
    made = Starlette(
        routes=[
            Route("/graphql", graphql, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", socket),
            Route("/health", health),
            Route("/", lambda _request: RedirectResponse("/graphiql")),
            *pages.routes(stores.origin(settings)),
            Route("/exports/{name}", exported.serve, methods=["GET"]),
            Mount("/media", MediaFiles(media, db)),
            Route("/uploads/{id}/{ticket}", Uploads(db, media.files).receive, methods=["PUT"]),
        ],
        middleware=[cors] if origins else [],
        lifespan=life,
    )
    made.state.doors = doors
    return made
