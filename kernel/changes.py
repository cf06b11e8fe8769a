"""The change log: every fact once, numbered 1, 2, 3 … without a gap, in the order in which they became visible."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Named,
    Table,
    Text,
    TypedColumns,
    any_,
    func,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from kernel import paging
from kernel.db import ReadConn, WriteConn, metadata, texts
from kernel.errors import CursorExpired, InvalidInput
from kernel.outbox import BATCH, Lane, move, outbox

CHANNEL = "entrepot_change"  # what nodes LISTEN to
FOREVER = timedelta(days=36_500)
SPAN = 20_000  # positions that one read looks through at the most


class _Change(TypedColumns):
    position: Named[int] = Column(BigInteger, primary_key=True, autoincrement=False)
    day: Named[date] = Column(Date, primary_key=True)
    topic: Named[str] = Column(Text)
    event: Named[str] = Column(Text)
    entity: Named[str] = Column(Text)
    channel: Named[str | None] = Column(Text, nullable=True)
    location: Named[str | None] = Column(Text, nullable=True)
    payload: Named[dict[str, Any]] = Column(JSONB)
    at: Named[datetime] = Column(DateTime(timezone=True))


change = Table("change", metadata, _Change, postgresql_partition_by="RANGE (day)")


class _Feed(TypedColumns):
    """The last position given, and the last one dropped."""

    one: Named[bool] = Column(Boolean, primary_key=True, server_default=true())
    position: Named[int] = Column(BigInteger, server_default="0")
    floor: Named[int] = Column(BigInteger, server_default="0")


class _Clock(TypedColumns):
    """Until when that which time alone changes has been told."""

    one: Named[bool] = Column(Boolean, primary_key=True, server_default=true())
    ticked_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())


feed = Table("feed", metadata, _Feed, CheckConstraint("one", name="one_row"))
clock = Table("clock", metadata, _Clock, CheckConstraint("one", name="one_row"))


@dataclass(frozen=True, slots=True)
class Change:
    position: int
    topic: str
    event: str
    entity: str
    channel: str | None
    location: str | None
    payload: dict[str, Any]
    at: datetime

    @property
    def cursor(self) -> str:
        return cursor_of(self.position)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which changes somebody wants and may hear of. None means all; an empty set means none."""

    topics: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    locations: frozenset[str] | None = None
    skus: frozenset[str] | None = None

    def lets(self, change: Change) -> bool:
        return (
            (self.topics is None or change.topic in self.topics)
            and (self.channels is None or change.channel is None or change.channel in self.channels)
            and (self.locations is None or change.location is None or change.location in self.locations)
            and (self.skus is None or not self.skus.isdisjoint(change.payload.get("skus", ())))
        )


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes in order, the cursor that goes on behind them, and whether that cursor is the end for now."""

    items: list[Change]
    position: int
    caught_up: bool

    @property
    def cursor(self) -> str:
        return cursor_of(self.position)


def cursor_of(position: int) -> str:
    return paging.encode(["change", position])


def position_of(cursor: str, path: str = "after") -> int:
    """The position a cursor stands at. Raises InvalidInput."""
    match paging.decode(cursor, path):
        case ["change", int(position)] if type(position) is int and 0 <= position < 2**63:
            return position
    raise InvalidInput(path, "is no cursor of the change log")


async def head(conn: ReadConn) -> int:
    return int((await conn.execute(select(feed.c.position))).scalar_one())


async def after(conn: ReadConn, position: int, wanted: Filter = EVERYTHING, most: int = 1000) -> Batch:
    """Up to ``most`` wanted changes behind ``position``; looks through at most ``SPAN`` positions a call.

    Raises CursorExpired where some of them are no longer kept, InvalidInput where the position is not reached yet.
    """
    f, c = feed.c, change.c
    found = (
        select(c.position, c.topic, c.event, c.entity, c.channel, c.location, c.payload, c.at)
        .where(c.position > position, c.position <= position + SPAN, *_conditions(wanted))
        .order_by(c.position)
        .limit(most)
        .subquery()
    )
    # One statement, so that no partition is dropped between the look at the floor and the look into the log.
    both = select(f.position.label("end"), f.floor, found).select_from(feed.outerjoin(found, true()))
    rows = (await conn.execute(both.order_by(found.c.position))).all()
    end, floor = rows[0].end, rows[0].floor
    if position < floor:
        raise CursorExpired(cursor_of(floor))
    if position > end:
        raise InvalidInput("after", "is ahead of every change of this hub")
    items = [Change(*facts) for _, _, *facts in rows if facts[0] is not None]
    until = items[-1].position if len(items) == most else min(end, position + SPAN)
    return Batch(items, until, until == end)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    c = change.c
    found: list[ColumnElement[bool]] = []
    if wanted.topics is not None:
        found.append(c.topic == any_(texts(wanted.topics)))
    if wanted.channels is not None:
        found.append(or_(c.channel.is_(None), c.channel == any_(texts(wanted.channels))))
    if wanted.locations is not None:
        found.append(or_(c.location.is_(None), c.location == any_(texts(wanted.locations))))
    if wanted.skus is not None:
        found.append(c.payload["skus"].op("?|")(texts(wanted.skus)))
    return found


async def number(conn: WriteConn, interactive: Lane, bulk: Lane) -> int:
    """Number up to one batch of new facts, interactive ones first, and wake the nodes; returns how many.

    Runs in a REPEATABLE READ transaction of its own. The row of ``feed`` is locked first, so an old leader that comes
    back fails here instead of numbering too.
    """
    position, day, _ = (await conn.execute(_LOCK)).one()
    count, all_moved = await move(conn, interactive, head=position, day=day, most=BATCH)
    if all_moved and count < BATCH:
        count += (await move(conn, bulk, head=position + count, day=day, most=BATCH - count))[0]
    if count:
        await conn.execute(update(feed).values(position=position + count))
        await conn.execute(select(func.pg_notify(CHANNEL, str(position + count))))
    return count


# Without sequential scans: rows moved under an old snapshot stay in the outbox, dead, and are not to be walked over.
_LOCK = text("""
    SELECT position, (now() AT TIME ZONE 'UTC')::date, set_config('enable_seqscan', 'off', true) FROM feed FOR UPDATE
""")


async def keep_partitions(conn: WriteConn, today: date, retention: timedelta) -> list[str]:
    """Make the partitions of today and the next two days; drop, and name, those past ``retention``."""
    for ahead in range(3):
        day = today + timedelta(days=ahead)
        await conn.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS change_{day:%Y%m%d} PARTITION OF change"
                f" FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
            )
        )
    kept = f"change_{today - retention:%Y%m%d}"
    names = (await conn.execute(_PARTITIONS)).scalars().all()
    dropped = [name for name in names if name < kept]
    for name in dropped:
        await conn.execute(text(f"UPDATE feed SET floor = greatest(floor, (SELECT max(position) FROM {name}))"))
        await conn.execute(text(f"DROP TABLE {name}"))
    return dropped


_PARTITIONS = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'change'::regclass ORDER BY 1")


async def oldest(conn: ReadConn) -> int:
    """The position before the first change that is still kept."""
    return int((await conn.execute(select(feed.c.floor))).scalar_one())


async def waiting(conn: ReadConn) -> float:
    """For how many seconds the oldest fact in the outbox has waited for its number; 0 when there is none."""
    oldest_at = select(func.min(outbox.c.at)).scalar_subquery()
    waited = func.coalesce(func.extract("epoch", func.clock_timestamp() - oldest_at), 0)
    return float((await conn.execute(select(waited))).scalar_one())
