import uuid
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Integer,
    Named,
    Table,
    Text,
    TypedColumns,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from kernel.db import metadata


class _Location(TypedColumns):
    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    code: Named[str] = Column(Text, unique=True)
    name: Named[str] = Column(Text)
    kind: Named[str] = Column(Text)
    address: Named[dict[str, Any]] = Column(JSONB)
    latitude: Named[float | None] = Column(Double, nullable=True)
    longitude: Named[float | None] = Column(Double, nullable=True)
    time_zone: Named[str] = Column(Text, server_default="UTC")
    capabilities: Named[list[str]] = Column(ARRAY(Text), server_default="{}")
    daily_capacity: Named[int | None] = Column(Integer, nullable=True)
    opening_hours: Named[dict[str, Any] | None] = Column(JSONB, nullable=True)
    groups: Named[list[str]] = Column(ARRAY(Text), server_default="{}")
    priority: Named[int] = Column(Integer, server_default="0")


class _ChannelLocation(TypedColumns):
    """A location whose stock a channel sells; ``buffer`` units of each variant are kept back from it."""

    channel_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    location_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("location.id"), primary_key=True, index=True)
    buffer: Named[int] = Column(Integer, server_default="0")


location = Table(
    "location",
    metadata,
    _Location,
    CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="point_is_on_earth"),
    CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="point_is_whole"),
)
channel_location = Table("channel_location", metadata, _ChannelLocation)
