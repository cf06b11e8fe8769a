"""Revisions: who changed a product, when and what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("product", sa.Column("created_by", sa.Text(), nullable=True))
    op.execute("UPDATE product SET created_by = ''")
    op.alter_column("product", "created_by", nullable=False)
    op.create_table(
        "product_revision",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_revision_product_id_product"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", "number", name=op.f("pk_product_revision")),
    )


def downgrade() -> None:
    op.drop_table("product_revision")
    op.drop_column("product", "created_by")
