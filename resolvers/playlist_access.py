"""What a caller may do with a playlist, decided in the transaction that does it."""

from collections.abc import Mapping
from uuid import UUID

from auth.policy import PlaylistAction, may_do
from auth.principal import Principal
from datasources.postgres.client import Connection
from datasources.postgres.playlist_standing import Standing, fetch_standing
from datasources.records.playlists import CollaboratorRole, PlaylistRecord
from resolvers.context import RequestContext
from resolvers.errors import Forbidden, NotFound

__all__ = ["PlaylistAction", "may_read", "playlist_for"]

_FOR_OWNERS: Mapping[PlaylistAction, str] = {
    PlaylistAction.UPDATE: "Only its owner changes what a playlist says of itself.",
    PlaylistAction.SHARE: "Only its owner says with whom a playlist is shared.",
    PlaylistAction.TRANSFER: "Only its owner gives a playlist away.",
    PlaylistAction.DELETE: "Only its owner removes a playlist.",
}


async def playlist_for(
    connection: Connection, context: RequestContext, playlist_id: UUID, action: PlaylistAction
) -> PlaylistRecord:
    """Return a playlist with which the caller may do this.

    Nothing is locked here. Where it matters that nobody changes the answer before the transaction
    ends, a statement before this one has locked the playlist: `take_version`, `lock_playlist`.

    Raises:
        NotFound: there is none, or none that the caller may read.
        Forbidden: they may read it, but not do this.
    """
    standing = await fetch_standing(connection, playlist_id, context.principal.user_id)
    if standing is None or not may_read(context.principal, standing):
        raise NotFound("There is no such playlist.")
    if not _may(context.principal, action, standing):
        raise Forbidden(_why(action, standing))
    return standing.playlist


def may_read(principal: Principal, standing: Standing | None) -> bool:
    """Whether a playlist is there for a caller who stands to it like this; None is no playlist."""
    return standing is not None and _may(principal, PlaylistAction.READ, standing)


def _may(principal: Principal, action: PlaylistAction, standing: Standing) -> bool:
    if standing.apart:
        return False
    return may_do(principal, action, standing.playlist, standing.role)


def _why(action: PlaylistAction, standing: Standing) -> str:
    if action in _FOR_OWNERS:
        return _FOR_OWNERS[action]
    if standing.role is CollaboratorRole.EDITOR:
        return "Its owner has turned collaboration off: only they change its items now."
    return "Only its owner and editors change the items of a playlist."
