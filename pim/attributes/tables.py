import uuid
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Named, Table, Text, TypedColumns, Uuid, false, func
from sqlalchemy.dialects.postgresql import JSONB

from kernel.db import metadata


class _AttributeGroup(TypedColumns):
    code: Named[str] = Column(Text, primary_key=True)
    labels: Named[dict[str, str]] = Column(JSONB)
    position: Named[int] = Column(Integer, server_default="0")


class _Attribute(TypedColumns):
    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    code: Named[str] = Column(Text, unique=True)
    type: Named[str] = Column(Text)
    labels: Named[dict[str, str]] = Column(JSONB)
    group_code: Named[str | None] = Column(Text, ForeignKey("attribute_group.code"), nullable=True)
    localizable: Named[bool] = Column(Boolean, server_default=false())
    scopable: Named[bool] = Column(Boolean, server_default=false())
    is_unique: Named[bool] = Column(Boolean, server_default=false())
    filterable: Named[bool] = Column(Boolean, server_default=false())
    searchable: Named[bool] = Column(Boolean, server_default=false())
    unit_family: Named[str | None] = Column(Text, nullable=True)
    default_unit: Named[str | None] = Column(Text, nullable=True)
    validation: Named[dict[str, Any]] = Column(JSONB, server_default="{}")
    position: Named[int] = Column(Integer, server_default="0")
    reference_entity: Named[str | None] = Column(Text, ForeignKey("reference_entity.code"), nullable=True)


class _AttributeOption(TypedColumns):
    attribute_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("attribute.id", ondelete="CASCADE"), primary_key=True)
    code: Named[str] = Column(Text, primary_key=True)
    labels: Named[dict[str, str]] = Column(JSONB)
    position: Named[int] = Column(Integer, server_default="0")


attribute_group = Table("attribute_group", metadata, _AttributeGroup)
attribute = Table("attribute", metadata, _Attribute)
attribute_option = Table("attribute_option", metadata, _AttributeOption)
