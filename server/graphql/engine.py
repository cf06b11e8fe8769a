"""Running operations: parsed and validated once per text, limited, executed, and answered in plain data."""

import asyncio
import functools
import secrets
from collections.abc import AsyncGenerator, Awaitable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CoroutineType
from typing import Any, TypeGuard

import graphql
import orjson
import structlog
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLScalarType,
    InlineFragmentNode,
    OperationDefinitionNode,
)
from graphql.execution import Executor, create_source_event_stream, execute_subscription_event
from graphql.language import OperationType
from strawberry.schema.schema_converter import GraphQLCoreConverter

from kernel.errors import DomainError, Forbidden
from kernel.feed import TooSlow
from kernel.principals import Principal
from schema.context import Context
from schema.errors import extensions
from schema.fields import NEEDS
from schema.root import schema

from . import limits
from .sharing import Shared

log = structlog.get_logger()

KEPT = 1_000  # documents whose parsing is remembered
MOST_TOKENS = 5_000
LONGEST = 100_000  # characters

CORE = schema._schema  # noqa: SLF001 -- strawberry builds it; graphql-core runs it


@dataclass(frozen=True, slots=True)
class Request:
    """An operation as a client sends it, whatever the transport."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None = None


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """An operation that was not begun, and why."""

    errors: tuple[GraphQLError, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    document: DocumentNode
    operation: OperationDefinitionNode
    request: Request

    @property
    def is_query(self) -> bool:
        return self.operation.operation is OperationType.QUERY

    @property
    def is_subscription(self) -> bool:
        return self.operation.operation is OperationType.SUBSCRIPTION


def prepare(request: Request, most: limits.Limits) -> Prepared:
    """The operation, ready to run. Raises Refused where it is malformed, invalid or too much."""
    if len(request.query) > LONGEST:
        raise Refused((GraphQLError(f"The document is longer than {LONGEST} characters.", extensions=limits.TOO_MUCH),))
    document, errors = _parsed(request.query)
    if errors or document is None:
        raise Refused(errors)
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    name = request.operation_name
    named = [d for d in operations if name is None or (d.name is not None and d.name.value == name)]
    if len(named) != 1:
        wrong = f"There is no operation named {name}." if name else "Say which operation: operationName is missing."
        raise Refused((GraphQLError(wrong),))
    try:
        limits.check(document, named[0], request.variables, most)
        limits.refuse_nul(request.variables)
    except GraphQLError as error:
        raise Refused((error,)) from None
    return Prepared(document, named[0], request)


@lru_cache(KEPT)
def _parsed(query: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    try:
        document = graphql.parse(query, max_tokens=MOST_TOKENS)
        limits.refuse_nul_in(document)
    except GraphQLError as error:
        if error.message.endswith("Parsing aborted."):  # the parser's words for more than it may read
            error = GraphQLError(f"The document has more than {MOST_TOKENS} tokens.", extensions=limits.TOO_MUCH)
        return None, (error,)
    return document, tuple(graphql.validate(CORE, document, max_errors=20))


def refuse_unless_allowed(prepared: Prepared, caller: Principal) -> None:
    """Raises Refused where ``caller`` may not run the operation at all: what is asked first, before much is read."""
    root = CORE.mutation_type if not prepared.is_query else CORE.query_type
    fields = root.fields if root else {}
    for node in _asked(prepared):
        definition = fields.get(node.name.value)
        if definition is None:
            continue
        need = definition.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].metadata[NEEDS]
        if not caller.may(need):
            refusal = Forbidden(need)
            raise Refused((GraphQLError(str(refusal), node, original_error=refusal),))


def _asked(prepared: Prepared) -> Iterator[FieldNode]:
    """The fields of the operation itself, those in fragments included."""
    fragments = {d.name.value: d for d in prepared.document.definitions if isinstance(d, FragmentDefinitionNode)}
    seen: set[str] = set()
    waiting = [prepared.operation.selection_set]
    while waiting:
        for node in waiting.pop().selections:
            match node:
                case FieldNode():
                    yield node
                case InlineFragmentNode():
                    waiting.append(node.selection_set)
                case FragmentSpreadNode() if node.name.value not in seen:
                    seen.add(node.name.value)
                    waiting.append(fragments[node.name.value].selection_set)


def is_upload(prepared: Prepared, steps: Sequence[str | int]) -> bool:
    """Whether what stands in the variables at ``steps`` is of the type Upload."""
    name, *below = steps
    declared = [d for d in prepared.operation.variable_definitions or () if d.variable.name.value == name]
    kind: Any = graphql.type_from_ast(CORE, declared[0].type) if declared else None
    for step in below:
        within = graphql.get_nullable_type(kind)
        if isinstance(within, GraphQLList) and isinstance(step, int):
            kind = within.of_type
        elif isinstance(within, GraphQLInputObjectType) and step in within.fields:
            kind = within.fields[str(step)].type
        else:
            return False
    named = graphql.get_nullable_type(kind)
    return isinstance(named, GraphQLScalarType) and named.name == "Upload"


async def execute(prepared: Prepared, context: Context) -> dict[str, Any]:
    """What a query or mutation answers."""
    found = graphql.execute(
        CORE,
        prepared.document,
        context_value=context,
        variable_values=dict(prepared.request.variables),
        operation_name=prepared.request.operation_name,
        is_awaitable=is_awaitable,
    )
    return answer(found if isinstance(found, ExecutionResult) else await found)


def is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    """Whether a resolver is not done yet: ours are coroutines and futures, and nothing else that can be awaited."""
    return isinstance(value, (CoroutineType, asyncio.Future))


_shared = Shared()


async def subscribe(prepared: Prepared, context: Context) -> AsyncGenerator[bytes]:
    """What a subscription answers, event by event, as JSON; what ends it before its time is its last answer."""
    executor = Executor.build(
        CORE,
        prepared.document,
        context_value=context,
        raw_variable_values=dict(prepared.request.variables),
        operation_name=prepared.request.operation_name,
    )
    if isinstance(executor, list):
        yield _json(answer(ExecutionResult(None, executor)))
        return
    found = create_source_event_stream(executor)
    stream = await found if isinstance(found, Awaitable) else found
    if isinstance(stream, ExecutionResult):
        yield _json(answer(stream))
        return
    alike = _alike(prepared.request, context.caller)
    try:
        async for event in stream:
            work = functools.partial(_tell, executor, event)
            position = getattr(event, "position", None)
            yield await (work() if position is None else _shared.once((alike, position), work))
    except Exception as error:  # noqa: BLE001 -- whatever ends it is told to the client, in its last answer
        wrapped = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
        yield _json({"data": None, "errors": [formatted(wrapped)]})
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


async def _tell(executor: Executor[Any], event: Any) -> bytes:
    found = execute_subscription_event(executor.build_per_event_executor(event))
    return _json(answer(found if isinstance(found, ExecutionResult) else await found))


def _alike(request: Request, caller: Principal | None) -> Hashable:
    """What the answers to two subscribers depend on beside the event: where it is equal, they are."""
    may = None if caller is None else (caller.permissions, caller.channels, caller.locations)
    return request.query, request.operation_name, orjson.dumps(request.variables, option=orjson.OPT_SORT_KEYS), may


def _json(told: dict[str, Any]) -> bytes:
    return orjson.dumps(told)


def answer(result: ExecutionResult) -> dict[str, Any]:
    """A result as clients see it; of an operation that could not begin, errors alone."""
    errors = result.errors or ()
    begun = result.data is not None or any(error.path for error in errors) or not errors
    told: dict[str, Any] = {"data": result.data} if begun else {}
    if errors:
        told["errors"] = [formatted(error) for error in errors]
    return told


def formatted(error: GraphQLError) -> dict[str, Any]:
    """An error as clients see it: refusals with their code; anything else masked, logged under a reference."""
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    told: dict[str, Any] = dict(error.formatted)
    if isinstance(cause, DomainError):
        told["message"], told["extensions"] = str(cause), extensions(cause)
    elif isinstance(cause, TooSlow):
        told["message"] = "This subscriber fell too far behind; go on from the cursor."
        told["extensions"] = {"code": "TOO_SLOW", "cursor": cause.cursor}
    elif cause is not None and not isinstance(cause, GraphQLError):
        reference = secrets.token_hex(4)
        log.error("graphql.failed", reference=reference, path=error.path, exc_info=cause)
        told["message"] = f"Something went wrong in the hub. Reference: {reference}"
        told["extensions"] = {"code": "INTERNAL", "reference": reference}
    return told
