"""What must hold while somebody joins a playlist or leaves it, and what they are told if not."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from datasources.postgres.blocks import are_apart, lock_pair
from datasources.postgres.client import Connection
from datasources.postgres.collaboration import (
    count_collaborators,
    fetch_role,
    put_collaborator,
    take_invitation,
)
from datasources.postgres.playlist_writes import fetch_owner, lock_playlist
from datasources.records.playlists import CollaboratorRole, PlaylistRecord
from resolvers.context import RequestContext
from resolvers.errors import LimitExceeded
from resolvers.notifying import NewNotification, NotificationKind, tell

MAX_COLLABORATORS = 100
"""How many people a playlist may be shared with."""


async def locked_with(
    connection: Connection, playlist_id: UUID, person_id: UUID
) -> PlaylistRecord | None:
    """Return a playlist, and let nothing change of it, nor between its owner and a person.

    None where there is none, or its owner and the person do not see each other.
    """
    owner_id = await fetch_owner(connection, playlist_id)
    if owner_id is None:
        return None
    # The pair comes first, as where somebody is blocked: nobody waits in a circle.
    if owner_id != person_id:
        await lock_pair(connection, owner_id, person_id)
    playlist = await lock_playlist(connection, playlist_id)
    if playlist is None or playlist.owner_id == person_id:
        return playlist
    if playlist.owner_id != owner_id:  # given away just now
        await lock_pair(connection, playlist.owner_id, person_id)
    return None if await are_apart(connection, playlist.owner_id, person_id) else playlist


async def join(
    context: RequestContext,
    connection: Connection,
    playlist: PlaylistRecord,
    person_id: UUID,
    role: CollaboratorRole,
) -> bool:
    """Let a person work on a playlist that is locked; False where they may do as much already.

    Who joins has no invitation any more: it would give them another role later.
    Both sides are told: see `publish_told` for after the commit.

    Raises:
        LimitExceeded: it has 100 collaborators.
    """
    if person_id == playlist.owner_id:
        return False
    has = await fetch_role(connection, playlist.id, person_id)
    if has in {role, CollaboratorRole.EDITOR}:
        return False
    if has is None and await count_collaborators(connection, playlist.id) >= MAX_COLLABORATORS:
        raise LimitExceeded(f"A playlist has {MAX_COLLABORATORS} collaborators at most.")
    now = context.clock()
    await put_collaborator(connection, playlist.id, person_id, role, now)
    await take_invitation(connection, playlist.id, person_id)
    if has is None:
        await tell(connection, *_joined(playlist, person_id, role, now))
    return True


def _joined(
    playlist: PlaylistRecord, person_id: UUID, role: CollaboratorRole, at: datetime
) -> Iterable[NewNotification]:
    """Return what the owner is told, and the person, who has just done it and knows."""
    owner_id, shared = playlist.owner_id, NotificationKind.PLAYLIST_SHARED
    yield NewNotification(owner_id, shared, at, person_id, playlist.id, role)
    yield NewNotification(person_id, shared, at, owner_id, playlist.id, role, read=True)
