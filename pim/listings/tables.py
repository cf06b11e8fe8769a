import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Named,
    Numeric,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
    true,
)

from kernel.db import metadata

NO_PRICE = 2**63 - 1  # sorts what has no price behind everything that has one


class _Listing(TypedColumns):
    """A product on a channel. ``shown`` is whether it was counted as visible; reading decides by the window itself.

    ``category_id`` is its first category in the channel's tree, ``price`` the lowest current price of its variants;
    ``in_stock`` is told by oms, and ``stock_told`` is false from when that may have changed until it is told again.
    ``by_rule`` are listings that the channel's rules made and may withdraw; all others are as somebody decided.
    ``facets`` are the ids of its terms that are counted where listings are narrowed down,
    ``terms`` those of all others.
    """

    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    channel_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("channel.id"))
    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), index=True)
    status: Named[str] = Column(Text, server_default="DRAFT")
    publish_from: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)
    publish_until: Named[datetime | None] = Column(DateTime(timezone=True), nullable=True)
    category_id: Named[uuid.UUID | None] = Column(Uuid, ForeignKey("category.id"), nullable=True, index=True)
    position: Named[int] = Column(Integer, server_default="0")
    published_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())
    shown: Named[bool] = Column(Boolean, server_default=false())
    price: Named[int | None] = Column(BigInteger, nullable=True)
    in_stock: Named[bool] = Column(Boolean, server_default=false())
    stock_told: Named[bool] = Column(Boolean, server_default=true())
    by_rule: Named[bool] = Column(Boolean, server_default=false())
    facets: Named[list[int]] = Column(ARRAY(Integer), server_default="{}")
    terms: Named[list[int]] = Column(ARRAY(Integer), server_default="{}")


class _ListingText(TypedColumns):
    """What a listing is called in each locale of its channel, and the slug of its address there.

    ``sort`` is the name as it is sorted: without case and accents, the same on every PostgreSQL.
    """

    listing_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True)
    locale: Named[str] = Column(Text, primary_key=True)
    channel_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("channel.id"))
    slug: Named[str] = Column(Text)
    name: Named[str] = Column(Text)
    sort: Named[str] = Column(Text)


class _ListingTerm(TypedColumns):
    """What listings of a channel can be found by: a category with all below it, a value of a filterable attribute.

    ``attribute`` is the attribute's code, ``*category`` with the category's id as value, or ``*`` for them all.
    ``number`` is the value of a number, a date (days), a measurement (in its base unit) or an amount of the channel's
    currency. ``count`` is how many visible listings have the term.
    """

    id: Named[int] = Column(Integer, Identity(), primary_key=True)
    channel_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("channel.id"))
    attribute: Named[str] = Column(Text)
    value: Named[str] = Column(Text)
    number: Named[Decimal | None] = Column(Numeric, nullable=True)
    count: Named[int] = Column(Integer, server_default="0")


class _ListingByTerm(TypedColumns):
    """The listings that have a term; their position is repeated so that a category is paged by one index.

    No foreign key leads to the term: terms are never deleted, and looking up so few rows so often would make every
    publisher lock them.
    """

    term_id: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    position: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    listing_id: Named[uuid.UUID] = Column(
        Uuid, ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class _ListingExclusion(TypedColumns):
    """A variant that a channel does not offer."""

    variant_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("variant.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("channel.id"), primary_key=True, index=True)


listing = Table(
    "listing",
    metadata,
    _Listing,
    UniqueConstraint("channel_id", "product_id"),
    Index("ix_listing_position", "channel_id", "position", "id", postgresql_where="status = 'PUBLISHED'"),
    Index("ix_listing_newest", "channel_id", "published_at", "id", postgresql_where="status = 'PUBLISHED'"),
    Index(
        "ix_listing_price",
        "channel_id",
        text(f"coalesce(price, {NO_PRICE})"),
        "id",
        postgresql_where="status = 'PUBLISHED'",
    ),
    Index("ix_listing_untold", "product_id", postgresql_where="NOT stock_told"),
    Index("ix_listing_publish_from", "publish_from"),
    Index("ix_listing_publish_until", "publish_until"),
    CheckConstraint("publish_from < publish_until", name="window_is_not_empty"),
    CheckConstraint("status IN ('DRAFT', 'PUBLISHED', 'WITHDRAWN')", name="status_is_known"),
)
listing_text = Table(
    "listing_text",
    metadata,
    _ListingText,
    UniqueConstraint("channel_id", "slug", "locale", deferrable=True),  # so that two may swap theirs
    Index("ix_listing_text_sort", "channel_id", "locale", "sort", "listing_id"),
)
listing_term = Table(
    "listing_term",
    metadata,
    _ListingTerm,
    UniqueConstraint("channel_id", "attribute", "value"),
    Index("ix_listing_term_number", "channel_id", "attribute", "number", postgresql_where="number IS NOT NULL"),
)
listing_by_term = Table("listing_by_term", metadata, _ListingByTerm)
listing_exclusion = Table("listing_exclusion", metadata, _ListingExclusion)
