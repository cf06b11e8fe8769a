import uuid

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Integer, Named, Table, Text, TypedColumns, Uuid

from kernel.db import metadata


class _BulkTarget(TypedColumns):
    """A product that an edit is for, and the revision that it made of it; none where it changed nothing."""

    task_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("task.id", ondelete="CASCADE"), primary_key=True)
    product_id: Named[uuid.UUID] = Column(Uuid, primary_key=True)  # whatever becomes of the product
    revision: Named[int | None] = Column(Integer, nullable=True)


class _BulkProblem(TypedColumns):
    task_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("task.id", ondelete="CASCADE"), primary_key=True)
    number: Named[int] = Column(BigInteger, Identity(always=True), primary_key=True)
    code: Named[str] = Column(Text)
    path: Named[str] = Column(Text)
    message: Named[str] = Column(Text)


bulk_target = Table("bulk_target", metadata, _BulkTarget)
bulk_problem = Table("bulk_problem", metadata, _BulkProblem)
