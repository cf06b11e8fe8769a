"""Documents and words to search by; the terms of listings under numbers, with their counters."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.rename_table("listing_term", "listing_term_before")
    op.execute("ALTER INDEX pk_listing_term RENAME TO pk_listing_term_before")
    op.execute("ALTER INDEX ix_listing_term_number RENAME TO ix_listing_term_number_before")
    op.create_table(
        "listing_term",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("number", sa.Numeric(), nullable=True),
        sa.Column("count", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_term")),
        sa.UniqueConstraint(
            "channel_id", "attribute", "value", name=op.f("uq_listing_term_channel_id_attribute_value")
        ),
    )
    op.create_table(
        "listing_by_term",
        sa.Column("term_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
    )
    op.create_table(
        "search_document",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("document", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_search_document_listing_id_listing"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listing_id", "locale", name=op.f("pk_search_document")),
    )
    op.create_table(
        "search_word",
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("stem", sa.Text(collation="C"), nullable=False),
        sa.Column("backward", sa.Text(collation="C"), sa.Computed("reverse(stem)", persisted=True), nullable=False),
        sa.Column("near", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("locale", "word", name=op.f("pk_search_word")),
    )
    op.create_index("ix_search_word_backward", "search_word", ["locale", "backward"])
    op.create_index("ix_search_word_near", "search_word", ["near"], postgresql_using="gin")
    op.create_index(
        "ix_search_word_word",
        "search_word",
        ["word"],
        postgresql_using="gin",
        postgresql_ops={"word": "gin_trgm_ops"},
    )
    op.create_index("ix_search_document_document", "search_document", ["document"], postgresql_using="gin")
    op.add_column("listing", sa.Column("facets", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False))
    op.add_column("listing", sa.Column("terms", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False))
    op.execute(_TERMS)
    op.execute(_BY_TERM)
    op.execute(_ARRAYS)
    op.create_primary_key(op.f("pk_listing_by_term"), "listing_by_term", ["term_id", "position", "listing_id"])
    op.create_foreign_key(
        op.f("fk_listing_by_term_listing_id_listing"),
        "listing_by_term",
        "listing",
        ["listing_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_index(op.f("ix_listing_by_term_listing_id"), "listing_by_term", ["listing_id"])
    op.create_foreign_key(op.f("fk_listing_term_channel_id_channel"), "listing_term", "channel", ["channel_id"], ["id"])
    op.create_index(
        "ix_listing_term_number",
        "listing_term",
        ["channel_id", "attribute", "number"],
        postgresql_where="number IS NOT NULL",
    )
    op.drop_table("listing_term_before")
    op.drop_table("listing_count")


_TERMS = """
    INSERT INTO listing_term (channel_id, attribute, value, number, count)
    SELECT t.channel_id, t.attribute, t.value, max(t.number), count(*) FILTER (WHERE l.shown)
    FROM listing_term_before t JOIN listing l ON l.id = t.listing_id
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_BY_TERM = """
    INSERT INTO listing_by_term (term_id, position, listing_id)
    SELECT n.id, t.position, t.listing_id FROM listing_term_before t JOIN listing_term n USING (channel_id, attribute, value)
    ORDER BY 1, 2, 3
"""
_ARRAYS = """
    UPDATE listing l SET facets = r.facets, terms = r.terms FROM (
        SELECT b.listing_id,
            coalesce(array_agg(n.id ORDER BY n.id) FILTER (WHERE a.type IN ('SELECT', 'MULTI_SELECT', 'BOOLEAN',
                'NUMBER', 'MEASUREMENT', 'DATE')), '{}') AS facets,
            coalesce(array_agg(n.id ORDER BY n.id) FILTER (WHERE (a.type IN ('SELECT', 'MULTI_SELECT', 'BOOLEAN',
                'NUMBER', 'MEASUREMENT', 'DATE')) IS NOT TRUE), '{}') AS terms
        FROM listing_by_term b JOIN listing_term n ON n.id = b.term_id LEFT JOIN attribute a ON a.code = n.attribute
        GROUP BY b.listing_id
    ) r WHERE r.listing_id = l.id
"""
