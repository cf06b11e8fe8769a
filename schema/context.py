"""What every resolver can reach: who asks, one transaction for a write, batched reads for the rest."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from kernel.db import Database, ReadConn
from kernel.errors import Forbidden
from kernel.feed import Feed
from kernel.files import Files
from kernel.principals import Principal
from pim.media.store import Store

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


class Shared:
    """The reads of the latest changes: what many subscribers are told at once is read once.

    What a batch finds depends on its keys alone, so the subscribers may be different principals.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self._recent: OrderedDict[int, tuple[float, Reads]] = OrderedDict()

    def at(self, position: int) -> Reads:
        now = time.monotonic()
        since, reads = self._recent.get(position, (-YOUNG, None))
        if reads is None or now - since >= YOUNG:
            reads = Reads(self.db)
            self._recent[position] = (now, reads)
            self._recent.move_to_end(position)
            if len(self._recent) > RECENT:
                self._recent.popitem(last=False)
        return reads


YOUNG = 1.0  # seconds for which what was read for a change serves others
RECENT = 500


@dataclass(slots=True)
class Context:
    """One operation of one principal; None is somebody without a token."""

    db: Database
    feed: Feed
    caller: Principal | None
    media: Store
    shared: Shared | None = None
    resolver: str = "https://id.gs1.org"
    most_upload: int = 256 * 2**20  # bytes of a file that is taken in
    reads: Reads = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    @property
    def files(self) -> Files:
        return self.media.files

    def forget(self, position: int | None = None) -> None:
        """Read anew from here on, together with whoever else is told the change at ``position``."""
        self.reads = Reads(self.db) if position is None or self.shared is None else self.shared.at(position)

    def allowed(self, need: str) -> Principal:
        """The caller, who must have the permission ``need``. Raises Forbidden or Unauthenticated."""
        if self.caller is None or self.caller.expired(datetime.now(UTC)):
            raise Unauthenticated(need)
        if not self.caller.may(need):
            raise Forbidden(need)
        return self.caller


Info = strawberry.Info[Context, None]
