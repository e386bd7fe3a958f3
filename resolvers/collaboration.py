"""Working on a playlist together: inviting, joining, roles, leaving, and giving it away."""

from dataclasses import dataclass
from uuid import UUID

from auth.policy import PlaylistAction
from datasources.postgres import audit, collaboration
from datasources.postgres.blocks import are_apart, lock_pair
from datasources.postgres.client import Connection
from datasources.postgres.follows import hold_people
from datasources.postgres.playlist_writes import give_playlist, lock_owner, lock_playlist
from datasources.records.external_ids import EntityKind
from datasources.records.playlists import CollaboratorRole, PlaylistRecord
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.errors import Forbidden, InvalidInput, LimitExceeded, NotFound
from resolvers.idempotency import change
from resolvers.notifying import NewNotification, NotificationKind, publish_told, tell
from resolvers.playlist_access import playlist_for
from resolvers.playlist_commands import check_room
from resolvers.playlist_input import id_in
from resolvers.playlist_joining import MAX_COLLABORATORS, join, locked_with
from resolvers.signed_in import signed_in

MAX_INVITATIONS = 100
"""How many invitations to a playlist may be open."""

_NOBODY = "There is no such person."
_NO_INVITATION = "There is no such invitation."
_NO_COLLABORATOR = "This person does not work on the playlist."

_PLAYLIST, _USER = EntityKind.PLAYLIST, EntityKind.USER


@dataclass(frozen=True, slots=True)
class CollaboratorInvited:
    """Who was asked to work on which playlist."""

    playlist_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class InvitationAccepted:
    """Which playlist the caller works on now, and whose it is."""

    playlist_id: UUID
    owner_id: UUID


@dataclass(frozen=True, slots=True)
class InvitationDeclined:
    """To which playlist the caller has no invitation."""

    playlist_id: UUID


@dataclass(frozen=True, slots=True)
class CollaboratorRoleSet:
    """Who may do something else with which playlist."""

    playlist_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class CollaboratorRemoved:
    """Who has no part in which playlist any more."""

    playlist_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class PlaylistLeft:
    """In which playlist the caller has no part any more."""

    playlist_id: UUID


@dataclass(frozen=True, slots=True)
class PlaylistTransferred:
    """Which playlist has another owner."""

    playlist_id: UUID


# --- invitations --------------------------------------------------------------------------------


async def invite_collaborator(
    context: RequestContext, playlist_id: str, user_id: str, role: CollaboratorRole
) -> CollaboratorInvited:
    """Ask a person to work on a playlist of the caller's; again changes the role they may take.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: an id of something else, or somebody who works on it already.
        NotFound, Forbidden: the playlist is not there for the caller, or not theirs.
        NotFound: there is no such person, or the two do not see each other.
        LimitExceeded: it has 100 collaborators, or 100 others are invited.
    """
    caller = signed_in(context)
    playlist, person = _ids(playlist_id, user_id, "input")

    async def work(connection: Connection) -> CollaboratorInvited:
        if person != caller:
            await lock_pair(connection, caller, person)
        owned = await _managed(context, connection, playlist)
        if not await hold_people(connection, person):
            raise NotFound(_NOBODY)
        if person == owned.owner_id or await collaboration.fetch_role(connection, playlist, person):
            raise InvalidInput(("input", "userId"), "This person works on the playlist already.")
        if await are_apart(connection, caller, person):
            raise NotFound(_NOBODY)
        await _check_room(connection, playlist, person)
        now = context.clock()
        if await collaboration.put_invitation(connection, playlist, person, role, caller, now):
            kind = NotificationKind.INVITATION
            await tell(connection, NewNotification(person, kind, now, caller, playlist, role))
        return CollaboratorInvited(playlist, person)

    invited = await change(context, work)
    await publish_told(context.stores, person)
    return invited


async def accept_invitation(context: RequestContext, playlist_id: str) -> InvitationAccepted:
    """Let the caller work on a playlist that they were invited to.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a playlist.
        NotFound: the caller has no invitation to it, whether it is there or not.
        LimitExceeded: it has 100 collaborators; the invitation stays.
    """
    caller = signed_in(context)
    id_ = id_in(("playlistId",), _PLAYLIST, playlist_id)

    async def work(connection: Connection) -> InvitationAccepted:
        playlist = await locked_with(connection, id_, caller)
        role = await collaboration.take_invitation(connection, id_, caller)
        if playlist is None or role is None:
            raise NotFound(_NO_INVITATION)
        await join(context, connection, playlist, caller, role)
        return InvitationAccepted(id_, playlist.owner_id)

    accepted = await change(context, work)
    await publish_told(context.stores, accepted.owner_id, caller)
    return accepted


async def decline_invitation(context: RequestContext, playlist_id: str) -> InvitationDeclined:
    """Remove an invitation of the caller's; where there was none, that looks the same.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a playlist.
    """
    caller = signed_in(context)
    id_ = id_in(("playlistId",), _PLAYLIST, playlist_id)

    async def work(connection: Connection) -> InvitationDeclined:
        await collaboration.take_invitation(connection, id_, caller)
        return InvitationDeclined(id_)

    return await change(context, work)


# --- collaborators ------------------------------------------------------------------------------


