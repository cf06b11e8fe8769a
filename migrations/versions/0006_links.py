"""What products have beyond values: bundles, slugs of their own, what is bought together; GTINs in fourteen digits."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _product(table: str, column: str = "product_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["product.id"], name=op.f(f"fk_{table}_{column}_product"), ondelete="CASCADE"
    )


def upgrade() -> None:
    op.create_table(
        "association_kind",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("two_way", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_association_kind")),
    )
    op.create_table(
        "bought_together",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _product("bought_together"),
        _product("bought_together", "target_id"),
        sa.PrimaryKeyConstraint("product_id", "target_id", name=op.f("pk_bought_together")),
    )
    op.create_index(op.f("ix_bought_together_target_id"), "bought_together", ["target_id"])
    op.create_table(
        "product_component",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_product_component_is_of_something")),
        _product("product_component"),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_product_component_variant_id_variant")),
        sa.PrimaryKeyConstraint("product_id", "variant_id", name=op.f("pk_product_component")),
    )
    op.create_index(op.f("ix_product_component_variant_id"), "product_component", ["variant_id"])
    op.create_table(
        "product_slug",
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        _product("product_slug"),
        sa.PrimaryKeyConstraint("locale", "slug", name=op.f("pk_product_slug")),
    )
    op.create_index(op.f("ix_product_slug_product_id"), "product_slug", ["product_id"])
    op.drop_constraint("uq_variant_gtin", "variant")
    op.add_column("variant", sa.Column("gtin14", sa.Text(), sa.Computed("lpad(gtin, 14, '0')", persisted=True)))
    op.create_unique_constraint("uq_variant_gtin14", "variant", ["gtin14"], deferrable=True)
    _slugs_may_be_swapped(deferrable=True)


def _slugs_may_be_swapped(*, deferrable: bool) -> None:
    name = "uq_listing_text_channel_id_slug_locale"
    op.drop_constraint(name, "listing_text")
    op.create_unique_constraint(name, "listing_text", ["channel_id", "slug", "locale"], deferrable=deferrable)


def downgrade() -> None:
    _slugs_may_be_swapped(deferrable=False)
    op.drop_column("variant", "gtin14")
    op.create_unique_constraint("uq_variant_gtin", "variant", ["gtin"], deferrable=True)
    for table in ("product_slug", "product_component", "bought_together", "association_kind"):
        op.drop_table(table)
