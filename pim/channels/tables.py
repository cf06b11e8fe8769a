import uuid

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKey,
    Named,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    Uuid,
    func,
)

from kernel.db import metadata


class _Channel(TypedColumns):
    id: Named[uuid.UUID] = Column(Uuid, primary_key=True, server_default=func.uuidv7())
    code: Named[str] = Column(Text, unique=True)
    name: Named[str] = Column(Text)
    kind: Named[str] = Column(Text)
    currency: Named[str] = Column(Text)
    locales: Named[list[str]] = Column(ARRAY(Text))
    category_id: Named[uuid.UUID | None] = Column(Uuid, ForeignKey("category.id"), nullable=True)
    time_zone: Named[str] = Column(Text, server_default="UTC")
    required_completeness: Named[int | None] = Column(SmallInteger, nullable=True)


channel = Table(
    "channel",
    metadata,
    _Channel,
    CheckConstraint("cardinality(locales) > 0", name="has_a_locale"),
    CheckConstraint("required_completeness BETWEEN 1 AND 100", name="requires_a_percentage"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_a_code"),
)
