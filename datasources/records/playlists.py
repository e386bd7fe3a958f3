"""Playlists, their items and the people who keep them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from datasources.records.tracks import TrackRecord
from datasources.records.users import UserRecord


class PlaylistVisibility(StrEnum):
    """Who finds a playlist."""

    PUBLIC = "PUBLIC"
    UNLISTED = "UNLISTED"
    PRIVATE = "PRIVATE"


class CollaboratorRole(StrEnum):
    """What a collaborator may do."""

    EDITOR = "EDITOR"
    VIEWER = "VIEWER"


@dataclass(frozen=True, slots=True)
class PlaylistRecord:
    """A row of `playlists`. `version` counts changes to the item list and starts at 1."""

    id: UUID
    owner_id: UUID
    title: str
    description: str | None
    visibility: PlaylistVisibility
    collaborative: bool
    version: int
    follower_count: int
    track_count: int
    duration_ms: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PlaylistItemRecord:
    """A row of `playlist_items`, with its track. `added_at` is None where the source kept none."""

    id: UUID
    position: str
    track: TrackRecord
    added_by_id: UUID | None
    added_at: datetime | None


@dataclass(frozen=True, slots=True)
class CollaboratorRecord:
    """A row of `playlist_collaborators`, with its user."""

    user: UserRecord
    role: CollaboratorRole
    added_at: datetime
