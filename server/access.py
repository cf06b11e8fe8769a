"""Who comes in, and how much of the hub an operation may take."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kernel import principals
from kernel.db import Database
from kernel.feed import Feed
from kernel.principals import Principal
from pim.media.store import Store
from schema.context import Context, Shared
from server.graphql.limits import Limits
from server.graphql.multipart import UploadLimits

REMEMBERED = 2.0  # seconds for which a token that was found is not looked up again
KEPT = 10_000


class BadToken(Exception):
    """A token was shown that does not count (any more)."""


@dataclass(frozen=True, slots=True)
class TooMany(Exception):
    """More requests than a principal may make; ``seconds`` until the next may come."""

    seconds: int


@dataclass(slots=True)
class Doors:
    """What a transport needs to let somebody in and run an operation for them."""

    db: Database
    feed: Feed
    limits: Limits
    most_bytes: int
    per_second: float
    burst: int
    media: Store
    uploads: UploadLimits
    resolver: str = "https://id.gs1.org"
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    _shared: Shared = field(init=False)
    _known: OrderedDict[str, tuple[float, Principal]] = field(default_factory=OrderedDict)
    _spent: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._shared = Shared(self.db)

    def context(self, caller: Principal | None) -> Context:
        return Context(self.db, self.feed, caller, self.media, self._shared, self.resolver, self.uploads.file)

    async def enter(self, authorization: str | None, address: str) -> Principal | None:
        """The caller, let in for one request; who shows a bad token pays as their address. Raises BadToken, TooMany."""
        try:
            caller = await self.caller(authorization)
        except BadToken:
            self.spend(None, address)
            raise
        self.spend(caller, address)
        return caller

    async def caller(self, authorization: str | None) -> Principal | None:
        """Whose token the header holds; None where there is no header. Raises BadToken."""
        if not authorization:
            return None
        scheme, _, secret = authorization.partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise BadToken
        now = time.monotonic()
        since, known = self._known.get(secret, (-REMEMBERED, None))
        if known is None or now - since >= REMEMBERED:
            async with self.db.read() as conn:
                known = await principals.principal_by_secret(conn, secret)
            if known is None:
                self._known.pop(secret, None)
                raise BadToken
            self._known[secret] = (now, known)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        if known.expired(datetime.now(UTC)):
            raise BadToken
        return known

    def spend(self, caller: Principal | None, address: str) -> None:
        """Take one request from the bucket of the caller, or of the address of who has no token. Raises TooMany."""
        key = str(caller.id) if caller else f"at {address}"
        now = time.monotonic()
        left, since = self._spent.pop(key, (float(self.burst), now))
        left = min(float(self.burst), left + (now - since) * self.per_second)
        self._spent[key] = (max(left - 1, 0), now)
        if len(self._spent) > KEPT:
            self._spent.popitem(last=False)
        if left < 1:
            raise TooMany(1 + int((1 - left) / self.per_second))
