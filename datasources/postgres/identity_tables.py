"""The table of identities: accounts at OpenID providers with which people sign in here."""

from sqlalchemy import Column, Table, Text, UniqueConstraint, Uuid

from datasources.postgres.playlist_tables import metadata
from datasources.postgres.tables import instant, points_at

__all__ = ["metadata"]  # complete with this: who imports it here has all tables up to here

# A provider's issuer and its name for somebody: an address or a handle there may pass to others.
identities = Table(
    "identities",
    metadata,
    Column("id", Uuid, primary_key=True),
    points_at("users.id", "user_id", index=True),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("email", Text),  # as the provider last said it: for people to tell theirs apart
    instant("linked_at"),
    instant("last_used_at", nullable=True),
    UniqueConstraint("issuer", "subject"),
)
