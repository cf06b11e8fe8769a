"""How this schema declares fields, mutations and the types that mirror the domain, in one place."""

import asyncio
import contextlib
import inspect
import typing
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache, reduce
from operator import attrgetter, or_
from typing import Annotated, Any, TypeVar

import strawberry
from pydantic import TypeAdapter
from strawberry.types.field import StrawberryField

from kernel import idempotency
from kernel.db import ReadConn, WriteConn
from kernel.errors import DomainError
from kernel.principals import Principal

from . import errors, windows
from .access import Permission
from .context import Context, Info, Unauthenticated
from .lean import DIRECT

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type[Any])
NEEDS = "needs"
CALLER = "caller"


def loads(
    shows: Any,
    batch: Callable[..., Any],
    *,
    by: str | Callable[..., Any],
    otherwise: Any = None,
    pick: Callable[..., Any] | None = None,
    known: str | Callable[[Any], Any] | None = None,
    needs: Permission | None = None,
    description: str | None = None,
) -> Any:
    """A field read by ``batch`` for all parents at once, keyed by their attribute ``by``.

    Said as data rather than code, so that an executor may see it: a whole level of the tree is one call of ``batch``.
    The field's arguments are the keyword-only ones of ``by`` and of ``pick``, which makes the field's value of what
    was found and must be pure. ``caller`` is no argument but who asks, for keys that limit what they may see; a
    ``Window`` is the four arguments of a connection. Where what the parent has as ``known`` is not None, it is the
    answer. A key of None finds nothing.
    """
    key: Callable[..., Any] = attrgetter(by) if isinstance(by, str) else by
    already: Callable[..., Any] = attrgetter(known) if isinstance(known, str) else known or (lambda _root: None)
    by_arguments, pick_arguments = _arguments(key), _arguments(pick)
    limited = by_arguments.pop(CALLER, None) is not None

    async def resolve(root: Any, info: Info, **given: Any) -> Any:
        if needs is not None:
            info.context.allowed(needs)
        if (answer := already(root)) is not None:
            return answer
        asked = windows.gathered(by_arguments.values(), given)
        if limited:
            asked[CALLER] = info.context.caller
        wanted = key(root, **asked)
        found = await info.context.reads.load(batch, wanted) if wanted is not None else None
        if found is None:
            return otherwise
        return pick(found, **{name: given[name] for name in pick_arguments}) if pick else found

    return strawberry.field(
        _signed(resolve, windows.spread((by_arguments | pick_arguments).values())),
        graphql_type=shows,
        description=description,
        metadata={"batch": batch, "by": by, "pick": pick, NEEDS: needs, DIRECT: resolve},
    )


def several(batch: Callable[..., Any]) -> Callable[..., Any]:
    """A batch for parents that name several: keyed by tuples of what ``batch`` is keyed by, the unknown left out."""

    async def load(conn: ReadConn, keys: Collection[tuple[Any, ...]]) -> dict[tuple[Any, ...], list[Any]]:
        found = await batch(conn, {one for key in keys for one in key})
        return {key: [found[one] for one in key if one in found] for key in keys}

    return load


def _arguments(function: Any) -> dict[str, inspect.Parameter]:
    if function is None or type(function) is attrgetter:
        return {}
    hints = typing.get_type_hints(function)
    found = inspect.signature(function).parameters.values()
    return {p.name: p.replace(annotation=hints[p.name]) for p in found if p.kind is p.KEYWORD_ONLY}


def _signed(resolve: F, arguments: Iterable[inspect.Parameter]) -> F:
    """``resolve`` with a signature that names its arguments, for strawberry to read."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    root = inspect.Parameter("root", kind, annotation=strawberry.Parent[object])
    info = inspect.Parameter("info", kind, annotation=Info)
    resolve.__signature__ = inspect.Signature([root, info, *arguments])  # type: ignore[attr-defined]
    return resolve


def computed(shows: Any, resolver: Callable[..., Any], description: str | None = None) -> Any:
    """A field shown as ``shows`` that ``resolver`` makes of its one parent; what many parents need is a ``loads``."""
    return strawberry.field(resolver, graphql_type=shows, description=description)


def field(
    shows: Any, *, needs: Permission, description: str | None = None
) -> Callable[[Callable[..., Any]], StrawberryField]:
    """A root field shown as ``shows``; the resolver's own annotation says what it returns.

    It is called with the caller, who has the permission ``needs``, in place of ``self``. A ``Window`` that it takes is
    the four arguments of a connection.
    """

    def decorate(resolver: Callable[..., Any]) -> StrawberryField:
        takes = _parameters(resolver)

        async def resolve(info: Info, **given: Any) -> Any:
            return await resolver(info.context.allowed(needs), info, **windows.gathered(takes, given))

        made: StrawberryField = strawberry.field(
            _taking(resolve, resolver), graphql_type=shows, description=description, metadata={NEEDS: needs}
        )
        return made

    return decorate


def subscription(
    shows: Any, *, needs: Permission, name: str | None = None, description: str | None = None
) -> Callable[[Callable[..., Any]], StrawberryField]:
    """A subscription; like ``field``, with an async generator. Every event is read anew, at its ``position``."""

    def decorate(resolver: Callable[..., Any]) -> StrawberryField:
        async def resolve(info: Info, **given: Any) -> AsyncIterator[Any]:
            caller = info.context.allowed(needs)
            async for event in _while_valid(caller, needs, resolver(caller, info, **given)):
                info.context.forget(getattr(event, "position", None))
                yield event

        made = _taking(resolve, resolver)
        made.__signature__ = made.__signature__.replace(return_annotation=AsyncIterator[shows])  # type: ignore[attr-defined]
        made.__annotations__["return"] = AsyncIterator[shows]
        declared: StrawberryField = strawberry.subscription(
            made, name=name, graphql_type=shows, description=description, metadata={NEEDS: needs}
        )
        return declared

    return decorate


async def _while_valid(caller: Principal, need: Permission, events: AsyncGenerator[Any]) -> AsyncGenerator[Any]:
    """``events`` until the caller's token expires, which raises Unauthenticated."""
    async with contextlib.aclosing(events):
        while True:
            now = datetime.now(UTC)
            left = (caller.expires_at - now).total_seconds() if caller.expires_at else None
            limit = asyncio.timeout(left)
            try:
                async with limit:
                    event = await anext(events)
            except StopAsyncIteration:
                return
            except TimeoutError:
                if limit.expired():
                    raise Unauthenticated(need) from None
                raise
            yield event


