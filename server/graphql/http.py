"""GraphQL over HTTP, as its specification says, and subscriptions as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse

from kernel.principals import Principal
from schema.context import Context
from server.access import BadToken, Doors, TooMany
from server.graphql import engine
from server.graphql.engine import Refused, Request
from server.graphql.malformed import Malformed
from server.graphql.multipart import Form
from server.graphql.parts import CLOSE, KIND, leave_unread

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
EVENTS = "text/event-stream"
HEARTBEAT = 15.0  # seconds between comments that keep a quiet stream open


async def handle(http: HttpRequest, doors: Doors) -> Response:
    """Answer one request."""
    media, reading = _media(http.headers.get("accept", "")), http.method in ("GET", "HEAD")
    try:
        if media is None:
            raise Malformed(406, f"acceptable are {RESPONSE}, {JSON} and {EVENTS}")
        caller = await _caller(http, doors)
        if not reading and _kind(http) == KIND:
            try:
                return await _with_files(http, doors, caller, media)
            except (Malformed, Refused):
                await leave_unread(http)
                raise
        request = _from_query(http) if reading else await _from_body(http, doors.most_bytes)
        prepared = engine.prepare(request, doors.limits)
        if reading and not (prepared.is_query or (media == EVENTS and prepared.is_subscription)):
            raise Malformed(405, "only queries can be sent by GET", {"allow": "POST"})
        if prepared.is_subscription and media != EVENTS:
            raise Malformed(406, f"subscriptions are answered as {EVENTS} here, or over WebSocket")
    except Malformed as wrong:
        return _errors([GraphQLError(wrong.reason)], media or JSON, wrong.status, wrong.headers)
    except Refused as refused:
        return _errors(list(refused.errors), media or JSON, 400 if media == RESPONSE else 200)
    context = doors.context(caller)
    if media == EVENTS:
        told = engine.subscribe(prepared, context) if prepared.is_subscription else _once(prepared, context)
        return StreamingResponse(_events(told, doors.closing), media_type=EVENTS, headers={"cache-control": "no-store"})
    return await _answered(prepared, context, media)


async def _answered(prepared: engine.Prepared, context: Context, media: str) -> Response:
    found = await engine.execute(prepared, context)
    return Response(orjson.dumps(found), 400 if "data" not in found and media == RESPONSE else 200, media_type=media)


async def _with_files(http: HttpRequest, doors: Doors, caller: Principal | None, media: str) -> Response:
    """Answer a multipart request. Whether the caller may run it is known before any file is read.

    No browser sends a token by itself, so no other site's form can make one. Raises Malformed and Refused.
    """
    if caller is None:
        raise Malformed(401, "files are taken from the holder of a token only", {"www-authenticate": "Bearer"} | CLOSE)
    if media == EVENTS:
        raise Malformed(406, f"a request with files is not answered as {EVENTS}", CLOSE)
    form = Form(http, doors.uploads, doors.most_bytes)
    prepared = engine.prepare(_request(await form.operations()), doors.limits)
    if prepared.is_subscription:
        raise Malformed(406, "a subscription takes no files", CLOSE)
    engine.refuse_unless_allowed(prepared, caller)
    for place in form.places:
        if not engine.is_upload(prepared, place.steps):
            raise Malformed(400, f"variables.{'.'.join(map(str, place.steps))} takes no file", CLOSE)
    with doors.media.files.a_folder() as folder:
        await form.receive(folder)
        return await _answered(prepared, doors.context(caller), media)


def _kind(http: HttpRequest) -> str:
    return http.headers.get("content-type", "").split(";")[0].strip().lower()


async def _caller(http: HttpRequest, doors: Doors) -> Principal | None:
    try:
        return await doors.enter(http.headers.get("authorization"), http.client.host if http.client else "")
    except BadToken:
        raise Malformed(401, "the token is unknown, expired or revoked", {"www-authenticate": "Bearer"}) from None
    except TooMany as busy:
        raise Malformed(429, "too many requests", {"retry-after": str(busy.seconds)}) from None


async def _once(prepared: engine.Prepared, context: Context) -> AsyncGenerator[bytes]:
    yield orjson.dumps(await engine.execute(prepared, context))


def _media(accept: str) -> str | None:
    """The media type to answer in: what the client ranks first of what the hub speaks; None where it takes none."""
    if not accept.strip():
        return RESPONSE
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept.split(",")):
        name, *parameters = [piece.strip().lower() for piece in part.split(";")]
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        known = {"*/*": RESPONSE, "application/*": RESPONSE}.get(name, name)
        if known in (RESPONSE, JSON, EVENTS) and quality.replace(".", "", 1).isdigit() and float(quality) > 0:
            ranked.append((-float(quality), place, known))
    return min(ranked)[2] if ranked else None


def _from_query(http: HttpRequest) -> Request:
    given: dict[str, Any] = dict(http.query_params)
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = _loads(given[name].encode(), name)
    return _request(given)


async def _from_body(http: HttpRequest, most: int) -> Request:
    if _kind(http) != JSON:
        raise Malformed(415, f"the body must be {JSON}, or {KIND} where there are files")
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > most:
            raise Malformed(413, f"the body must not be larger than {most} bytes", {"connection": "close"})
    return _request(_loads(bytes(body), "the body"))


def _loads(text: bytes, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Malformed(400, f"{name} is no JSON") from None


def _request(given: Any) -> Request:
    if isinstance(given, list):
        raise Malformed(400, "operations are sent one by one, not in batches")
    if not isinstance(given, dict) or not isinstance(given.get("query"), str):
        raise Malformed(400, "query must be a string")
    variables, name = given.get("variables"), given.get("operationName")
    if variables is not None and not isinstance(variables, dict):
        raise Malformed(400, "variables must be an object")
    if name is not None and not isinstance(name, str):
        raise Malformed(400, "operationName must be a string")
    return Request(given["query"], variables or {}, name or None)


def _errors(errors: list[GraphQLError], media: str, status: int, headers: dict[str, str] | None = None) -> Response:
    kind = JSON if media == EVENTS else media
    told = {"errors": [engine.formatted(error) for error in errors]}
    return Response(orjson.dumps(told), status, media_type=kind, headers=headers)


async def _events(told: AsyncGenerator[bytes], closing: asyncio.Event) -> AsyncGenerator[bytes]:
    """GraphQL over SSE, distinct connections: next … next, complete; cut short when the hub is ``closing``."""
    following = asyncio.ensure_future(anext(told, None))
    leaving = asyncio.ensure_future(closing.wait())
    try:
        while True:
            done, _ = await asyncio.wait({following, leaving}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            if leaving in done:
                return
            if not done:
                yield b":\n\n"
                continue
            if (found := following.result()) is None:
                break
            yield b"event: next\ndata: " + found + b"\n\n"
            following = asyncio.ensure_future(anext(told, None))
        yield b"event: complete\ndata: \n\n"
    finally:
        for waited in (following, leaving):
            waited.cancel()
        await asyncio.gather(following, leaving, return_exceptions=True)
        await told.aclose()
