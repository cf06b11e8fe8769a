import uuid
from typing import Any

from sqlalchemy import Column, ForeignKey, Named, Table, TypedColumns, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from kernel.db import metadata


class _Assortment(TypedColumns):
    """The rules by which a channel lists products; ``task_id`` is the last task that followed a change of them."""

    channel_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    rules: Named[list[Any]] = Column(JSONB)
    task_id: Named[uuid.UUID | None] = Column(Uuid, ForeignKey("task.id", ondelete="SET NULL"), nullable=True)


class _AssortmentExclusion(TypedColumns):
    """A product that the rules of a channel do not list."""

    product_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Named[uuid.UUID] = Column(
        Uuid, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True, index=True
    )


assortment = Table("assortment", metadata, _Assortment)
assortment_exclusion = Table("assortment_exclusion", metadata, _AssortmentExclusion)
