"""Global ids: every node can be read by its id alone, one statement a type."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry

from kernel import ids
from kernel.db import ReadConn
from kernel.errors import InvalidInput
from kernel.principals import Principal

from .access import Permission
from .context import Info
from .fields import field

MOST = 100


@strawberry.interface
class Node:
    id: strawberry.ID


@dataclass(frozen=True, slots=True)
class Source:
    """How the nodes of one type are read, by whom, and which of them a caller may see."""

    batch: Callable[[ReadConn, Collection[Any]], Awaitable[Mapping[Any, Any]]]
    needs: Permission
    key: Callable[[str], Any] = uuid.UUID
    sees: Callable[[Principal, Any], bool] = lambda _caller, _node: True


SOURCES: dict[str, Source] = {}


def node_id(kind: str, *, by: str = "id") -> Any:
    """The field ``id`` of a node: its type and its key ``by``."""

    def resolve(root: strawberry.Parent[Any]) -> strawberry.ID:
        return strawberry.ID(ids.encode(kind, getattr(root, by)))

    return strawberry.field(resolve)


def uuid_of(id: str, kind: str, *, path: str) -> uuid.UUID:
    """What the global id of a node of that type stands for. Raises InvalidInput, of ``path``."""
    try:
        found, key = ids.decode(id)
    except InvalidInput as refused:
        raise InvalidInput(path, refused.problem) from None
    if found != kind or (made := ids.as_uuid(key)) is None:
        raise InvalidInput(path, f"is no id of {kind}")
    return made


async def load(info: Info, id: str) -> Any:
    """The node of a global id, or None where there is none or the caller may not see it. Raises InvalidInput."""
    kind, key = ids.decode(id)
    source, caller = SOURCES.get(kind), info.context.caller
    if source is None:
        raise InvalidInput("id", f"there are no nodes of type {kind[:40]}")
    if caller is None or not caller.may(source.needs):
        return None
    try:
        known = source.key(key)
    except ValueError:
        raise InvalidInput("id", "is no id that this hub gave out") from None
    found = await info.context.reads.load(source.batch, known)
    return found if found is not None and source.sees(caller, found) else None


@field(Node | None, needs=Permission.SHOP_READ)
async def node(_caller: Principal, info: Info, id: strawberry.ID) -> Any:
    return await load(info, id)


@field(list[Node | None], needs=Permission.SHOP_READ)
async def nodes(_caller: Principal, info: Info, ids: list[strawberry.ID]) -> Any:
    if len(ids) > MOST:
        raise InvalidInput("ids", f"must be at most {MOST}")
    return await asyncio.gather(*(load(info, one) for one in ids))
