"""Apps: since when their own tokens are good, so that a disabled one gets none back."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    moment = sa.Column("tokens_since", sa.DateTime(timezone=True), nullable=True)
    op.add_column("apps", moment)
    op.create_index(op.f("ix_apps_tokens_since"), "apps", ["tokens_since"], unique=False)
    op.execute("update apps set tokens_since = disabled_at")
