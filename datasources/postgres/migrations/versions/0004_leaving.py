"""Indexes by person, so that whoever leaves is found without reading whole tables."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for table, column in (
        ("playlist_items", "added_by"),
        ("playlist_collaborators", "user_id"),
        ("playlist_followers", "user_id"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
