"""What people keep, and whom they hide from."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from datasources.records.albums import AlbumRecord
from datasources.records.tracks import TrackRecord


@dataclass(frozen=True, slots=True)
class SavedTrackRecord:
    """A row of `saved_tracks`, with its track."""

    track: TrackRecord
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class SavedAlbumRecord:
    """A row of `saved_albums`, with its album."""

    album: AlbumRecord
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class BlockedUserRecord:
    """A row of `blocks`, with what names the person: all that their blocker still sees of them."""

    id: UUID
    handle: str
    display_name: str
    blocked_at: datetime
