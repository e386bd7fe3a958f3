"""Who may see what: pure functions, and the only place that decides. Deny by default."""

from collections.abc import Collection
from uuid import UUID

from auth.principal import Principal
from datasources.records.playlists import PlaylistRecord, PlaylistVisibility
from datasources.records.users import ListeningVisibility, UserRecord


def may_read_playlist(
    principal: Principal, playlist: PlaylistRecord, collaborators: Collection[UUID] = ()
) -> bool:
    """Whether a playlist that was asked for by id is there for this caller.

    `collaborators` are the ids of the people it is shared with; they matter only where it is
    private.
    """
    if playlist.visibility is not PlaylistVisibility.PRIVATE:
        return True
    viewer = principal.user_id
    return viewer is not None and (viewer == playlist.owner_id or viewer in collaborators)


def may_find(principal: Principal, found: object) -> bool:
    """Whether what a search led to may be shown: the index may lag behind a playlist's owner."""
    return not isinstance(found, PlaylistRecord) or (
        found.visibility is PlaylistVisibility.PUBLIC or principal.user_id == found.owner_id
    )


def may_see_listening(principal: Principal, listener: UserRecord) -> bool:
    """Whether the caller may see what a person plays, played, and is recommended.

    Followers see what is for followers once somebody can sign in and follow.
    """
    if listener.listening_visibility is ListeningVisibility.PUBLIC:
        return True
    return principal.user_id == listener.id


def may_see_account(principal: Principal, person: UserRecord) -> bool:
    """Whether the caller may see how a person signs in, and where mails to them go: their own."""
    return principal.user_id == person.id
