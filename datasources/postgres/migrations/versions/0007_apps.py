"""Apps: who may ask people for access, what these agreed to, and pending codes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _goes_with(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE")


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "apps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("website", sa.Text(), nullable=False),
        sa.Column("authentication", sa.Text(), nullable=False),
        sa.Column("grants", postgresql.JSONB(), nullable=False),
        sa.Column("redirect_uris", postgresql.JSONB(), nullable=False),
        sa.Column("scopes", postgresql.JSONB(), nullable=False),
        sa.Column("jwks", postgresql.JSONB(), nullable=True),
        sa.Column("jwks_uri", sa.Text(), nullable=True),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_hash", sa.LargeBinary(), nullable=True),
        _moment("old_secret_until", nullable=True),
        _moment("created_at"),
        _moment("updated_at"),
        _moment("disabled_at", nullable=True),
        _moment("deleted_at", nullable=True),
        sa.CheckConstraint(
            "authentication in ('SECRET', 'PRIVATE_KEY_JWT', 'NONE')",
            name=op.f("ck_apps_authentication"),
        ),
        _goes_with("apps", "owner_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apps")),
    )
    _index("apps", "owner_id", "disabled_at", "deleted_at")
    op.create_table(
        "app_consents",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", postgresql.JSONB(), nullable=False),
        _moment("granted_at"),
        _goes_with("app_consents", "user_id", "users"),
        _goes_with("app_consents", "app_id", "apps"),
        sa.PrimaryKeyConstraint("user_id", "app_id", name=op.f("pk_app_consents")),
    )
    _index("app_consents", "app_id")
    op.create_table(
        "authorization_codes",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.JSONB(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=True),
        _moment("authenticated_at"),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        _moment("replayed_at", nullable=True),
        _goes_with("authorization_codes", "app_id", "apps"),
        _goes_with("authorization_codes", "user_id", "users"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_authorization_codes")),
    )
    _index("authorization_codes", "app_id", "user_id", "expires_at")
    op.create_table(
        "device_codes",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_code", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", postgresql.JSONB(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        sa.Column("interval_s", sa.Integer(), nullable=False),
        _moment("polled_at", nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        _moment("authenticated_at", nullable=True),
        _goes_with("device_codes", "app_id", "apps"),
        _goes_with("device_codes", "user_id", "users"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_device_codes")),
        sa.UniqueConstraint("user_code", name=op.f("uq_device_codes_user_code")),
    )
    _index("device_codes", "app_id", "expires_at", "user_id")
    op.add_column("token_families", sa.Column("app_id", sa.Uuid(), nullable=True))
    op.add_column("token_families", sa.Column("scopes", postgresql.JSONB(), nullable=True))
    op.create_foreign_key(
        op.f("fk_token_families_app_id_apps"),
        "token_families",
        "apps",
        ["app_id"],
        ["id"],
        ondelete="CASCADE",
    )
    _index("token_families", "app_id")
