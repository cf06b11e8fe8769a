import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
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
)
from sqlalchemy.dialects.postgresql import JSONB

from kernel.db import metadata


class _ImportRow(TypedColumns):
    """A row of a file on its way in, of the thing ``key``. ``cells`` is a JSON list of texts.

    ``marks`` are those of its cells that no two rows of the file may share.
    """

    task_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("task.id", ondelete="CASCADE"))
    key: Named[str] = Column(Text(collation="C"))
    line: Named[int] = Column(Integer)
    cells: Named[str] = Column(Text)
    marks: Named[list[str]] = Column(ARRAY(Text))


class _ImportProblem(TypedColumns):
    id: Named[int] = Column(BigInteger, Identity(), primary_key=True)
    task_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("task.id", ondelete="CASCADE"))
    line: Named[int] = Column(Integer)
    column: Named[str | None] = Column(Text, nullable=True)
    code: Named[str] = Column(Text)
    message: Named[str] = Column(Text)


class _ImportMapping(TypedColumns):
    name: Named[str] = Column(Text, primary_key=True)
    kind: Named[str] = Column(Text)
    document: Named[dict[str, Any]] = Column(JSONB)
    saved_by: Named[str] = Column(Text)
    saved_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())


class _ImportFile(TypedColumns):
    """A file that is kept for an import, from before it is put until it is removed."""

    key: Named[str] = Column(Text, primary_key=True)
    kept_at: Named[datetime] = Column(DateTime(timezone=True), server_default=func.now())


import_row = Table(
    "import_row", metadata, _ImportRow, Index("ix_import_row_task_id_key_line", "task_id", "key", "line")
)
import_problem = Table(
    "import_problem", metadata, _ImportProblem, Index("ix_import_problem_task_id_line_id", "task_id", "line", "id")
)
import_mapping = Table("import_mapping", metadata, _ImportMapping)
import_file = Table("import_file", metadata, _ImportFile)
