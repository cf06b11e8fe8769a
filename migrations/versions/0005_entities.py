"""Reference entities and their records."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reference_entity",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("labels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_entity")),
        sa.UniqueConstraint("code", name=op.f("uq_reference_entity_code")),
    )
    op.create_table(
        "reference_attribute",
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("attribute_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["attribute_id"], ["attribute.id"], name=op.f("fk_reference_attribute_attribute_id_attribute")
        ),
        sa.ForeignKeyConstraint(
            ["entity_id"],
            ["reference_entity.id"],
            name=op.f("fk_reference_attribute_entity_id_reference_entity"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("entity_id", "attribute_id", name=op.f("pk_reference_attribute")),
    )
    op.create_index(op.f("ix_reference_attribute_attribute_id"), "reference_attribute", ["attribute_id"])
    op.create_table(
        "reference_record",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("labels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["reference_entity.id"], name=op.f("fk_reference_record_entity_id_reference_entity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_record")),
        sa.UniqueConstraint("entity_id", "code", name=op.f("uq_reference_record_entity_id_code")),
    )
    op.add_column("attribute", sa.Column("reference_entity", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_attribute_reference_entity_reference_entity"),
        "attribute",
        "reference_entity",
        ["reference_entity"],
        ["code"],
    )


def downgrade() -> None:
    op.drop_column("attribute", "reference_entity")
    op.drop_table("reference_record")
    op.drop_table("reference_attribute")
    op.drop_table("reference_entity")
