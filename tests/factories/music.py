"""A small catalogue and its people, row by row; numbers stand for ids."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from datasources.mongo.listens import write_listens
from datasources.postgres.bulk import copy_rows
from datasources.records.listening import NewListen
from datasources.stores import Stores

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

_ORDER = ("users", "artists", "albums", "tracks", "track_credits", "audio_features")
_LATER = ("genres", "track_genres", "artist_genres", "playlists", "playlist_items")


def user_id(number: int) -> UUID:
    """Return the id of a person."""
    return UUID(int=0x1000 + number)


def artist_id(number: int) -> UUID:
    """Return the id of an artist."""
    return UUID(int=0x2000 + number)


def track_id(number: int) -> UUID:
    """Return the id of a track."""
    return UUID(int=0x3000 + number)


def genre_id(number: int) -> UUID:
    """Return the id of a genre."""
    return UUID(int=0x4000 + number)


def playlist_id(number: int) -> UUID:
    """Return the id of a playlist."""
    return UUID(int=0x5000 + number)


@dataclass
class Music:
    """Rows to be written together."""

    rows: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    def _add(self, table: str, **row: object) -> None:
        self.rows.setdefault(table, []).append(row)

    def user(self, number: int) -> None:
        """Add a person."""
        self._add(
            "users",
            id=user_id(number),
            handle=f"user{number}",
            display_name=f"User {number}",
            created_at=NOW,
            listening_visibility="PUBLIC",
        )

    def artist(self, number: int, popularity: int = 0, genres: Sequence[int] = ()) -> None:
        """Add an artist, its most frequent genre first."""
        name = f"Artist {number}"
        id_ = artist_id(number)
        self._add("artists", id=id_, name=name, name_key=name.lower(), popularity=popularity)
        for place, genre in enumerate(genres):
            self._add(
                "artist_genres", artist_id=id_, genre_id=genre_id(genre), track_count=9 - place
            )

    def genre(self, number: int, parent: int | None = None) -> None:
        """Add a genre."""
        self._add(
            "genres",
            id=genre_id(number),
            slug=f"genre-{number}",
            name=f"Genre {number}",
            parent_id=None if parent is None else genre_id(parent),
        )

    def track(
        self,
        number: int,
        artists: Sequence[int] = (),
        *,
        popularity: int = 0,
        genres: Sequence[int] = (),
        title: str | None = None,
        **sound: float | None,
    ) -> None:
        """Add a track and its album, with main artists, and with features where any is given."""
        id_ = track_id(number)
        self._add("albums", id=id_, title=f"Album {number}")
        self._add(
            "tracks",
            id=id_,
            album_id=id_,
            title=title or f"Track {number}",
            duration_ms=200_000,
            popularity=popularity,
        )
        for position, artist in enumerate(artists):
            self._add(
                "track_credits",
                track_id=id_,
                position=position,
                artist_id=artist_id(artist),
                role="MAIN",
            )
        for genre in genres:
            self._add("track_genres", track_id=id_, genre_id=genre_id(genre))
        if sound:
            self._add("audio_features", track_id=id_, **(SOUND | sound))

    def playlist(self, number: int, owner: int, tracks: Sequence[int]) -> None:
        """Add a playlist with its tracks in order."""
        id_ = playlist_id(number)
        self._add(
            "playlists",
            id=id_,
            owner_id=user_id(owner),
            title=f"Playlist {number}",
            visibility="PUBLIC",
            track_count=len(tracks),
            created_at=NOW,
            updated_at=NOW,
        )
        for place, track in enumerate(tracks):
            self._add(
                "playlist_items",
                id=UUID(int=id_.int * 0x10000 + place),
                playlist_id=id_,
                position=f"a{place:04}",
                track_id=track_id(track),
            )

    async def write(self, stores: Stores) -> None:
        """Write all rows in one transaction."""
        async with stores.postgres.transaction() as connection:
            for table in _ORDER + _LATER:
                if rows := self.rows.get(table):
                    await copy_rows(connection, table, rows)


SOUND: dict[str, float | None] = {
    "danceability": 0.5,
    "energy": 0.5,
    "key": None,
    "loudness": -8.0,
    "mode": None,
    "speechiness": 0.1,
    "acousticness": 0.1,
    "instrumentalness": 0.0,
    "liveness": 0.1,
    "valence": 0.5,
    "tempo": 120.0,
    "time_signature": 4,
}
"""An ordinary track."""


def listen(user: int, track: int, days_ago: float = 1, *, counted: bool = True) -> NewListen:
    """Return a play of a track."""
    at = NOW - timedelta(days=days_ago)
    return NewListen(user_id(user), track_id(track), at, 180_000, "test", counted)


async def write_plays(stores: Stores, *plays: tuple[int, int, float]) -> None:
    """Write plays given as (user, track, days ago)."""
    await write_listens(stores.mongo, [listen(*play) for play in plays])
