import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
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


class _Media(TypedColumns):
    """A file by its content: ``digest`` is the SHA-256 of its bytes and its name in the store."""

    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    digest: Named[str] = Column(Text, unique=True)
    type: Named[str] = Column(Text)
    kind: Named[str] = Column(Text)
    bytes: Named[int] = Column(BigInteger)
    width: Named[int | None] = Column(Integer, nullable=True)
    height: Named[int | None] = Column(Integer, nullable=True)
    alt: Named[dict[str, str]] = Column(JSONB, server_default="{}")
    created_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())


class _ProductMedia(TypedColumns):
    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    media_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("media.id"), primary_key=True, index=True)
    variant_id: Named[uuid.UUID | None] = Column(
        Uuid, ForeignKey("variant.id", ondelete="CASCADE"), nullable=True, index=True
    )
    position: Named[int] = Column(Integer, server_default="0")


media = Table("media", metadata, _Media)
product_media = Table("product_media", metadata, _ProductMedia)
