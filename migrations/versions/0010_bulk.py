"""Edits of many products at once."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulk_target",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_bulk_target_task_id_task"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task_id", "product_id", name=op.f("pk_bulk_target")),
    )
    op.create_table(
        "bulk_problem",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.id"], name=op.f("fk_bulk_problem_task_id_task"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("task_id", "number", name=op.f("pk_bulk_problem")),
    )


def downgrade() -> None:
    op.drop_table("bulk_problem")
    op.drop_table("bulk_target")
