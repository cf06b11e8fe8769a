import uuid
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, Named, Table, Text, TypedColumns, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

from kernel.db import metadata


class Ltree(UserDefinedType[str]):
    """A path of labels, PostgreSQL's ltree; read and written as text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "ltree"


class _Category(TypedColumns):
    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    code: Named[str] = Column(Text, unique=True)
    slug: Named[str] = Column(Text, unique=True)
    parent_id: Named[uuid.UUID | None] = Column(Uuid, ForeignKey("category.id"), nullable=True, index=True)
    path: Named[str] = Column(Ltree, nullable=False)
    labels: Named[dict[str, str]] = Column(JSONB)
    position: Named[int] = Column(Integer, server_default="0")


category = Table("category", metadata, _Category, Index("ix_category_path", "path", postgresql_using="gist"))
