"""What people are told of, and how they want to be told."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from datasources.records.playlists import CollaboratorRole


class NotificationKind(StrEnum):
    """What has happened."""

    NEW_FOLLOWER = "NEW_FOLLOWER"
    INVITATION = "INVITATION"
    PLAYLIST_SHARED = "PLAYLIST_SHARED"
    NEW_DEVICE = "NEW_DEVICE"


@dataclass(frozen=True, slots=True)
class NewNotification:
    """Something to tell a person, who has seen it already where `read`: it was their own act.

    `role` is that of the collaborator, None where the playlist was given to the person. `device`
    and `address` are of a sign-in.
    """

    user_id: UUID
    kind: NotificationKind
    at: datetime
    actor_id: UUID | None = None
    playlist_id: UUID | None = None
    role: CollaboratorRole | None = None
    device: str | None = None
    address: str | None = None
    read: bool = False


@dataclass(frozen=True, slots=True)
class NotificationRecord:
    """A row of `notifications`; `seq` is its place in the inbox of its person."""

    id: UUID
    user_id: UUID
    seq: int
    kind: NotificationKind
    actor_id: UUID | None
    playlist_id: UUID | None
    role: CollaboratorRole | None
    device: str | None
    address: str | None
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class NotificationPreference:
    """How a person is told of what is of one kind."""

    kind: NotificationKind
    in_app: bool = True
    email_digest: bool = False


@dataclass(frozen=True, slots=True)
class Inbox:
    """How far an inbox goes, and through which place old notifications were removed from it."""

    last_seq: int = 0
    removed_through: int = 0


@dataclass(frozen=True, slots=True)
class DigestPart:
    """What a digest says of one kind: how many there are, and the handles of some who did it."""

    kind: NotificationKind
    count: int
    handles: tuple[str, ...]
