"""What every resolver can reach: who asks, one transaction for a write, batched reads for the rest."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from kernel.db import Database, ReadConn
from kernel.errors import Forbidden
from kernel.feed import Feed
from kernel.principals import Principal

K = TypeVar("K")
V = TypeVar("V")
Batch = Callable[[ReadConn, Collection[K]], Awaitable[Mapping[K, V]]]


@dataclass
class Unauthenticated(Forbidden):
    """A token is needed: {need}."""


class Reads:
    """Batched reads of one moment: loads of one tick share one statement, and a key is read once."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._loaders: dict[Any, DataLoader[Any, Any]] = {}

    async def load(self, batch: Batch[K, V], key: K) -> V | None:
        """The value ``batch`` finds for ``key``."""
        loader = self._loaders.get(batch)
        if loader is None:
            loader = self._loaders[batch] = DataLoader(self._in_one_read(batch))
        found: V | None = await loader.load(key)
        return found

    def _in_one_read(self, batch: Batch[K, V]) -> Callable[[list[K]], Awaitable[list[V | None]]]:
        async def load(keys: list[K]) -> list[V | None]:
            async with self.db.read() as conn:
                found = await batch(conn, keys)
            return [found.get(key) for key in keys]

        return load


@dataclass(slots=True)
class Context:
    """One operation of one principal; None is somebody without a token."""

    db: Database
    feed: Feed
    caller: Principal | None
    reads: Reads = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """What was read is of another moment: read anew."""
        self.reads = Reads(self.db)

    def allowed(self, need: str) -> Principal:
        """The caller, who must have the permission ``need``. Raises Forbidden or Unauthenticated."""
        if self.caller is None:
            raise Unauthenticated(need)
        if self.caller.expires_at is not None and self.caller.expires_at <= datetime.now(UTC):
            raise Unauthenticated(need)
        if not self.caller.may(need):
            raise Forbidden(need)
        return self.caller


Info = strawberry.Info[Context, None]
