from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import and_, any_, func, select

from kernel.db import ReadConn, fetch, texts
from kernel.paging import Order, Page, Window, page
from pim.products import states
from pim.products.model import Problem

from . import model
from .model import Draft
from .tables import draft

_d = draft.c
COLUMNS = (_d.id, _d.code, _d.given, _d.changes, _d.problems, _d.actor, _d.at, _d.publish_at, _d.failed)
DUE = and_(_d.publish_at <= func.now(), ~_d.failed)  # whether a draft is to be applied
_ORDER = Order("draft.code", [_d.code], kinds=[str])


def read(*, given: Any, changes: Any, problems: Any, at: datetime, **facts: Any) -> Draft:
    return Draft(
        input=model.load(given),
        changes=tuple(states.read(changes)),
        problems=tuple(Problem(*one) for one in problems),
        at=at,
        **facts,
    )


async def drafts_by_code(conn: ReadConn, codes: Collection[str]) -> dict[str, Draft]:
    """The drafts of the products with these codes."""
    return {one.code: one for one in await fetch(conn, select(*COLUMNS).where(_d.code == any_(texts(codes))), read)}


async def page_of_drafts(conn: ReadConn, window: Window) -> Page[Draft]:
    """All drafts, by the codes of their products."""
    return await page(conn, select(*COLUMNS), _ORDER, window, read)


async def next_due(conn: ReadConn) -> str | None:
    """The code of the draft whose time came first, if any is to be applied."""
    wanted = select(_d.code).where(DUE).order_by(_d.publish_at, _d.code).limit(1)
    return (await conn.execute(wanted)).scalar_one_or_none()


async def is_due(conn: ReadConn) -> bool:
    """Whether any draft is to be applied."""
    return await next_due(conn) is not None
