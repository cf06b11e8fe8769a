"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


class Of(sa.types.UserDefinedType):
    """A type of PostgreSQL by its name."""

    cache_ok = True

    def __init__(self, name):
        self.name = name

    def get_col_spec(self, **_):
        return self.name


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


EXTENSIONS = ("btree_gist", "ltree", "pg_trgm", "unaccent")


def upgrade() -> None:
    for extension in EXTENSIONS:
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.create_table(
        "app_token",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("channels", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("locations", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_app_token_hash")),
    )
    op.create_table(
        "attribute_group",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("labels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_attribute_group")),
    )
    op.create_table(
        "category",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("path", Of("ltree"), nullable=False),
        sa.Column("labels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["category.id"], name=op.f("fk_category_parent_id_category")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("code", name=op.f("uq_category_code")),
        sa.UniqueConstraint("slug", name=op.f("uq_category_slug")),
    )
    op.create_index(op.f("ix_category_parent_id"), "category", ["parent_id"], unique=False)
    op.create_index("ix_category_path", "category", ["path"], unique=False, postgresql_using="gist")
    op.create_table(
        "change",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", "day", name=op.f("pk_change")),
        postgresql_partition_by="RANGE (day)",
    )
    op.create_table(
        "clock",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("ticked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_clock_one_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_clock")),
    )
    op.create_table(
        "feed",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("floor", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_feed_one_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_feed")),
    )
    op.create_table(
        "idempotency",
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("mutation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("principal_id", "mutation", "key", name=op.f("pk_idempotency")),
    )
    op.create_index("ix_idempotency_at", "idempotency", ["at"], unique=False)
    op.create_table(
        "location",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("capabilities", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("daily_capacity", sa.Integer(), nullable=True),
        sa.Column("opening_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("groups", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_location_point_is_whole")),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name=op.f("ck_location_point_is_on_earth")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        sa.UniqueConstraint("code", name=op.f("uq_location_code")),
    )
    op.create_table(
        "media",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("alt", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("digest", name=op.f("uq_media_digest")),
    )
    op.create_table(
        "outbox",
        sa.Column("bulk", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("xid", Of("xid8"), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("entity", "topic", "xid", name=op.f("uq_outbox_entity_topic_xid")),
    )
    op.create_index("ix_outbox_lane_xid", "outbox", [sa.literal_column("CAST(bulk AS int)"), "xid", "id"], unique=False)
    op.create_index("ix_outbox_bulk_entity", "outbox", ["entity"], unique=False, postgresql_where="bulk")
    op.create_table(
        "price_list",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tax_included", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_list")),
        sa.UniqueConstraint("code", name=op.f("uq_price_list_code")),
    )
    op.create_table(
        "attribute",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("labels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("group_code", sa.Text(), nullable=True),
        sa.Column("localizable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("scopable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_unique", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("filterable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("searchable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("unit_family", sa.Text(), nullable=True),
        sa.Column("default_unit", sa.Text(), nullable=True),
        sa.Column("validation", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["group_code"], ["attribute_group.code"], name=op.f("fk_attribute_group_code_attribute_group")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attribute")),
        sa.UniqueConstraint("code", name=op.f("uq_attribute_code")),
    )
    op.create_table(
        "channel",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("locales", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_channel_currency_is_a_code")),
        sa.CheckConstraint("cardinality(locales) > 0", name=op.f("ck_channel_has_a_locale")),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_channel_category_id_category")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("code", name=op.f("uq_channel_code")),
    )
    op.create_table(
        "attribute_option",
        sa.Column("attribute_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("labels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["attribute_id"],
            ["attribute.id"],
            name=op.f("fk_attribute_option_attribute_id_attribute"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("attribute_id", "code", name=op.f("pk_attribute_option")),
    )
    op.create_table(
        "channel_location",
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("buffer", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_channel_location_channel_id_channel"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name=op.f("fk_channel_location_location_id_location")
        ),
        sa.PrimaryKeyConstraint("channel_id", "location_id", name=op.f("pk_channel_location")),
    )
    op.create_index(op.f("ix_channel_location_location_id"), "channel_location", ["location_id"], unique=False)
    op.create_table(
        "family",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("labels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("label_attribute_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["label_attribute_id"], ["attribute.id"], name=op.f("fk_family_label_attribute_id_attribute")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family")),
        sa.UniqueConstraint("code", name=op.f("uq_family_code")),
    )
    op.create_table(
        "listing_count",
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_listing_count_channel_id_channel")),
        sa.PrimaryKeyConstraint("channel_id", "attribute", "value", name=op.f("pk_listing_count")),
    )
    op.create_table(
        "price_list_channel",
        sa.Column("price_list_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_price_list_channel_channel_id_channel")),
        sa.ForeignKeyConstraint(
            ["price_list_id"],
            ["price_list.id"],
            name=op.f("fk_price_list_channel_price_list_id_price_list"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("price_list_id", "channel_id", name=op.f("pk_price_list_channel")),
    )
    op.create_index(op.f("ix_price_list_channel_channel_id"), "price_list_channel", ["channel_id"], unique=False)
    op.create_table(
        "family_attribute",
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("attribute_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Text(), server_default="PRODUCT", nullable=False),
        sa.Column("required_on", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("axis", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["attribute_id"], ["attribute.id"], name=op.f("fk_family_attribute_attribute_id_attribute")
        ),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_family_attribute_family_id_family"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("family_id", "attribute_id", name=op.f("pk_family_attribute")),
    )
    op.create_table(
        "product",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("search", sa.Text(), server_default="", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_product_family_id_family")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("code", name=op.f("uq_product_code")),
    )
    op.create_index(op.f("ix_product_family_id"), "product", ["family_id"], unique=False)
    op.create_index(
        "ix_product_search",
        "product",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_table(
        "listing",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="DRAFT", nullable=False),
        sa.Column("publish_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("publish_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("shown", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("in_stock", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("status IN ('DRAFT', 'PUBLISHED', 'WITHDRAWN')", name=op.f("ck_listing_status_is_known")),
        sa.CheckConstraint("publish_from < publish_until", name=op.f("ck_listing_window_is_not_empty")),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_listing_category_id_category")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_listing_channel_id_channel")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_listing_product_id_product"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing")),
        sa.UniqueConstraint("channel_id", "product_id", name=op.f("uq_listing_channel_id_product_id")),
    )
    op.create_index(op.f("ix_listing_category_id"), "listing", ["category_id"], unique=False)
    op.create_index(
        "ix_listing_newest",
        "listing",
        ["channel_id", "published_at", "id"],
        unique=False,
        postgresql_where="status = 'PUBLISHED'",
    )
    op.create_index(
        "ix_listing_position",
        "listing",
        ["channel_id", "position", "id"],
        unique=False,
        postgresql_where="status = 'PUBLISHED'",
    )
    op.create_index(
        "ix_listing_price",
        "listing",
        ["channel_id", sa.literal_column("coalesce(price, 9223372036854775807)"), "id"],
        unique=False,
        postgresql_where="status = 'PUBLISHED'",
    )
    op.create_index(op.f("ix_listing_product_id"), "listing", ["product_id"], unique=False)
    op.create_index("ix_listing_publish_from", "listing", ["publish_from"], unique=False)
    op.create_index("ix_listing_publish_until", "listing", ["publish_until"], unique=False)
    op.create_table(
        "product_association",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_association_product_id_product"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["target_id"], ["product.id"], name=op.f("fk_product_association_target_id_product"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", "kind", "target_id", name=op.f("pk_product_association")),
    )
    op.create_table(
        "product_category",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_product_category_category_id_category")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_category_product_id_product"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", "category_id", name=op.f("pk_product_category")),
    )
    op.create_index(op.f("ix_product_category_category_id"), "product_category", ["category_id"], unique=False)
    op.create_table(
        "unique_value",
        sa.Column("attribute_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attribute_id"], ["attribute.id"], name=op.f("fk_unique_value_attribute_id_attribute"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_unique_value_product_id_product"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("attribute_id", "value", name=op.f("pk_unique_value")),
    )
    op.create_index(op.f("ix_unique_value_product_id"), "unique_value", ["product_id"], unique=False)
    op.create_table(
        "variant",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("gtin", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("axes", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("sku <> ''", name=op.f("ck_variant_has_a_sku")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_variant_product_id_product"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variant")),
        sa.UniqueConstraint("gtin", deferrable=True, name=op.f("uq_variant_gtin")),
        sa.UniqueConstraint("product_id", "axes", deferrable=True, name=op.f("uq_variant_product_id_axes")),
        sa.UniqueConstraint("sku", name=op.f("uq_variant_sku")),
    )
    op.create_table(
        "listing_term",
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Numeric(), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_listing_term_channel_id_channel")),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_listing_term_listing_id_listing"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "channel_id", "attribute", "value", "position", "listing_id", name=op.f("pk_listing_term")
        ),
    )
    op.create_index(op.f("ix_listing_term_listing_id"), "listing_term", ["listing_id"], unique=False)
    op.create_index(
        "ix_listing_term_number",
        "listing_term",
        ["channel_id", "attribute", "number"],
        unique=False,
        postgresql_where="number IS NOT NULL",
    )
    op.create_table(
        "listing_text",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_listing_text_channel_id_channel")),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_listing_text_listing_id_listing"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listing_id", "locale", name=op.f("pk_listing_text")),
        sa.UniqueConstraint("channel_id", "slug", "locale", name=op.f("uq_listing_text_channel_id_slug_locale")),
    )
    op.create_index(
        "ix_listing_text_sort", "listing_text", ["channel_id", "locale", "sort", "listing_id"], unique=False
    )
    op.create_table(
        "price",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("price_list_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("min_quantity", sa.Integer(), server_default="1", nullable=False),
        sa.Column("valid", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("variant_id"), "="),
            (sa.column("price_list_id"), "="),
            (sa.column("min_quantity"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="price_no_overlap",
        ),
        sa.CheckConstraint("NOT isempty(valid) AND NOT lower_inf(valid)", name=op.f("ck_price_has_a_start")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_price_amount_is_not_negative")),
        sa.CheckConstraint("min_quantity >= 1", name=op.f("ck_price_quantity_is_positive")),
        sa.ForeignKeyConstraint(["price_list_id"], ["price_list.id"], name=op.f("fk_price_price_list_id_price_list")),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variant.id"], name=op.f("fk_price_variant_id_variant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price")),
    )
    op.create_index(
        "ix_price_ends",
        "price",
        [sa.literal_column("upper(valid)")],
        unique=False,
        postgresql_where="upper(valid) IS NOT NULL",
    )
    op.create_index("ix_price_starts", "price", [sa.literal_column("lower(valid)")], unique=False)
    op.create_index("ix_price_variant", "price", ["variant_id", "price_list_id", "min_quantity"], unique=False)
    op.create_table(
        "product_media",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_product_media_media_id_media")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_media_product_id_product"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variant.id"], name=op.f("fk_product_media_variant_id_variant"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", "media_id", name=op.f("pk_product_media")),
    )
    op.create_index(op.f("ix_product_media_media_id"), "product_media", ["media_id"], unique=False)
    op.create_index(op.f("ix_product_media_variant_id"), "product_media", ["variant_id"], unique=False)
    op.create_table(
        "stock_level",
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("available", sa.Integer(), server_default="0", nullable=False),
        sa.Column("committed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reserved", sa.Integer(), server_default="0", nullable=False),
        sa.Column("damaged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quality_control", sa.Integer(), server_default="0", nullable=False),
        sa.Column("safety_stock", sa.Integer(), server_default="0", nullable=False),
        sa.Column("incoming", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "on_hand",
            sa.Integer(),
            sa.Computed("available + committed + reserved + damaged + quality_control + safety_stock", persisted=False),
            nullable=False,
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "available + committed + reserved + damaged + quality_control + safety_stock >= 0",
            name=op.f("ck_stock_level_on_hand_is_not_negative"),
        ),
        sa.CheckConstraint("committed >= 0", name=op.f("ck_stock_level_committed_is_not_negative")),
        sa.CheckConstraint("damaged >= 0", name=op.f("ck_stock_level_damaged_is_not_negative")),
        sa.CheckConstraint("incoming >= 0", name=op.f("ck_stock_level_incoming_is_not_negative")),
        sa.CheckConstraint("quality_control >= 0", name=op.f("ck_stock_level_quality_control_is_not_negative")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_level_reserved_is_not_negative")),
        sa.CheckConstraint("safety_stock >= 0", name=op.f("ck_stock_level_safety_stock_is_not_negative")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_stock_level_location_id_location")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_stock_level_variant_id_variant")),
        sa.PrimaryKeyConstraint("variant_id", "location_id", name=op.f("pk_stock_level")),
    )
    op.create_index(op.f("ix_stock_level_location_id"), "stock_level", ["location_id"], unique=False)
    op.create_table(
        "stock_movement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("available", sa.Integer(), server_default="0", nullable=False),
        sa.Column("committed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reserved", sa.Integer(), server_default="0", nullable=False),
        sa.Column("damaged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quality_control", sa.Integer(), server_default="0", nullable=False),
        sa.Column("safety_stock", sa.Integer(), server_default="0", nullable=False),
        sa.Column("incoming", sa.Integer(), server_default="0", nullable=False),
        sa.Column("available_after", sa.Integer(), nullable=False),
        sa.Column("committed_after", sa.Integer(), nullable=False),
        sa.Column("reserved_after", sa.Integer(), nullable=False),
        sa.Column("damaged_after", sa.Integer(), nullable=False),
        sa.Column("quality_control_after", sa.Integer(), nullable=False),
        sa.Column("safety_stock_after", sa.Integer(), nullable=False),
        sa.Column("incoming_after", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_stock_movement_location_id_location")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_stock_movement_variant_id_variant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
    )
    op.create_index("ix_stock_movement_level", "stock_movement", ["variant_id", "location_id", "id"], unique=False)
    op.execute("INSERT INTO feed DEFAULT VALUES")
    op.execute("INSERT INTO clock DEFAULT VALUES")
    op.execute("ALTER TABLE stock_level SET (fillfactor = 80)")  # room to change a level in its own page
    op.execute("ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)")


def downgrade() -> None:
    # Alembic asks for a way back from each migration; from the first one it is to drop the database
    raise NotImplementedError("there is nothing before the first tables")