async def set_collaborator_role(
    context: RequestContext, playlist_id: str, user_id: str, role: CollaboratorRole
) -> CollaboratorRoleSet:
    """Let a collaborator on a playlist of the caller's do more, or less: from now on.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: an id of something else.
        NotFound, Forbidden: the playlist is not there for the caller, or not theirs.
        NotFound: the person is no collaborator.
    """
    signed_in(context)
    playlist, person = _ids(playlist_id, user_id, "input")

    async def work(connection: Connection) -> CollaboratorRoleSet:
        await _managed(context, connection, playlist)
        if not await collaboration.set_role(connection, playlist, person, role):
            raise NotFound(_NO_COLLABORATOR)
        # One of long ago would undo this.
        await collaboration.take_invitation(connection, playlist, person)
        return CollaboratorRoleSet(playlist, person)

    return await change(context, work)


async def remove_collaborator(
    context: RequestContext, playlist_id: str, user_id: str
) -> CollaboratorRemoved:
    """End a person's part in a playlist of the caller's, or take back their invitation.

    What is under way in their name is done before this, or not at all.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: an id of something else.
        NotFound, Forbidden: the playlist is not there for the caller, or not theirs.
        NotFound: the person is neither a collaborator nor invited.
    """
    signed_in(context)
    playlist, person = _ids(playlist_id, user_id)

    async def work(connection: Connection) -> CollaboratorRemoved:
        await _managed(context, connection, playlist)
        invited = await collaboration.take_invitation(connection, playlist, person)
        removed = await collaboration.remove_collaborator(connection, playlist, person)
        if invited is None and not removed:
            raise NotFound(_NO_COLLABORATOR)
        return CollaboratorRemoved(playlist, person)

    return await change(context, work)


async def leave_playlist(context: RequestContext, playlist_id: str) -> PlaylistLeft:
    """End the caller's part in somebody else's playlist.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a playlist.
        NotFound: the caller has no part in it, whether it is there or not.
        Forbidden: it is their own.
    """
    caller = signed_in(context)
    id_ = id_in(("playlistId",), _PLAYLIST, playlist_id)

    async def work(connection: Connection) -> PlaylistLeft:
        playlist = await lock_playlist(connection, id_)
        if playlist is not None and playlist.owner_id == caller:
            raise Forbidden("This playlist is yours: give it to somebody, or delete it.")
        if not await collaboration.remove_collaborator(connection, id_, caller):
            raise NotFound("You do not work on such a playlist.")
        return PlaylistLeft(id_)

    return await change(context, work)


async def transfer_playlist(
    context: RequestContext, playlist_id: str, user_id: str
) -> PlaylistTransferred:
    """Give a playlist of the caller's to one of its collaborators; the caller stays as an editor.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: an id of something else.
        NotFound, Forbidden: the playlist is not there for the caller, or not theirs.
        NotFound: the person is no collaborator.
        LimitExceeded: the person has 1,000 playlists.
    """
    caller = signed_in(context)
    playlist, person = _ids(playlist_id, user_id)

    async def work(connection: Connection) -> PlaylistTransferred:
        # For who may not, nobody is held up.
        await playlist_for(connection, context, playlist, PlaylistAction.TRANSFER)
        # People come before playlists, as where somebody is blocked: nobody waits in a circle. A
        # block of the new owner is stored now, or waits, and finds whose the playlist is.
        owned = await lock_owner(connection, person)
        await lock_playlist(connection, playlist)
        await playlist_for(connection, context, playlist, PlaylistAction.TRANSFER)
        if not await collaboration.remove_collaborator(connection, playlist, person):
            raise NotFound(_NO_COLLABORATOR)
        check_room(owned, "This person has as many playlists as one may.")
        await give_playlist(connection, playlist, person)
        await collaboration.remove_apart(connection, playlist, person)
        editor = CollaboratorRole.EDITOR
        await collaboration.put_collaborator(connection, playlist, caller, editor, context.clock())
        await audit.record(
            connection,
            entry(context, "transferPlaylist", subject_id=person, playlist=str(playlist)),
        )
        given = NotificationKind.PLAYLIST_SHARED
        await tell(connection, NewNotification(person, given, context.clock(), caller, playlist))
        return PlaylistTransferred(playlist)

    transferred = await change(context, work)
    await publish_told(context.stores, person)
    return transferred


# --- parts --------------------------------------------------------------------------------------


def _ids(playlist_id: str, user_id: str, *path: str) -> tuple[UUID, UUID]:
    """Return the playlist and the person that arguments name."""
    playlist = id_in((*path, "playlistId"), _PLAYLIST, playlist_id)
    return playlist, id_in((*path, "userId"), _USER, user_id)


async def _managed(
    context: RequestContext, connection: Connection, playlist_id: UUID
) -> PlaylistRecord:
    """Return a playlist whose collaborators the caller chooses, locked."""
    await lock_playlist(connection, playlist_id)
    return await playlist_for(connection, context, playlist_id, PlaylistAction.SHARE)


async def _check_room(connection: Connection, playlist_id: UUID, person_id: UUID) -> None:
    if await collaboration.count_collaborators(connection, playlist_id) >= MAX_COLLABORATORS:
        raise LimitExceeded(f"A playlist has {MAX_COLLABORATORS} collaborators at most.")
    others = await collaboration.count_other_invitations(connection, playlist_id, person_id)
    if others >= MAX_INVITATIONS:
        raise LimitExceeded(f"There are {MAX_INVITATIONS} open invitations at most.")
