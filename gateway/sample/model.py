"""What the generator makes before it becomes rows: records, and how they belong together."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from datasources.records.albums import AlbumRecord
from datasources.records.artists import ArtistRecord, CreditRole
from datasources.records.playlists import PlaylistItemRecord, PlaylistRecord
from datasources.records.tracks import TrackRecord
from datasources.records.users import UserRecord

SAMPLE_DAY = datetime(2025, 9, 1, tzinfo=UTC)
"""All of the catalogue lies before this day, whenever it is made; listens lie before `now`."""

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist and the child genre they are known for."""

    record: ArtistRecord
    genre: str
    first_year: int
    registrant: str


@dataclass(frozen=True, slots=True)
class Credit:
    """An artist's place in a list of credits is that of the credit in its list."""

    artist: Artist
    role: CreditRole = CreditRole.MAIN


@dataclass(frozen=True, slots=True)
class Track:
    """A track, its child genres (the first is its own) and its credits."""

    record: TrackRecord
    genres: tuple[str, ...]
    credits: tuple[Credit, ...]


@dataclass(frozen=True, slots=True)
class Album:
    """A release, its credits and its tracks in order."""

    record: AlbumRecord
    credits: tuple[Credit, ...]
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with an account, and the parent genres they like, the most liked first."""

    record: UserRecord
    likes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Playlist:
    """A playlist, its items in order, and the people around it."""

    record: PlaylistRecord
    items: list[PlaylistItemRecord]
    followers: list[UUID] = field(default_factory=list)
    collaborators: list[tuple[UUID, str, datetime]] = field(default_factory=list)
