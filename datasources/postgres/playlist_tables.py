"""The tables behind writing: what playlists were, who may join them, what is saved, and events."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from datasources.postgres.account_tables import metadata
from datasources.postgres.choice import Choice
from datasources.postgres.tables import in_order, instant, one_of, points_at
from datasources.records.changes import ChangeKind
from datasources.records.playlists import CollaboratorRole

__all__ = ["metadata"]  # complete with these: who imports it here has all tables

# A row for each version of a playlist's items. `items` tells of each item that it touched where it
# stood before and after; `rekeyed` of those that only got another position, and stayed in place.
playlist_changes = Table(
    "playlist_changes",
    metadata,
    points_at("playlists.id", "playlist_id", primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("actor_id", Uuid, ForeignKey("users.id", ondelete="SET NULL"), index=True),
    instant("at"),
    Column("kind", Choice(ChangeKind), nullable=False),
    Column("items", JSONB, nullable=False),
    Column("rekeyed", JSONB, nullable=False, server_default=text("'[]'")),
    one_of("kind", ChangeKind),
)
# Whose items a change touched: there for who deletes their account.
ADDERS = func.jsonb_path_query_array(
    playlist_changes.c["items"], text("'$[*].added_by_id'"), type_=JSONB
)
Index("ix_playlist_changes_adders", ADDERS, postgresql_using="gin")

playlist_invitations = Table(
    "playlist_invitations",
    metadata,
    points_at("playlists.id", "playlist_id", primary_key=True),
    points_at("users.id", "user_id", primary_key=True, index=True),
    Column("role", Choice(CollaboratorRole), nullable=False),
    points_at("users.id", "invited_by", index=True),
    instant("invited_at"),
    one_of("role", CollaboratorRole),
)

share_links = Table(
    "share_links",
    metadata,
    Column("id", Uuid, primary_key=True),
    points_at("playlists.id", "playlist_id", index=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("role", Choice(CollaboratorRole), nullable=False),
    Column("once", Boolean, nullable=False),
    points_at("users.id", "created_by", index=True),
    instant("created_at"),
    instant("expires_at"),
    Column("uses", Integer, nullable=False, server_default=text("0")),
    instant("revoked_at", nullable=True),
    one_of("role", CollaboratorRole),
)

# --- library ------------------------------------------------------------------------------------


def _kept(name: str, entity: str, moment: str) -> Table:
    """Return a table of what people keep of a kind; lists of it are newest first."""
    return Table(
        name,
        metadata,
        points_at("users.id", "user_id", primary_key=True),
        points_at(f"{entity}s.id", f"{entity}_id", primary_key=True, index=True),
        instant(moment),
        in_order(),
        Index(None, "user_id", "seq"),
    )


saved_albums = _kept("saved_albums", "album", "saved_at")
artist_follows = _kept("artist_follows", "artist", "followed_at")

blocks = Table(
    "blocks",
    metadata,
    points_at("users.id", "blocker_id", primary_key=True),
    points_at("users.id", "blocked_id", primary_key=True, index=True),
    instant("blocked_at"),
    CheckConstraint("blocker_id <> blocked_id", name="not_oneself"),
)

# --- events and repeated requests ---------------------------------------------------------------

# Written in the transaction of what it tells of; published afterwards, by topic in order of `seq`.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("payload", JSONB, nullable=False),
    instant("created_at"),
    instant("published_at", nullable=True, index=True),
    Index(
        "ix_outbox_unpublished",
        "subject_id",
        "seq",
        postgresql_where=text("published_at is null"),
    ),
    UniqueConstraint("topic", "subject_id", "seq"),
)

# What a mutation with an `Idempotency-Key` has come to; never a secret.
idempotent_requests = Table(
    "idempotent_requests",
    metadata,
    Column("principal", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("outcome", JSONB, nullable=False),
    instant("created_at", index=True),
)
