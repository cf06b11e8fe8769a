import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
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
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from kernel.db import metadata


class _Product(TypedColumns):
    """``content`` is keyed attribute → channel → locale; ``*`` stands where a value is for all of them.

    ``revision`` numbers its changes; the first is its creation, told by ``created_at`` and ``created_by`` alone.
    """

    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    code: Named[str] = Column(Text, unique=True)
    family_id: Named[uuid.UUID | None] = Column(Uuid, ForeignKey("family.id"), nullable=True, index=True)
    content: Named[dict[str, Any]] = Column(JSONB, server_default="{}")
    search: Named[str] = Column(Text, server_default="")
    revision: Named[int] = Column(Integer, server_default="1")
    created_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())
    created_by: Named[str] = Column(Text)
    updated_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())


class _ProductCategory(TypedColumns):
    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    category_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("category.id"), primary_key=True, index=True)
    position: Named[int] = Column(Integer, server_default="0")


class _Variant(TypedColumns):
    """``axes`` repeats the values of the variant axes, {attribute: option or text}, unique within the product.

    ``gtin14`` is the GTIN in fourteen digits, for one number can be written in several lengths.
    """

    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"))
    sku: Named[str] = Column(Text, unique=True)
    gtin: Named[str | None] = Column(Text, nullable=True)
    gtin14: Named[str | None] = Column(Text, Computed("lpad(gtin, 14, '0')", persisted=True), nullable=True)
    content: Named[dict[str, Any]] = Column(JSONB, server_default="{}")
    axes: Named[dict[str, str]] = Column(JSONB, server_default="{}")
    position: Named[int] = Column(Integer, server_default="0")


class _ProductAssociation(TypedColumns):
    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    kind: Named[str] = Column(Text, primary_key=True)
    target_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    position: Named[int] = Column(Integer, server_default="0")


class _ProductRevision(TypedColumns):
    """A change of a product after its creation, who made it and when."""

    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    number: Named[int] = Column(Integer, primary_key=True)
    at: Named[datetime] = Column(DateTime(timezone=True))
    actor: Named[str] = Column(Text)
    changes: Named[list[Any]] = Column(JSONB)


class _ProductComponent(TypedColumns):
    """What a bundle consists of."""

    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    variant_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("variant.id"), primary_key=True, index=True)
    quantity: Named[int] = Column(Integer)
    position: Named[int] = Column(Integer, server_default="0")


class _AssociationKind(TypedColumns):
    """How associations of a kind behave; what has no row goes one way."""

    kind: Named[str] = Column(Text, primary_key=True)
    two_way: Named[bool] = Column(Boolean)


class _BoughtTogether(TypedColumns):
    """What is often bought with a product, the most often first, as orders tell."""

    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    target_id: Named[uuid.UUID] = Column(
        Uuid, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Named[int] = Column(Integer)


class _ProductSlug(TypedColumns):
    """The slugs that products were given; those that listings make of their names stand with the listings."""

    locale: Named[str] = Column(Text, primary_key=True)
    slug: Named[str] = Column(Text, primary_key=True)
    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), index=True)


class _UniqueValue(TypedColumns):
    """Values of attributes that are unique in the whole catalog."""

    attribute_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("attribute.id", ondelete="CASCADE"), primary_key=True)
    value: Named[str] = Column(Text, primary_key=True)
    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), index=True)


product = Table(
    "product",
    metadata,
    _Product,
    Index("ix_product_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
)
product_category = Table("product_category", metadata, _ProductCategory)
variant = Table(
    "variant",
    metadata,
    _Variant,
    UniqueConstraint("gtin14", deferrable=True),  # so that two variants may swap theirs in one statement
    UniqueConstraint("product_id", "axes", deferrable=True),
    CheckConstraint("sku <> ''", name="has_a_sku"),
)
product_association = Table("product_association", metadata, _ProductAssociation)
product_component = Table(
    "product_component", metadata, _ProductComponent, CheckConstraint("quantity > 0", name="is_of_something")
)
association_kind = Table("association_kind", metadata, _AssociationKind)
bought_together = Table("bought_together", metadata, _BoughtTogether)
product_slug = Table("product_slug", metadata, _ProductSlug)
product_revision = Table("product_revision", metadata, _ProductRevision)
unique_value = Table("unique_value", metadata, _UniqueValue)
