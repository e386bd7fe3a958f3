"""The tables of accounts: who may sign in and how, mails to send, and what has happened.

Nothing here opens a door by itself: passwords, tokens and codes are hashes, keys and second
factors are sealed with the key encryption key, which no store holds.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from datasources.postgres.choice import Choice
from datasources.postgres.tables import instant, metadata, one_of, points_at
from datasources.records.accounts import MailTokenPurpose, Role

__all__ = ["metadata"]

accounts = Table(
    "accounts",
    metadata,
    points_at("users.id", "user_id", primary_key=True),
    Column("email", Text),
    Column("email_key", Text, unique=True),  # what look-ups compare: see auth/email.py
    Column("password_hash", Text),
    instant("password_changed_at", nullable=True),
    Column("role", Choice(Role), nullable=False, server_default=text("'LISTENER'")),
    Column("demo", Boolean, nullable=False, server_default=text("false")),
    instant("disabled_at", nullable=True),
    instant("signed_out_at", nullable=True, index=True),
    Column("totp_sealed", LargeBinary),
    instant("totp_confirmed_at", nullable=True),
    Column("totp_last_step", BigInteger, nullable=False, server_default=text("0")),
    one_of("role", Role),
)

# Accounts begin when their address is confirmed; until then there is nothing to be found.
pending_sign_ups = Table(
    "pending_sign_ups",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    instant("expires_at", index=True),
)

mail_tokens = Table(
    "mail_tokens",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("purpose", Choice(MailTokenPurpose), nullable=False),
    Column("subject_id", Uuid, nullable=False, index=True),  # of a pending sign-up, or a user
    Column("email", Text, nullable=False),  # the address that it was sent to
    instant("expires_at", index=True),
    one_of("purpose", MailTokenPurpose),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    points_at("users.id", "user_id", primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
    instant("used_at", nullable=True),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Uuid, primary_key=True),
    points_at("users.id", "user_id", index=True),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("transports", JSONB, nullable=False),
    Column("name", Text, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    instant("created_at"),
    instant("last_used_at", nullable=True),
)

# --- tokens -------------------------------------------------------------------------------------

# All refresh tokens that descend from one sign-in: a phone, say; or, with `app_id` and `scopes`,
# from what a person let a third party's app do.
token_families = Table(
    "token_families",
    metadata,
    Column("id", Uuid, primary_key=True),
    points_at("users.id", "user_id", index=True),
    points_at("apps.id", "app_id", nullable=True, index=True),
    Column("scopes", JSONB(none_as_null=True)),
    Column("device", Text, nullable=False),
    Column("address", Text, nullable=False),
    instant("created_at"),
    instant("last_used_at"),
    instant("expires_at"),
    instant("revoked_at", nullable=True, index=True),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    points_at("token_families.id", "family_id", index=True),
    instant("expires_at"),
    instant("used_at", nullable=True),
)

# A key is published from the start, signs from `active_from`, and verifies until `expires_at`.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("algorithm", Text, nullable=False),
    Column("public_jwk", JSONB, nullable=False),
    Column("private_sealed", LargeBinary, nullable=False),
    instant("created_at"),
    instant("active_from"),
    instant("expires_at", nullable=True),
)

# --- work and its record ------------------------------------------------------------------------

# Written in the transaction that causes the work; a row is removed when its work is done.
jobs = Table(
    "jobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    instant("created_at"),
    instant("due_at"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("last_error", Text),
    instant("failed_at", nullable=True),
    Index(None, "due_at", postgresql_where=text("failed_at is null")),
)

# Append only: a trigger refuses everything else. It points at nobody, so that nobody's deletion
# has to change it, and names nobody but by id.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Uuid, primary_key=True),
    instant("at"),
    Column("action", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Uuid),
    Column("subject_id", Uuid),
    Column("address", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Index(None, "actor_id", "id"),
    Index(None, "subject_id", "id"),
    Index(None, "action", "id"),
)