def _taking(resolve: F, resolver: Callable[..., Any]) -> F:
    """``resolve`` with the name and the GraphQL arguments of ``resolver``, which takes the caller and info first."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    named = [inspect.Parameter("info", kind, annotation=Info)]
    named += [p.replace(kind=kind) for p in windows.spread(_parameters(resolver))]
    resolve.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    resolve.__name__, resolve.__doc__ = resolver.__name__, resolver.__doc__
    resolve.__annotations__ = {p.name: p.annotation for p in named}
    return resolve


def _parameters(resolver: Callable[..., Any]) -> list[inspect.Parameter]:
    """What a resolver takes behind the caller and info."""
    hints = typing.get_type_hints(resolver, include_extras=True)
    _, _, *found = inspect.signature(resolver).parameters.values()
    return [one.replace(annotation=hints[one.name]) for one in found]


def mutation(
    shows: Any,
    *refusals: type[Any],
    needs: Permission,
    before: Callable[[Context, Principal, Any], Awaitable[Any]] | None = None,
    description: str | None = None,
) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """A mutation whose result is the union of ``shows`` and the refusals it may answer with.

    The resolver gets a write connection, the caller and the input, inside one transaction that also holds the
    idempotency key, and is run again on a deadlock. What it returns is stored and answers every repetition.

    What takes long or talks to others, such as looking at a file and storing it, is done in ``before`` the transaction
    and must bear being done twice; the resolver gets what it returned as a fourth argument. A repetition skips it.
    """
    refusals = (*refusals, errors.InvalidInput, errors.NotFound, errors.Forbidden, errors.IdempotencyConflict)
    shown = {one.__name__: one for one in refusals}

    def decorate(resolver: Callable[..., Awaitable[Any]]) -> Any:
        name = resolver.__name__
        result: Any = Annotated[
            reduce(or_, refusals, shows), strawberry.union("".join(map(str.capitalize, name.split("_"))) + "Result")
        ]
        hints = typing.get_type_hints(resolver)
        stored = _adapter(hints["return"])

        async def resolve(info: Info, input: Any) -> Any:
            caller = info.context.allowed(needs)
            given = asdict(input)  # of a file, its digest is what tells one input from another
            key = given.pop("idempotency_key")
            mine = {"principal_id": caller.id, "mutation": name, "key": key}

            async def prepared() -> tuple[Any, ...]:
                if before is None:
                    return ()
                async with info.context.db.read() as conn:
                    if await idempotency.is_answered(conn, **mine):
                        return (None,)
                return (await before(info.context, caller, input),)

            async def work(conn: WriteConn, ready: tuple[Any, ...]) -> Any:
                already = await idempotency.claim(conn, **mine, input=given)
                if already is not None:
                    return stored.validate_python(already)
                done = await resolver(conn, caller, input, *ready)
                await idempotency.remember(conn, **mine, result=stored.dump_python(done, mode="json"))
                return done

            try:
                ready = await prepared()
                done = await info.context.db.transact(lambda conn: work(conn, ready))
            except DomainError as refusal:
                if kind := shown.get(type(refusal).__name__):
                    return kind(message=str(refusal), **vars(refusal))
                raise
            info.context.forget()
            return done

        resolve.__name__, resolve.__doc__ = name, resolver.__doc__
        resolve.__annotations__ = {"info": Info, "input": hints["input"]}
        return strawberry.mutation(resolve, graphql_type=result, description=description, metadata={NEEDS: needs})

    return decorate


@lru_cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def mirrors(*domains: type[Any], exactly: bool = False) -> Callable[[C], C]:
    """Let instances of ``domains`` stand for the decorated GraphQL type, and fail at import if their fields drift.

    With ``exactly``, those of subclasses do not: they stand for types of their own.
    """

    def decorate(cls: C) -> C:
        for domain in domains:
            if drift := [name for name in cls.__annotations__ if name not in dir(domain) and name != "id"]:
                raise TypeError(f"{cls.__name__} shows {drift}, which {domain.__name__} lacks")
        kinds = (*domains, cls)
        cls.is_type_of = staticmethod(
            (lambda obj, _info: type(obj) in kinds) if exactly else (lambda obj, _info: isinstance(obj, kinds))
        )
        return cls

    return decorate
