import uuid

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Named,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    Uuid,
)

from kernel.db import metadata


class _Completeness(TypedColumns):
    """How far a product is filled in for a channel and locale; a product without a family has no such row."""

    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    locale: Named[str] = Column(Text, primary_key=True)
    percent: Named[int] = Column(SmallInteger)
    missing: Named[list[str]] = Column(ARRAY(Text), server_default="{}")


completeness = Table(
    "completeness",
    metadata,
    _Completeness,
    Index("ix_completeness_percent", "channel_id", "locale", "percent", "product_id"),
    CheckConstraint("percent BETWEEN 0 AND 100", name="is_a_percentage"),
    CheckConstraint("(percent = 100) = (cardinality(missing) = 0)", name="complete_lacks_nothing"),
)
