"""Media: names to find them by, places to send files to, and files that may be nobody's."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("media", sa.Column("name", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "media",
        sa.Column(
            "search",
            sa.Text(),
            sa.Computed("lower(name || ' ' || jsonb_path_query_array(alt, '$.*')::text)", persisted=True),
            nullable=False,
        ),
    )
    op.create_index(
        "ix_media_search", "media", ["search"], postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}
    )
    op.create_check_constraint("is_of_a_kind", "media", "kind IN ('IMAGE', 'VIDEO', 'DOCUMENT')")
    op.create_table(
        "upload_target",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("ticket", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_target")),
    )
    op.create_index(op.f("ix_upload_target_expires_at"), "upload_target", ["expires_at"])
    op.create_table(
        "media_doubt",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_media_doubt")),
    )
    op.create_index(op.f("ix_media_doubt_until"), "media_doubt", ["until"])


def downgrade() -> None:
    op.drop_table("media_doubt")
    op.drop_table("upload_target")
    op.drop_constraint("is_of_a_kind", "media")
    op.drop_index("ix_media_search", "media")
    op.drop_column("media", "search")
    op.drop_column("media", "name")
