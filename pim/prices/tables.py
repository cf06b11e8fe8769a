import uuid
from datetime import datetime

from sqlalchemy import (
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
    Table,
    Text,
    TypedColumns,
    Uuid,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range

from kernel.db import metadata


class _PriceList(TypedColumns):
    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    code: Named[str] = Column(Text, unique=True)
    currency: Named[str] = Column(Text)
    priority: Named[int] = Column(Integer, server_default="0")
    tax_included: Named[bool] = Column(Boolean, server_default=true())


class _PriceListChannel(TypedColumns):
    price_list_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("price_list.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("channel.id"), primary_key=True, index=True)


class _Price(TypedColumns):
    """``amount`` is in minor units. Rows are closed, never changed: what was charged stays on record."""

    id: Named[int] = Column(BigInteger, Identity(), primary_key=True)
    price_list_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("price_list.id"))
    variant_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("variant.id", ondelete="CASCADE"))
    min_quantity: Named[int] = Column(Integer, server_default="1")
    valid: Named[Range[datetime]] = Column(TSTZRANGE)
    amount: Named[int] = Column(BigInteger)
    set_by: Named[str | None] = Column(Text, nullable=True)
    set_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())


price_list = Table("price_list", metadata, _PriceList)
price_list_channel = Table("price_list_channel", metadata, _PriceListChannel)
price = Table(
    "price",
    metadata,
    _Price,
    ExcludeConstraint(
        ("variant_id", "="),
        ("price_list_id", "="),
        ("min_quantity", "="),
        ("valid", "&&"),
        name="price_no_overlap",
        using="gist",
    ),
    CheckConstraint("amount >= 0", name="amount_is_not_negative"),
    CheckConstraint("min_quantity >= 1", name="quantity_is_positive"),
    CheckConstraint("NOT isempty(valid) AND NOT lower_inf(valid)", name="has_a_start"),
    Index("ix_price_variant", "variant_id", "price_list_id", "min_quantity"),
    Index("ix_price_starts", text("lower(valid)")),
    Index("ix_price_ends", text("upper(valid)"), postgresql_where="upper(valid) IS NOT NULL"),
)
