"""The tables of notifications: what people are told of, how far it goes, and how they want it."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text, UniqueConstraint, Uuid, text

from datasources.postgres.api_key_tables import metadata
from datasources.postgres.choice import Choice
from datasources.postgres.tables import instant, one_of, points_at
from datasources.records.notifications import NotificationKind
from datasources.records.playlists import CollaboratorRole

__all__ = ["metadata"]  # complete with these: who imports it here has all tables

# The row is locked by whoever adds to an inbox, until they commit: so places become visible in
# their order, and who reads on behind one misses nothing.
inboxes = Table(
    "inboxes",
    metadata,
    points_at("users.id", "user_id", primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("removed_through", BigInteger, nullable=False, server_default=text("0")),
)

# A row goes with whoever did it, and with the playlist that it is about. One that is not `in_app`
# waits for the digest alone.
notifications = Table(
    "notifications",
    metadata,
    Column("id", Uuid, primary_key=True),
    points_at("users.id", "user_id"),
    Column("seq", BigInteger, nullable=False),
    Column("kind", Choice(NotificationKind), nullable=False),
    points_at("users.id", "actor_id", nullable=True),
    points_at("playlists.id", "playlist_id", nullable=True, index=True),
    Column("role", Choice(CollaboratorRole)),
    Column("device", Text),
    Column("address", Text),
    Column("in_app", Boolean, nullable=False),
    Column("in_digest", Boolean, nullable=False),
    instant("created_at", index=True),
    instant("read_at", nullable=True),
    instant("mailed_at", nullable=True),
    UniqueConstraint("user_id", "seq"),
    Index(None, "actor_id", "user_id"),
    Index(
        "ix_notifications_unread", "user_id", postgresql_where=text("read_at is null and in_app")
    ),
    Index(
        "ix_notifications_to_mail",
        "created_at",
        postgresql_where=text("in_digest and mailed_at is null and read_at is null"),
    ),
    Index("ix_notifications_mailed", "user_id", "mailed_at"),
    one_of("kind", NotificationKind),
    one_of("role", CollaboratorRole),
)

# A row where somebody wants it otherwise than `NotificationPreference` says.
notification_preferences = Table(
    "notification_preferences",
    metadata,
    points_at("users.id", "user_id", primary_key=True),
    Column("kind", Choice(NotificationKind), primary_key=True),
    Column("in_app", Boolean, nullable=False),
    Column("email_digest", Boolean, nullable=False),
    one_of("kind", NotificationKind),
)
