"""How complete a product must be for a channel to show it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel", sa.Column("required_completeness", sa.SmallInteger(), nullable=True))
    op.create_check_constraint(
        op.f("ck_channel_requires_a_percentage"), "channel", "required_completeness BETWEEN 1 AND 100"
    )


def downgrade() -> None:
    op.drop_column("channel", "required_completeness")
