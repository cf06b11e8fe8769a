import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
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
)

from kernel.db import metadata

STATES = ("available", "committed", "reserved", "damaged", "quality_control", "safety_stock", "incoming")
ON_HAND = STATES[:-1]  # incoming stands outside


class _StockLevel(TypedColumns):
    variant_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("variant.id"), primary_key=True)
    location_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("location.id"), primary_key=True, index=True)
    available: Named[int] = Column(Integer, server_default="0")
    committed: Named[int] = Column(Integer, server_default="0")
    reserved: Named[int] = Column(Integer, server_default="0")
    damaged: Named[int] = Column(Integer, server_default="0")
    quality_control: Named[int] = Column(Integer, server_default="0")
    safety_stock: Named[int] = Column(Integer, server_default="0")
    incoming: Named[int] = Column(Integer, server_default="0")
    on_hand: Named[int] = Column(Integer, Computed(" + ".join(ON_HAND), persisted=False))
    updated_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())


class _StockMovement(TypedColumns):
    """One row for each change of a level: what was added to each state, and what each state was after it."""

    id: Named[int] = Column(BigInteger, Identity(), primary_key=True)
    variant_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("variant.id"))
    location_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("location.id"))
    at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.clock_timestamp())
    reason: Named[str] = Column(Text)
    reference: Named[str | None] = Column(Text, nullable=True)
    actor: Named[str] = Column(Text)
    note: Named[str | None] = Column(Text, nullable=True)


stock_level = Table(
    "stock_level",
    metadata,
    _StockLevel,
    *(CheckConstraint(f"{state} >= 0", name=f"{state}_is_not_negative") for state in STATES[1:]),
    CheckConstraint(f"{' + '.join(ON_HAND)} >= 0", name="on_hand_is_not_negative"),
)
stock_movement = Table(
    "stock_movement",
    metadata,
    _StockMovement,
    *(Column(state, Integer, server_default="0", nullable=False) for state in STATES),
    *(Column(f"{state}_after", Integer, nullable=False) for state in STATES),
    Index("ix_stock_movement_level", "variant_id", "location_id", "id"),
)
