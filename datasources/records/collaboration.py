"""Invitations to playlists, and the links that stand for one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from datasources.records.playlists import CollaboratorRole


@dataclass(frozen=True, slots=True)
class InvitationRecord:
    """A row of `playlist_invitations`, with what it shows of the playlist.

    That is all that the invited may know of a private one.
    """

    playlist_id: UUID
    title: str
    owner_id: UUID
    user_id: UUID
    role: CollaboratorRole
    invited_by_id: UUID
    invited_at: datetime


@dataclass(frozen=True, slots=True)
class ShareLinkRecord:
    """A row of `share_links`, without the hash of its secret."""

    id: UUID
    playlist_id: UUID
    role: CollaboratorRole
    once: bool
    created_at: datetime
    expires_at: datetime
    uses: int
    revoked_at: datetime | None

    def opens(self, now: datetime) -> bool:
        """Whether it can be redeemed at a time."""
        spent = self.once and self.uses > 0
        return self.revoked_at is None and self.expires_at > now and not spent
