"""The tables. Migrations build them; statements name their columns through here."""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from datasources.postgres.choice import Choice
from datasources.records.albums import AlbumKind, DatePrecision
from datasources.records.artists import CreditRole
from datasources.records.external_ids import EntityKind, ExternalSource
from datasources.records.playlists import CollaboratorRole, PlaylistVisibility
from datasources.records.users import ListeningVisibility

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def instant(name: str, *, nullable: bool = False, index: bool | None = None) -> Column[object]:
    """Return a column for a moment."""
    return Column(name, DateTime(timezone=True), nullable=nullable, index=index)


def since_when(name: str) -> Column[object]:
    """Return a column for the moment at which a row was written, where nothing else is said."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=text("now()"))


def in_order() -> Column[int]:
    """Return a column that grows with each row: what is listed newest first is ordered by it."""
    return Column("seq", BigInteger, Identity(always=True), nullable=False)


def points_at(column: str, name: str, **options: object) -> Column[object]:
    """Return a column for another row's id; when that row goes, this one goes with it."""
    foreign = ForeignKey(column, ondelete="CASCADE")
    return Column(name, Uuid, foreign, **{"nullable": False, **options})  # type: ignore[arg-type]


def one_of(column: str, choices: type[StrEnum]) -> CheckConstraint:
    """Return the constraint that a column holds one of the choices."""
    listed = ", ".join(f"'{choice}'" for choice in choices)
    return CheckConstraint(f"{column} in ({listed})", name=column)


# --- people -------------------------------------------------------------------------------------

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("handle", Text, nullable=False),
    # Handles are unique whatever their case; this is what look-ups compare.
    Column(
        "handle_key", Text, Computed("lower(handle)", persisted=True), nullable=False, unique=True
    ),
    Column("display_name", Text, nullable=False),
    Column("avatar_url", Text),
    instant("created_at"),
    Column("listening_visibility", Choice(ListeningVisibility), nullable=False),
    one_of("listening_visibility", ListeningVisibility),
)

user_follows = Table(
    "user_follows",
    metadata,
    points_at("users.id", "follower_id", primary_key=True),
    points_at("users.id", "followed_id", primary_key=True),
    CheckConstraint("follower_id <> followed_id", name="not_oneself"),
    since_when("followed_at"),
    in_order(),
    Index(None, "followed_id", "seq"),
    Index(None, "follower_id", "seq"),
)

# --- catalogue ----------------------------------------------------------------------------------

artists = Table(
    "artists",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, index=True),  # see datasources/names.py
    Column("mbid", Uuid),
    Column("popularity", SmallInteger, nullable=False),
    CheckConstraint("popularity between 0 and 100", name="popularity"),
)

albums = Table(
    "albums",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("kind", Choice(AlbumKind)),
    Column("release_date", Date),
    Column("release_date_precision", Choice(DatePrecision)),
    Column("upc", Text),
    # Newest first is the order of an artist's albums; it needs a key that is never null.
    Column(
        "release_day",
        Integer,
        Computed("coalesce(release_date - date '0001-01-01', -1)", persisted=True),
        nullable=False,
    ),
    one_of("kind", AlbumKind),
    one_of("release_date_precision", DatePrecision),
)

