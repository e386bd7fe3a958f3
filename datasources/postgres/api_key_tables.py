"""The tables of API keys."""

from sqlalchemy import ARRAY, Column, LargeBinary, Table, Text, Uuid

from datasources.postgres.app_tables import metadata
from datasources.postgres.choice import Choice
from datasources.postgres.tables import instant, one_of, points_at
from datasources.records.api_keys import ApiKeyKind, ApiKeyPlan

__all__ = ["metadata"]  # complete with these: who imports it here has all tables up to here

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    points_at("users.id", "user_id", index=True),
    Column("name", Text, nullable=False),
    Column("kind", Choice(ApiKeyKind), nullable=False),
    Column("plan", Choice(ApiKeyPlan), nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("allowed_addresses", ARRAY(Text), nullable=False),
    Column("allowed_origins", ARRAY(Text), nullable=False),
    instant("created_at"),
    instant("expires_at", nullable=True),
    instant("revoked_at", nullable=True),
    one_of("kind", ApiKeyKind),
    one_of("plan", ApiKeyPlan),
)

# Each text with which a key can be used; two of them while one takes the other's place.
api_key_secrets = Table(
    "api_key_secrets",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    points_at("api_keys.id", "key_id", index=True),
    Column("prefix", Text, nullable=False),
    instant("created_at"),
    instant("expires_at", nullable=True),
    instant("last_used_at", nullable=True),
)
