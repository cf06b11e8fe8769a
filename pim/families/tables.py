import uuid

from sqlalchemy import ARRAY, Column, ForeignKey, Integer, Named, Table, Text, TypedColumns, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB

from kernel.db import metadata


class _Family(TypedColumns):
    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    code: Named[str] = Column(Text, unique=True)
    labels: Named[dict[str, str]] = Column(JSONB)
    label_attribute_id: Named[uuid.UUID | None] = Column(Uuid, ForeignKey("attribute.id"), nullable=True)


class _FamilyAttribute(TypedColumns):
    """``axis`` numbers the variant axes from 0; null for the attributes that are none."""

    family_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("family.id", ondelete="CASCADE"), primary_key=True)
    attribute_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("attribute.id"), primary_key=True)
    level: Named[str] = Column(Text, server_default="PRODUCT")
    required_on: Named[list[str]] = Column(ARRAY(Text), server_default="{}")
    axis: Named[int | None] = Column(Integer, nullable=True)
    position: Named[int] = Column(Integer, server_default="0")


family = Table("family", metadata, _Family)
family_attribute = Table("family_attribute", metadata, _FamilyAttribute)