tracks = Table(
    "tracks",
    metadata,
    Column("id", Uuid, primary_key=True),
    points_at("albums.id", "album_id"),
    Column("title", Text, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("explicit", Boolean),
    Column("isrc", Text, index=True),
    Column("mbid", Uuid),
    Column("disc_number", Integer),
    Column("track_number", Integer),
    Column("popularity", SmallInteger, nullable=False),
    CheckConstraint("duration_ms > 0", name="duration_ms"),
    CheckConstraint("popularity between 0 and 100", name="popularity"),
    Index(None, "album_id", "id"),
    Index(None, "popularity", "id"),
)


def _credits(name: str, entity: str) -> Table:
    return Table(
        name,
        metadata,
        points_at(f"{entity}s.id", f"{entity}_id", primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        points_at("artists.id", "artist_id"),
        Column("role", Choice(CreditRole), nullable=False),
        UniqueConstraint("artist_id", f"{entity}_id", "role"),
        one_of("role", CreditRole),
    )


track_credits = _credits("track_credits", "track")
album_credits = _credits("album_credits", "album")

audio_features = Table(
    "audio_features",
    metadata,
    points_at("tracks.id", "track_id", primary_key=True),
    Column("danceability", Double, nullable=False),
    Column("energy", Double, nullable=False),
    Column("key", SmallInteger),
    Column("loudness", Double, nullable=False),
    Column("mode", SmallInteger),
    Column("speechiness", Double, nullable=False),
    Column("acousticness", Double, nullable=False),
    Column("instrumentalness", Double, nullable=False),
    Column("liveness", Double, nullable=False),
    Column("valence", Double, nullable=False),
    Column("tempo", Double),
    Column("time_signature", SmallInteger),
)

genres = Table(
    "genres",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    points_at("genres.id", "parent_id", nullable=True),
    Column("track_count", Integer, nullable=False, server_default=text("0")),
)

track_genres = Table(
    "track_genres",
    metadata,
    points_at("tracks.id", "track_id", primary_key=True),
    points_at("genres.id", "genre_id", primary_key=True),
    Index(None, "genre_id", "track_id"),
)

# Derived from track_genres and track_credits; `track_count` orders an artist's genres.
artist_genres = Table(
    "artist_genres",
    metadata,
    points_at("artists.id", "artist_id", primary_key=True),
    points_at("genres.id", "genre_id", primary_key=True),
    Column("track_count", Integer, nullable=False),
)

external_ids = Table(
    "external_ids",
    metadata,
    Column("source", Choice(ExternalSource), primary_key=True),
    Column("type", Choice(EntityKind), primary_key=True),
    Column("value", Text, primary_key=True),
    Column("entity_id", Uuid, nullable=False, index=True),
    one_of("type", EntityKind),
)

# --- playlists and library ----------------------------------------------------------------------

playlists = Table(
    "playlists",
    metadata,
    Column("id", Uuid, primary_key=True),
    points_at("users.id", "owner_id"),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column("visibility", Choice(PlaylistVisibility), nullable=False),
    Column("collaborative", Boolean, nullable=False, server_default=text("false")),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    # Versions from here on can be read again: older changes are forgotten.
    Column("oldest_version", BigInteger, nullable=False, server_default=text("1")),
    Column("follower_count", Integer, nullable=False, server_default=text("0")),
    Column("track_count", Integer, nullable=False, server_default=text("0")),
    Column("duration_ms", BigInteger, nullable=False, server_default=text("0")),
    instant("created_at"),
    instant("updated_at"),
    one_of("visibility", PlaylistVisibility),
    Index(None, "owner_id", "id"),
)

playlist_items = Table(
    "playlist_items",
    metadata,
    Column("id", Uuid, primary_key=True),
    points_at("playlists.id", "playlist_id"),
    # A fractional index: between any two positions there is room for another.
    Column("position", Text(collation="C"), nullable=False),
    points_at("tracks.id", "track_id", index=True),
    Column("added_by", Uuid, ForeignKey("users.id", ondelete="SET NULL"), index=True),
    instant("added_at", nullable=True),
    UniqueConstraint("playlist_id", "position", "id"),
)

playlist_collaborators = Table(
    "playlist_collaborators",
    metadata,
    points_at("playlists.id", "playlist_id", primary_key=True),
    points_at("users.id", "user_id", primary_key=True, index=True),
    Column("role", Choice(CollaboratorRole), nullable=False),
    instant("added_at"),
    one_of("role", CollaboratorRole),
)

playlist_followers = Table(
    "playlist_followers",
    metadata,
    points_at("playlists.id", "playlist_id", primary_key=True),
    points_at("users.id", "user_id", primary_key=True),
    since_when("followed_at"),
    in_order(),
    Index(None, "playlist_id", "seq"),
    Index(None, "user_id", "seq"),
)

saved_tracks = Table(
    "saved_tracks",
    metadata,
    points_at("users.id", "user_id", primary_key=True),
    points_at("tracks.id", "track_id", primary_key=True),
    instant("saved_at"),
    in_order(),
    Index(None, "user_id", "seq"),
)

# --- search -------------------------------------------------------------------------------------

search_entries = Table(
    "search_entries",
    metadata,
    Column("kind", Choice(EntityKind), primary_key=True),
    Column("entity_id", Uuid, primary_key=True),
    Column("name_key", Text, nullable=False),  # the name alone: what an exact match compares
    Column("key", Text, nullable=False),  # every word that finds the entity
    Column("popularity", SmallInteger, nullable=False),
    Column(
        "tsv",
        TSVECTOR,
        Computed("array_to_tsvector(string_to_array(key, ' '))", persisted=True),
    ),
    Index(None, "tsv", postgresql_using="gin"),
    Index("ix_search_entries_popularity", text("popularity desc"), text("entity_id desc")),
    Index(
        None,
        "name_key",
        text("popularity desc"),
        text("entity_id desc"),
        postgresql_ops={"name_key": "text_pattern_ops"},
    ),
    one_of("kind", EntityKind),
)
