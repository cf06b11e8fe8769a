from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import strawberry

from kernel import changes as log
from kernel import ids
from kernel.changes import Change, Filter
from kernel.errors import CursorExpired as Expired
from kernel.errors import Forbidden, InvalidInput
from kernel.principals import Principal

from . import nodes
from .access import TOPICS, Permission
from .context import Info
from .enums import Topic
from .errors import Error
from .fields import computed, field, mirrors, subscription
from .nodes import Node
from .scalars import JSON, BigInt

MOST = 1_000


async def _changetype_entity(root: strawberry.Parent[Change], info: Info) -> Any:
    kind, _, key = root.entity.partition(":")
    return await nodes.load(info, ids.encode(kind, key)) if kind in nodes.SOURCES else None


@strawberry.type(name="Change")
@mirrors(Change)
class ChangeType:
    position: BigInt
    topic: Topic
    event: str
    at: datetime
    payload: JSON
    cursor: str

    entity = computed(
        Node | None,
        _changetype_entity,
        description="What changed, as it is now; null where it is gone or may not be read.",
    )


@strawberry.type
@mirrors(log.Batch)
class ChangeBatch:
    items: list[ChangeType]
    cursor: str
    caught_up: bool


@strawberry.type
class CursorExpired(Error):
    oldest: str


ChangesResult = Annotated[ChangeBatch | CursorExpired, strawberry.union("ChangesResult")]


def _filter(caller: Principal, topics: list[Topic] | None) -> Filter:
    """What the caller may hear of among ``topics``; asked for by name, a topic must be allowed. Raises Forbidden."""
    allowed = {topic for topic, need in TOPICS.items() if caller.may(need)}
    asked = {topic.value for topic in topics} if topics is not None else allowed
    for topic in sorted(asked - allowed):
        raise Forbidden(TOPICS[topic])
    return Filter(topics=frozenset(asked), channels=caller.channels, locations=caller.locations)


@field(
    ChangesResult,
    needs=Permission.CHANGES_READ,
    description="The change log behind a cursor, or from the oldest change kept.",
)
async def changes(
    caller: Principal,
    info: Info,
    first: int,
    after: str | None = None,
    topics: list[Topic] | None = None,
) -> Any:
    if not 1 <= first <= MOST:
        raise InvalidInput("first", f"must be between 1 and {MOST}")
    wanted = _filter(caller, topics)
    async with info.context.db.read() as conn:
        position = log.position_of(after) if after is not None else await log.oldest(conn)
        try:
            return await log.after(conn, position, wanted, first)
        except Expired as refused:
            return CursorExpired(message=str(refused), oldest=refused.oldest)


@subscription(
    ChangeType, name="changes", needs=Permission.CHANGES_READ, description="The change log, live behind the cursor."
)
async def changes_subscription(
    caller: Principal,
    info: Info,
    after: str | None = None,
    topics: list[Topic] | None = None,
) -> AsyncIterator[Any]:
    wanted = _filter(caller, topics)
    position = log.position_of(after) if after is not None else None
    async for found in info.context.feed.follow(wanted, position):
        for change in found:
            yield change
