"""Writing: changes and their history, collaboration, the library, events, repeated requests."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "idempotent_requests",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key", "path", name=op.f("pk_idempotent_requests")),
    )
    op.create_index(
        op.f("ix_idempotent_requests_created_at"),
        "idempotent_requests",
        ["created_at"],
        unique=False,
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint(
            "topic", "subject_id", "seq", name=op.f("uq_outbox_topic_subject_id_seq")
        ),
    )
    op.create_index(op.f("ix_outbox_published_at"), "outbox", ["published_at"], unique=False)
    op.create_index(
        "ix_outbox_unpublished",
        "outbox",
        ["subject_id", "seq"],
        unique=False,
        postgresql_where=sa.text("published_at is null"),
    )
    op.create_table(
        "artist_follows",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["artist_id"],
            ["artists.id"],
            name=op.f("fk_artist_follows_artist_id_artists"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_artist_follows_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "artist_id", name=op.f("pk_artist_follows")),
    )
    op.create_index(
        op.f("ix_artist_follows_artist_id"), "artist_follows", ["artist_id"], unique=False
    )
    op.create_index(
        op.f("ix_artist_follows_user_id_artist_follows_seq"),
        "artist_follows",
        ["user_id", "seq"],
        unique=False,
    )
    op.create_table(
        "blocks",
        sa.Column("blocker_id", sa.Uuid(), nullable=False),
        sa.Column("blocked_id", sa.Uuid(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("blocker_id <> blocked_id", name=op.f("ck_blocks_not_oneself")),
        sa.ForeignKeyConstraint(
            ["blocked_id"],
            ["users.id"],
            name=op.f("fk_blocks_blocked_id_users"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["blocker_id"],
            ["users.id"],
            name=op.f("fk_blocks_blocker_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("blocker_id", "blocked_id", name=op.f("pk_blocks")),
    )
    op.create_index(op.f("ix_blocks_blocked_id"), "blocks", ["blocked_id"], unique=False)
    op.create_table(
        "saved_albums",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("album_id", sa.Uuid(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["album_id"],
            ["albums.id"],
            name=op.f("fk_saved_albums_album_id_albums"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_saved_albums_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "album_id", name=op.f("pk_saved_albums")),
    )
    op.create_index(op.f("ix_saved_albums_album_id"), "saved_albums", ["album_id"], unique=False)
    op.create_index(
        op.f("ix_saved_albums_user_id_saved_albums_seq"),
        "saved_albums",
        ["user_id", "seq"],
        unique=False,
    )
    op.create_table(
        "playlist_changes",
        sa.Column("playlist_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("items", postgresql.JSONB(), nullable=False),
        sa.Column("rekeyed", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.CheckConstraint(
            "kind in ('ADD', 'MOVE', 'REMOVE', 'UNDO')", name=op.f("ck_playlist_changes_kind")
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"],
            ["users.id"],
            name=op.f("fk_playlist_changes_actor_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["playlist_id"],
            ["playlists.id"],
            name=op.f("fk_playlist_changes_playlist_id_playlists"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("playlist_id", "version", name=op.f("pk_playlist_changes")),
    )
    op.create_index(
        op.f("ix_playlist_changes_actor_id"), "playlist_changes", ["actor_id"], unique=False
    )
    op.create_index(
        "ix_playlist_changes_adders",
        "playlist_changes",
        [sa.text("jsonb_path_query_array(items, '$[*].added_by_id')")],
        postgresql_using="gin",
    )
    op.create_table(
        "playlist_invitations",
        sa.Column("playlist_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role in ('EDITOR', 'VIEWER')", name=op.f("ck_playlist_invitations_role")
        ),
        sa.ForeignKeyConstraint(
            ["invited_by"],
            ["users.id"],
            name=op.f("fk_playlist_invitations_invited_by_users"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["playlist_id"],
            ["playlists.id"],
            name=op.f("fk_playlist_invitations_playlist_id_playlists"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_playlist_invitations_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("playlist_id", "user_id", name=op.f("pk_playlist_invitations")),
    )
    op.create_index(
        op.f("ix_playlist_invitations_invited_by"),
        "playlist_invitations",
        ["invited_by"],
        unique=False,
    )
    op.create_index(
        op.f("ix_playlist_invitations_user_id"), "playlist_invitations", ["user_id"], unique=False
    )
    op.create_table(
        "share_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("playlist_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("once", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uses", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role in ('EDITOR', 'VIEWER')", name=op.f("ck_share_links_role")),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["users.id"],
            name=op.f("fk_share_links_created_by_users"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["playlist_id"],
            ["playlists.id"],
            name=op.f("fk_share_links_playlist_id_playlists"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_links")),
        sa.UniqueConstraint("hash", name=op.f("uq_share_links_hash")),
    )
    op.create_index(op.f("ix_share_links_created_by"), "share_links", ["created_by"], unique=False)
    op.create_index(
        op.f("ix_share_links_playlist_id"), "share_links", ["playlist_id"], unique=False
    )
    op.add_column(
        "playlist_followers",
        sa.Column(
            "followed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
    )
    op.add_column(
        "playlist_followers",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    )
    op.create_index(
        op.f("ix_playlist_followers_playlist_id_playlist_followers_seq"),
        "playlist_followers",
        ["playlist_id", "seq"],
        unique=False,
    )
    op.create_index(
        op.f("ix_playlist_followers_user_id_playlist_followers_seq"),
        "playlist_followers",
        ["user_id", "seq"],
        unique=False,
    )
    op.add_column(
        "playlists",
        sa.Column("oldest_version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    )
    # Those that are there keep the order in which they were saved: rows are numbered as they lie.
    op.execute("create temporary table saved as select * from saved_tracks")
    op.execute("truncate saved_tracks")
    op.add_column(
        "saved_tracks", sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False)
    )
    op.execute(
        "insert into saved_tracks (user_id, track_id, saved_at)"
        " select user_id, track_id, saved_at from saved order by saved_at, track_id"
    )
    op.execute("drop table saved")
    op.create_index(
        op.f("ix_saved_tracks_user_id_saved_tracks_seq"),
        "saved_tracks",
        ["user_id", "seq"],
        unique=False,
    )
    op.add_column(
        "user_follows",
        sa.Column(
            "followed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
    )
    op.add_column(
        "user_follows", sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False)
    )
    op.drop_index(
        op.f("ix_user_follows_followed_id_user_follows_follower_id"), table_name="user_follows"
    )
    op.create_index(
        op.f("ix_user_follows_followed_id_user_follows_seq"),
        "user_follows",
        ["followed_id", "seq"],
        unique=False,
    )
    op.create_index(
        op.f("ix_user_follows_follower_id_user_follows_seq"),
        "user_follows",
        ["follower_id", "seq"],
        unique=False,
    )
    # Of what is there already no history was kept.
    op.execute("update playlists set oldest_version = version")
    # The one by person and order does its work, too.
    op.drop_index(op.f("ix_playlist_followers_user_id"), table_name="playlist_followers")
