"""The outbox: facts written in the same transaction as the change they report, and how they get their numbers.

Writers insert rows here; one sequencer moves what has committed into ``change`` and numbers it. To find what is new it
never walks over what it has moved already, dead or alive: a row is new if its transaction was not visible in the
snapshot up to which everything has been moved, and an index on the transaction id answers that directly.
"""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Named,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.types import UserDefinedType

from kernel.db import WriteConn, metadata

BATCH = 1000


class Xid(UserDefinedType[str]):
    """A 64-bit transaction id, PostgreSQL's xid8."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class _Outbox(TypedColumns):
    bulk: Named[bool] = Column(Boolean, server_default=false())
    id: Named[int] = Column(BigInteger, Identity(), primary_key=True)
    xid: Named[str] = Column(Xid, server_default=func.pg_current_xact_id(), nullable=False)
    topic: Named[str] = Column(Text)
    event: Named[str] = Column(Text)
    entity: Named[str] = Column(Text)
    channel: Named[str | None] = Column(Text, nullable=True)
    location: Named[str | None] = Column(Text, nullable=True)
    payload: Named[dict[str, Any]] = Column(JSONB)
    at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.clock_timestamp())


outbox = Table(
    "outbox",
    metadata,
    _Outbox,
    UniqueConstraint("entity", "topic", "xid"),
    Index("ix_outbox_lane_xid", text("CAST(bulk AS int)"), "xid", "id"),
    Index("ix_outbox_bulk_entity", "entity", postgresql_where="bulk"),
)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened, told in the past tense; ``event`` is its public, stable name.

    ``entity`` is the node it happened to (type and key). ``channel`` or ``location`` name the only ones it concerns,
    so that nobody else is told. Every other field is a fact of the payload.
    """

    topic: ClassVar[str]
    event: ClassVar[str]
    entity: str
    channel: str | None = None
    location: str | None = None

    def row(self, *, bulk: bool) -> dict[str, Any]:
        facts = {camel(f.name): getattr(self, f.name) for f in fields(self) if f.name not in ENVELOPE}
        envelope = {name: getattr(self, name) for name in ENVELOPE}
        return {"bulk": bulk, "topic": self.topic, "event": self.event, "payload": facts} | envelope


def camel(name: str) -> str:
    """A name as the API spells it: price_list becomes priceList."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


ENVELOPE = tuple(f.name for f in fields(Event))


async def emit(conn: WriteConn, *events: Event, bulk: bool = False) -> None:
    """Record ``events``; they become visible if and only if this transaction commits.

    To be called after the guarded write, while its lock is held: then the changes of one entity keep commit order.
    One entity changes once a transaction: later facts of the same transaction are merged over the earlier ones.
    """
    if events:
        new = insert(outbox)
        merged = {"event": new.excluded.event, "payload": outbox.c.payload.op("||")(new.excluded.payload)}
        same = [outbox.c.entity, outbox.c.topic, outbox.c.xid]
        await conn.execute(
            new.on_conflict_do_update(index_elements=same, set_=merged), [event.row(bulk=bulk) for event in events]
        )


@dataclass(slots=True)
class Lane:
    """How far a lane is moved: all that the snapshot ``xmax:xip`` sees, and of ``window`` what stands up to ``id``."""

    bulk: bool
    xmax: int = 0
    xip: list[int] = field(default_factory=list)
    window: str | None = None
    id: int = 0

    def drained(self, snapshot: str) -> None:
        _, xmax, running = snapshot.split(":")
        self.xmax, self.xip, self.window = int(xmax), [int(x) for x in running.split(",") if x], None

    def forget(self) -> None:
        """Begin at the beginning: after a move that was rolled back."""
        self.xmax, self.xip, self.window, self.id = 0, [], None, 0

    def given(self) -> dict[str, Any]:
        return {"bulk": self.bulk, "xmax": str(self.xmax), "xip": [str(x) for x in self.xip]}


# What moved under an old snapshot stays in the table, dead, and must never be walked over. The planner knows nothing of
# that, so each part below leaves it one index only; the one on lane and xid is reached by comparing rows.
LAST_XID = "18446744073709551615"


def _since(first: str, last: str) -> str:
    return f"""outbox WHERE (CAST(bulk AS int), xid) >= (CAST(CAST(:bulk AS bool) AS int), {first})
        AND (CAST(bulk AS int), xid) <= (CAST(CAST(:bulk AS bool) AS int), {last})"""


_BEGUN = _since("CAST(CAST(:xmax AS text) AS xid8)", f"CAST('{LAST_XID}' AS xid8)")
_FINISHED = """
    unnest(CAST(CAST(:xip AS text[]) AS xid8[])) x CROSS JOIN LATERAL ({}) found
    WHERE pg_visible_in_snapshot(x, pg_current_snapshot())
