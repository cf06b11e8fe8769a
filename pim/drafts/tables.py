import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, DateTime, Index, Named, Table, Text, TypedColumns, Uuid, false, func
from sqlalchemy.dialects.postgresql import JSONB

from kernel.db import metadata


class _Draft(TypedColumns):
    """What is to be changed of a product, shown nowhere until it is applied.

    ``changes`` is what applying would have changed, and ``problems`` what is wrong with it, when it was last looked at.
    One that could not be applied at its time has ``failed``, until it is saved anew.
    """

    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    code: Named[str] = Column(Text, unique=True)
    given: Named[dict[str, Any]] = Column(JSONB)
    changes: Named[list[Any]] = Column(JSONB)
    problems: Named[list[Any]] = Column(JSONB)
    actor: Named[str] = Column(Text)
    at: Named[datetime] = Column(DateTime(timezone=True))
    publish_at: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)
    failed: Named[bool] = Column(Boolean, server_default=false())


draft = Table("draft", metadata, _Draft, Index("ix_draft_due", "publish_at", postgresql_where="NOT failed"))
