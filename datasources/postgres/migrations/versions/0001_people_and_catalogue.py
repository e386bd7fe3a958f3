"""People and the catalogue."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "albums",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("release_date", sa.Date(), nullable=True),
        sa.Column("release_date_precision", sa.Text(), nullable=True),
        sa.Column("upc", sa.Text(), nullable=True),
        sa.Column(
            "release_day",
            sa.Integer(),
            sa.Computed("coalesce(release_date - date '0001-01-01', -1)", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind in ('ALBUM', 'EP', 'SINGLE', 'COMPILATION')", name=op.f("ck_albums_kind")
        ),
        sa.CheckConstraint(
            "release_date_precision in ('DAY', 'MONTH', 'YEAR')",
            name=op.f("ck_albums_release_date_precision"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_albums")),
    )
    op.create_table(
        "artists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("mbid", sa.Uuid(), nullable=True),
        sa.Column("popularity", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("popularity between 0 and 100", name=op.f("ck_artists_popularity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artists")),
    )
    op.create_index(op.f("ix_artists_name_key"), "artists", ["name_key"], unique=False)
    op.create_table(
        "external_ids",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "type in ('TRACK', 'ALBUM', 'ARTIST', 'PLAYLIST', 'USER')",
            name=op.f("ck_external_ids_type"),
        ),
        sa.PrimaryKeyConstraint("source", "type", "value", name=op.f("pk_external_ids")),
    )
    op.create_index(op.f("ix_external_ids_entity_id"), "external_ids", ["entity_id"], unique=False)
    op.create_table(
        "genres",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("track_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["genres.id"],
            name=op.f("fk_genres_parent_id_genres"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_genres")),
        sa.UniqueConstraint("slug", name=op.f("uq_genres_slug")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column(
            "handle_key", sa.Text(), sa.Computed("lower(handle)", persisted=True), nullable=False
        ),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listening_visibility", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "listening_visibility in ('PUBLIC', 'FOLLOWERS', 'PRIVATE')",
            name=op.f("ck_users_listening_visibility"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("handle_key", name=op.f("uq_users_handle_key")),
    )
    op.create_table(
        "album_credits",
        sa.Column("album_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "role in ('MAIN', 'FEATURED', 'REMIXER')", name=op.f("ck_album_credits_role")
        ),
        sa.ForeignKeyConstraint(
            ["album_id"],
            ["albums.id"],
            name=op.f("fk_album_credits_album_id_albums"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["artist_id"],
            ["artists.id"],
            name=op.f("fk_album_credits_artist_id_artists"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("album_id", "position", name=op.f("pk_album_credits")),
        sa.UniqueConstraint(
            "artist_id", "album_id", "role", name=op.f("uq_album_credits_artist_id_album_id_role")
        ),
    )
    op.create_table(
        "artist_genres",
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("genre_id", sa.Uuid(), nullable=False),
        sa.Column("track_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["artist_id"],
            ["artists.id"],
            name=op.f("fk_artist_genres_artist_id_artists"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["genre_id"],
            ["genres.id"],
            name=op.f("fk_artist_genres_genre_id_genres"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("artist_id", "genre_id", name=op.f("pk_artist_genres")),
    )
    op.create_table(
        "tracks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("album_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("explicit", sa.Boolean(), nullable=True),
        sa.Column("isrc", sa.Text(), nullable=True),
        sa.Column("mbid", sa.Uuid(), nullable=True),
        sa.Column("disc_number", sa.Integer(), nullable=True),
        sa.Column("track_number", sa.Integer(), nullable=True),
        sa.Column("popularity", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("duration_ms > 0", name=op.f("ck_tracks_duration_ms")),
        sa.CheckConstraint("popularity between 0 and 100", name=op.f("ck_tracks_popularity")),
        sa.ForeignKeyConstraint(
            ["album_id"], ["albums.id"], name=op.f("fk_tracks_album_id_albums"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks")),
    )
    op.create_index(
        op.f("ix_tracks_album_id_tracks_id"), "tracks", ["album_id", "id"], unique=False
    )
    op.create_index(op.f("ix_tracks_isrc"), "tracks", ["isrc"], unique=False)
    op.create_index(
        op.f("ix_tracks_popularity_tracks_id"), "tracks", ["popularity", "id"], unique=False
    )
    op.create_table(
        "user_follows",
        sa.Column("follower_id", sa.Uuid(), nullable=False),
        sa.Column("followed_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("follower_id <> followed_id", name=op.f("ck_user_follows_not_oneself")),
        sa.ForeignKeyConstraint(
            ["followed_id"],
            ["users.id"],
            name=op.f("fk_user_follows_followed_id_users"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["follower_id"],
            ["users.id"],
            name=op.f("fk_user_follows_follower_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("follower_id", "followed_id", name=op.f("pk_user_follows")),
    )
    op.create_index(
        op.f("ix_user_follows_followed_id_user_follows_follower_id"),
        "user_follows",
        ["followed_id", "follower_id"],
        unique=False,
    )
    op.create_table(
        "audio_features",
        sa.Column("track_id", sa.Uuid(), nullable=False),
        sa.Column("danceability", sa.Double(), nullable=False),
        sa.Column("energy", sa.Double(), nullable=False),
        sa.Column("key", sa.SmallInteger(), nullable=True),
        sa.Column("loudness", sa.Double(), nullable=False),
        sa.Column("mode", sa.SmallInteger(), nullable=True),
        sa.Column("speechiness", sa.Double(), nullable=False),
        sa.Column("acousticness", sa.Double(), nullable=False),
        sa.Column("instrumentalness", sa.Double(), nullable=False),
        sa.Column("liveness", sa.Double(), nullable=False),
        sa.Column("valence", sa.Double(), nullable=False),
        sa.Column("tempo", sa.Double(), nullable=True),
        sa.Column("time_signature", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["track_id"],
            ["tracks.id"],
            name=op.f("fk_audio_features_track_id_tracks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("track_id", name=op.f("pk_audio_features")),
    )
    op.create_table(
        "track_credits",
        sa.Column("track_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "role in ('MAIN', 'FEATURED', 'REMIXER')", name=op.f("ck_track_credits_role")
        ),
        sa.ForeignKeyConstraint(
            ["artist_id"],
            ["artists.id"],
            name=op.f("fk_track_credits_artist_id_artists"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["track_id"],
            ["tracks.id"],
            name=op.f("fk_track_credits_track_id_tracks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("track_id", "position", name=op.f("pk_track_credits")),
        sa.UniqueConstraint(
            "artist_id", "track_id", "role", name=op.f("uq_track_credits_artist_id_track_id_role")
        ),
    )
    op.create_table(
        "track_genres",
        sa.Column("track_id", sa.Uuid(), nullable=False),
        sa.Column("genre_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["genre_id"],
            ["genres.id"],
            name=op.f("fk_track_genres_genre_id_genres"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["track_id"],
            ["tracks.id"],
            name=op.f("fk_track_genres_track_id_tracks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("track_id", "genre_id", name=op.f("pk_track_genres")),
    )
    op.create_index(
        op.f("ix_track_genres_genre_id_track_genres_track_id"),
        "track_genres",
        ["genre_id", "track_id"],
        unique=False,
    )