"""
_FIRST = "ORDER BY CAST(bulk AS int), xid LIMIT 1"

LOOK = text(f"""
    SELECT CAST(pg_current_snapshot() AS text), coalesce(
        (SELECT true FROM {_BEGUN} {_FIRST}),
        (SELECT true FROM {_FINISHED.format(f"SELECT FROM {_since('x', 'x')} {_FIRST}")} LIMIT 1),
        false
    )
""")

# A load of 100,000 rows was seen running before it ended, so it is found here: its first rows, in order, and no more.
_FIRST_OF_EACH = f"SELECT id FROM {_since('x', 'x')} ORDER BY CAST(bulk AS int), xid, id LIMIT :most"
_NEW = f"""new AS MATERIALIZED (
    SELECT id FROM {_BEGUN} UNION ALL SELECT id FROM {_FINISHED.format(_FIRST_OF_EACH)}
)"""
_IN_WINDOW = """new AS (
    SELECT id FROM outbox
    WHERE bulk = :bulk AND id > :id AND pg_visible_in_snapshot(xid, CAST(CAST(:window AS text) AS pg_snapshot))
)"""


def _move(new: str) -> str:
    """Take the first rows of a lane, with any bulk row of the same entity that stands before them, and number them."""
    return f"""
    WITH {new}, picked AS (
        SELECT id FROM new ORDER BY id LIMIT :most
    ), taken AS (
        DELETE FROM outbox WHERE id = ANY(ARRAY(SELECT id FROM picked)) RETURNING *
    ), overtaken AS (
        DELETE FROM outbox o WHERE NOT :bulk AND bulk AND entity = ANY(ARRAY(SELECT entity FROM taken))
            AND id < (SELECT max(t.id) FROM taken t WHERE t.entity = o.entity) RETURNING *
    ), numbered AS (
        SELECT :head + row_number() OVER (ORDER BY id) AS position, *
        FROM (SELECT * FROM taken UNION ALL SELECT * FROM overtaken) found
    ), moved AS (
        INSERT INTO change (position, day, topic, event, entity, channel, location, payload, at)
        SELECT position, :day, topic, event, entity, channel, location, payload, at FROM numbered ORDER BY position
        RETURNING position
    )
    SELECT count(*), (SELECT count(*) FROM taken), (SELECT coalesce(max(id), 0) FROM taken),
           CAST(pg_current_snapshot() AS text)
    FROM moved
    """


MOVE_NEW = text(_move(_NEW))
MOVE_WINDOW = text(_move(_IN_WINDOW))


async def move(conn: WriteConn, lane: Lane, *, head: int, day: Any, most: int) -> tuple[int, bool]:
    """How many rows of ``lane`` were numbered after ``head``, and whether that was all this transaction can see.

    At most ``most`` rows are taken, and with them the bulk rows that they would overtake. The transaction must be
    REPEATABLE READ: what is picked and the snapshot that is remembered are then one.
    """
    count = 0
    if lane.window is not None:
        given = {"bulk": lane.bulk, "id": lane.id, "window": lane.window, "most": most, "head": head, "day": day}
        count, taken, last, _ = (await conn.execute(MOVE_WINDOW, given)).one()
        if taken == most:
            lane.id = last
            return count, False
        lane.drained(lane.window)
        most -= taken
    given = lane.given() | {"most": most, "head": head + count, "day": day}
    new, taken, last, snapshot = (await conn.execute(MOVE_NEW, given)).one()
    if taken == most:
        lane.window, lane.id = snapshot, last
        return count + new, False
    lane.drained(snapshot)
    return count + new, True
