import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Index,
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
    """A file by its content: ``digest`` is the SHA-256 of its bytes and its name in the store.

    ``name`` is what its sender called it; ``search`` is its name and its alt texts.
    """

    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    digest: Named[str] = Column(Text, unique=True)
    type: Named[str] = Column(Text)
    kind: Named[str] = Column(Text)
    name: Named[str] = Column(Text, server_default="")
    bytes: Named[int] = Column(BigInteger)
    width: Named[int | None] = Column(Integer, nullable=True)
    height: Named[int | None] = Column(Integer, nullable=True)
    alt: Named[dict[str, str]] = Column(JSONB, server_default="{}")
    created_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())
    search: Named[str] = Column(Text, Computed("lower(name || ' ' || jsonb_path_query_array(alt, '$.*')::text)"))


class _ProductMedia(TypedColumns):
    """What a product shows, in order; with ``variant_id``, what shows that variant rather than all of them."""

    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    media_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("media.id"), primary_key=True, index=True)
    variant_id: Named[uuid.UUID | None] = Column(
        Uuid, ForeignKey("variant.id", ondelete="CASCADE"), nullable=True, index=True
    )
    position: Named[int] = Column(Integer, server_default="0")


class _UploadTarget(TypedColumns):
    """A file that somebody said they would send; it is media once it was taken in."""

    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    ticket: Named[uuid.UUID] = Column(Uuid, server_default=func.gen_random_uuid())
    principal_id: Named[uuid.UUID] = Column(Uuid)
    name: Named[str] = Column(Text)
    bytes: Named[int] = Column(BigInteger)
    type: Named[str | None] = Column(Text, nullable=True)
    expires_at: Named[datetime] = Column(DateTime(timezone=True), index=True)
    taken_at: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)


class _MediaDoubt(TypedColumns):
    """Files that are in the store and may be nobody's: about to become media, or no longer media.

    After ``until`` they are removed, unless there is media with this digest.
    """

    digest: Named[str] = Column(Text, primary_key=True)
    until: Named[datetime] = Column(DateTime(timezone=True), index=True)


media = Table(
    "media",
    metadata,
    _Media,
    CheckConstraint("kind IN ('IMAGE', 'VIDEO', 'DOCUMENT')", name="is_of_a_kind"),
    Index("ix_media_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
)
product_media = Table("product_media", metadata, _ProductMedia)
upload_target = Table("upload_target", metadata, _UploadTarget)
media_doubt = Table("media_doubt", metadata, _MediaDoubt)
