import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Integer,
    Named,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from kernel.db import metadata


class _ReferenceEntity(TypedColumns):
    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    code: Named[str] = Column(Text, unique=True)
    labels: Named[dict[str, str]] = Column(JSONB)


class _ReferenceAttribute(TypedColumns):
    entity_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("reference_entity.id", ondelete="CASCADE"), primary_key=True)
    attribute_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("attribute.id"), primary_key=True, index=True)
    position: Named[int] = Column(Integer, server_default="0")


class _ReferenceRecord(TypedColumns):
    """``content`` is keyed attribute → channel → locale, as that of products."""

    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    entity_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("reference_entity.id"))
    code: Named[str] = Column(Text)
    labels: Named[dict[str, str]] = Column(JSONB)
    content: Named[dict[str, Any]] = Column(JSONB, server_default="{}")
    updated_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())


reference_entity = Table("reference_entity", metadata, _ReferenceEntity)
reference_attribute = Table("reference_attribute", metadata, _ReferenceAttribute)
reference_record = Table("reference_record", metadata, _ReferenceRecord, UniqueConstraint("entity_id", "code"))
