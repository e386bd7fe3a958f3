"""The tables of apps: who may ask people for access, what these agreed to, and pending codes.

Secrets and codes are random; only their hashes are here.
"""

from sqlalchemy import Boolean, Column, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from datasources.postgres.choice import Choice
from datasources.postgres.identity_tables import metadata
from datasources.postgres.tables import instant, one_of, points_at
from datasources.records.apps import AppAuthentication

__all__ = ["metadata"]  # complete with these: who imports it here has all tables up to here

# The row of an app that was deleted stays for a while, without what it said: processes read from
# `deleted_at` that its tokens are void. `tokens_since` is when an app was last disabled: those that
# it had for itself stay void when it is enabled again.
apps = Table(
    "apps",
    metadata,
    Column("id", Uuid, primary_key=True),
    points_at("users.id", "owner_id", nullable=True, index=True),
    Column("name", Text, nullable=False),
    Column("website", Text, nullable=False),
    Column("authentication", Choice(AppAuthentication), nullable=False),
    Column("grants", JSONB, nullable=False),
    Column("redirect_uris", JSONB, nullable=False),
    Column("scopes", JSONB, nullable=False),
    Column("jwks", JSONB(none_as_null=True)),
    Column("jwks_uri", Text),
    Column("secret_hash", LargeBinary),
    Column("old_secret_hash", LargeBinary),
    instant("old_secret_until", nullable=True),
    instant("created_at"),
    instant("updated_at"),
    instant("disabled_at", nullable=True, index=True),
    instant("deleted_at", nullable=True, index=True),
    instant("tokens_since", nullable=True, index=True),
    one_of("authentication", AppAuthentication),
)

app_consents = Table(
    "app_consents",
    metadata,
    points_at("users.id", "user_id", primary_key=True),
    points_at("apps.id", "app_id", primary_key=True, index=True),
    Column("scopes", JSONB, nullable=False),
    instant("granted_at"),
)

# A used code stays until it expires: it is told from an unknown one when it comes again.
authorization_codes = Table(
    "authorization_codes",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    points_at("apps.id", "app_id", index=True),
    points_at("users.id", "user_id", index=True),
    Column("family_id", Uuid, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("scopes", JSONB, nullable=False),
    Column("challenge", Text, nullable=False),
    Column("nonce", Text),
    instant("authenticated_at"),
    instant("created_at"),
    instant("expires_at", index=True),
    instant("used_at", nullable=True),
    instant("replayed_at", nullable=True),
)

device_codes = Table(
    "device_codes",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("user_code", Text, nullable=False, unique=True),
    points_at("apps.id", "app_id", index=True),
    Column("scopes", JSONB, nullable=False),
    Column("address", Text, nullable=False),
    Column("device", Text, nullable=False),
    instant("created_at"),
    instant("expires_at", index=True),
    Column("interval_s", Integer, nullable=False),
    instant("polled_at", nullable=True),
    Column("approved", Boolean),
    points_at("users.id", "user_id", nullable=True, index=True),
    instant("authenticated_at", nullable=True),
)
