"""Assortments: rules by which channels list products, and what of it they do not offer."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assortment",
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_assortment_channel_id_channel"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_assortment_task_id_task"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_assortment")),
    )
    op.create_table(
        "assortment_exclusion",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_assortment_exclusion_channel_id_channel"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_assortment_exclusion_product_id_product"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", "channel_id", name=op.f("pk_assortment_exclusion")),
    )
    op.create_index(op.f("ix_assortment_exclusion_channel_id"), "assortment_exclusion", ["channel_id"])
    op.create_table(
        "listing_exclusion",
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_listing_exclusion_channel_id_channel")),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variant.id"], name=op.f("fk_listing_exclusion_variant_id_variant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("variant_id", "channel_id", name=op.f("pk_listing_exclusion")),
    )
    op.create_index(op.f("ix_listing_exclusion_channel_id"), "listing_exclusion", ["channel_id"])
    op.add_column("listing", sa.Column("stock_told", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("listing", sa.Column("by_rule", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index("ix_listing_untold", "listing", ["product_id"], postgresql_where=sa.text("NOT stock_told"))


def downgrade() -> None:
    op.drop_index("ix_listing_untold", table_name="listing")
    op.drop_column("listing", "by_rule")
    op.drop_column("listing", "stock_told")
    op.drop_table("listing_exclusion")
    op.drop_table("assortment_exclusion")
    op.drop_table("assortment")
