"""GraphQL over WebSocket: the graphql-transport-ws protocol.

Every operation has a context of its own. The hub closes with the protocol's codes: 4400 bad message, 4401
unauthorized, 4403 forbidden, 4408 no connection_init in time, 4409 an id twice, 4429 too many.
"""

import asyncio
import contextlib
from typing import Any

import orjson
import structlog
from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from kernel.principals import Principal
from server.access import BadToken, Doors, TooMany
from server.graphql import engine
from server.graphql.engine import Refused, Request

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
RECHECK_SECONDS = 10.0  # between looks whether the token of an open socket still counts
CLOSE_SECONDS = 5.0
STALLED_SECONDS = 30.0  # for a client to take a message before it is given up
MOST_OPERATIONS = 100

log = structlog.get_logger()


class _Close(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Session:
    """One socket: its principal and the operations that run on it."""

    def __init__(self, socket: WebSocket, doors: Doors) -> None:
        self.socket, self.doors = socket, doors
        self.address = socket.client.host if socket.client else ""
        self.authorization: str | None = None
        self.acknowledged = False
        self.operations: dict[str, asyncio.Task[None]] = {}
        self.guard: asyncio.Task[None] | None = None
        self.fatal: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Speak with the client until one side closes."""
        if PROTOCOL not in self.socket.scope.get("subprotocols", ()):
            await self.socket.close(4406, f"speak {PROTOCOL}")
            return
        await self.socket.accept(subprotocol=PROTOCOL)
        try:
            await self._converse()
        except _Close as order:
            await self._stop()
            with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.socket.close(order.code, order.reason)
        except (WebSocketDisconnect, TimeoutError):  # gone, or it takes nothing any more: not even a word of farewell
            pass
        finally:
            await self._stop()

    async def _stop(self) -> None:
        tasks = [*self.operations.values(), *([self.guard] if self.guard else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _converse(self) -> None:
        try:
            async with asyncio.timeout(INIT_SECONDS):
                await self._handle(await self._receive())
        except TimeoutError:
            raise _Close(4408, "Connection initialisation timeout") from None
        while True:
            await self._handle(await self._receive())

    async def _receive(self) -> dict[str, Any]:
        """The next message. The wait is ended before an operation closes the socket: some servers ask for that."""
        receiving = asyncio.create_task(self.socket.receive())
        waited: list[asyncio.Future[Any]] = [receiving, self.fatal]
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if self.fatal.done():
                self.fatal.result()
        finally:
            if not receiving.done():
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)
        event = receiving.result()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code") or 1000)
        text = event.get("text") or ""
        if len(text) > self.doors.most_bytes:
            raise _Close(4400, "Message too large")
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise _Close(4400, "Messages must be JSON texts") from None
        if not isinstance(message, dict):
            raise _Close(4400, "Messages must be objects")
        return message

    async def _handle(self, message: dict[str, Any]) -> None:
        match message:
            case {"type": "connection_init"}:
                await self._init(message.get("payload"))
            case {"type": "ping"}:
                await self._send({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(id), "payload": dict(payload)} if id:
                self._begin(id, payload)
            case {"type": "complete", "id": str(id)}:
                if task := self.operations.pop(id, None):
                    task.cancel()
            case _:
                raise _Close(4400, "Unknown message")

    async def _init(self, payload: Any) -> None:
        if self.acknowledged:
            raise _Close(4429, "Too many initialisation requests")
        given = payload if isinstance(payload, dict) else {}
        shown = next((v for k, v in given.items() if k.lower() == "authorization"), None)
        header = self.socket.headers.get("authorization")
        self.authorization = shown if isinstance(shown, str) else header
        await self._enter()
        self.acknowledged = True
        self.guard = asyncio.create_task(self._watch_token())
        await self._send({"type": "connection_ack"})

    async def _watch_token(self) -> None:
        """End the socket when its token is revoked, though nothing is asked over it."""
        while self.authorization is not None:
            await asyncio.sleep(RECHECK_SECONDS)
            try:
                await self.doors.caller(self.authorization)
            except BadToken:
                self._end(_Close(4403, "The token is unknown, expired or revoked"))
                return
            except Exception as error:  # noqa: BLE001 -- the database is away: ask again later
                log.warning("socket.unchecked", error=repr(error))

    async def _enter(self) -> Principal | None:
        try:
            return await self.doors.enter(self.authorization, self.address)
        except BadToken:
            raise _Close(4403, "The token is unknown, expired or revoked") from None
        except TooMany:
            raise _Close(4429, "Too many requests") from None

    def _begin(self, id: str, payload: dict[str, Any]) -> None:
        if not self.acknowledged:
            raise _Close(4401, "Unauthorized")
        if id in self.operations:
            raise _Close(4409, f"Subscriber for {id[:100]} already exists")
        if len(self.operations) >= MOST_OPERATIONS:
            raise _Close(4429, f"More than {MOST_OPERATIONS} operations at once")
        task = asyncio.create_task(self._operate(id, payload))
        self.operations[id] = task

    async def _operate(self, id: str, payload: dict[str, Any]) -> None:
        try:
            caller = await self._enter()
            query, variables = payload.get("query"), payload.get("variables")
            name = payload.get("operationName")
            if not isinstance(query, str) or not isinstance(variables, (dict, type(None))):
                raise _Close(4400, "query must be a string and variables an object")
            prepared = engine.prepare(Request(query, variables or {}, name or None), self.doors.limits)
            context = self.doors.context(caller)
            if prepared.is_subscription:
                async with contextlib.aclosing(engine.subscribe(prepared, context)) as answers:
                    async for answer in answers:
                        await self._next(id, answer)
            else:
                await self._next(id, orjson.dumps(await engine.execute(prepared, context)))
            self.operations.pop(id, None)
            await self._send({"id": id, "type": "complete"})
        except Refused as refused:
            self.operations.pop(id, None)
            told = [engine.formatted(error) for error in refused.errors]
            await self._send({"id": id, "type": "error", "payload": told})
        except (_Close, TimeoutError) as order:
            self._end(order)
        except (WebSocketDisconnect, RuntimeError):
            self._end(WebSocketDisconnect(1006))
        except Exception as bug:  # noqa: BLE001 -- masked, as everywhere
            self.operations.pop(id, None)
            told = [engine.formatted(GraphQLError(str(bug), original_error=bug))]
            await self._send({"id": id, "type": "error", "payload": told})

    def _end(self, order: Exception) -> None:
        if not self.fatal.done():
            self.fatal.set_exception(order)

    async def _next(self, id: str, answer: bytes) -> None:
        await self._write(b'{"type":"next","id":' + orjson.dumps(id) + b',"payload":' + answer + b"}")

    async def _send(self, message: dict[str, Any]) -> None:
        await self._write(orjson.dumps(message))

    async def _write(self, message: bytes) -> None:
        """Hand over one message; the server waits while the client does not read. Raises TimeoutError."""
        if self.socket.application_state is WebSocketState.CONNECTED:
            async with asyncio.timeout(STALLED_SECONDS):
                await self.socket.send_text(message.decode())
