"""Making, changing, copying, removing and following playlists; items are `playlist_items`' part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from auth.policy import PlaylistAction
from datasources.ids import new_id
from datasources.postgres import audit, playlist_follows, playlist_writes
from datasources.postgres.client import Connection
from datasources.postgres.playlist_standing import hold_playlist
from datasources.records.external_ids import EntityKind
from datasources.records.playlists import PlaylistRecord, PlaylistVisibility
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.errors import InvalidInput, LimitExceeded, NotFound
from resolvers.idempotency import change
from resolvers.playlist_access import playlist_for
from resolvers.playlist_change import MAX_ITEMS
from resolvers.playlist_input import checked_description, checked_title, id_in
from resolvers.playlist_joining import locked_with
from resolvers.signed_in import signed_in

MAX_PLAYLISTS = 1_000
"""How many playlists a person may own."""


@dataclass(frozen=True, slots=True)
class NewPlaylist:
    """What a new playlist is to be."""

    title: str
    description: str | None = None
    visibility: PlaylistVisibility = PlaylistVisibility.PRIVATE
    collaborative: bool = False


@dataclass(frozen=True, slots=True)
class PlaylistCreated:
    """Which playlist is new."""

    playlist_id: UUID


@dataclass(frozen=True, slots=True)
class PlaylistUpdated:
    """Which playlist says something else of itself."""

    playlist_id: UUID


@dataclass(frozen=True, slots=True)
class PlaylistDeleted:
    """Which playlist is gone."""

    playlist_id: UUID


@dataclass(frozen=True, slots=True)
class PlaylistDuplicated:
    """Which playlist is the copy."""

    playlist_id: UUID


@dataclass(frozen=True, slots=True)
class PlaylistFollowed:
    """Which playlist the caller follows."""

    playlist_id: UUID


@dataclass(frozen=True, slots=True)
class PlaylistUnfollowed:
    """Which playlist the caller does not follow."""

    playlist_id: UUID


async def create_playlist(context: RequestContext, new: NewPlaylist) -> PlaylistCreated:
    """Make a playlist of the caller's, without items.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: title or description cannot be taken.
        LimitExceeded: the caller has 1,000 playlists.
    """
    owner_id = signed_in(context)
    playlist = _blank(
        context,
        owner_id,
        replace(
            new,
            title=checked_title(new.title),
            description=checked_description(new.description),
        ),
    )

    async def work(connection: Connection) -> PlaylistCreated:
        await make_room(connection, owner_id)
        await playlist_writes.insert_playlist(connection, playlist)
        return PlaylistCreated(playlist.id)

    return await change(context, work)


async def update_playlist(
    context: RequestContext, playlist_id: str, changes: Mapping[str, object]
) -> PlaylistUpdated:
    """Change what a playlist says of itself, and who sees it: only what is in `changes`.

    Its version counts changes to its items, and stays. Where nothing is different, nothing is
    written.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: a value that cannot be taken; nothing has changed.
        NotFound, Forbidden: the playlist is not there for the caller, or not theirs.
    """
    signed_in(context)
    id_ = id_in(("input", "playlistId"), EntityKind.PLAYLIST, playlist_id)
    checked = {name: _CHECKS[name](value) for name, value in changes.items()}

    async def work(connection: Connection) -> PlaylistUpdated:
        await playlist_writes.lock_playlist(connection, id_)
        playlist = await playlist_for(connection, context, id_, PlaylistAction.UPDATE)
        different = {name: one for name, one in checked.items() if getattr(playlist, name) != one}
        if different:
            await playlist_writes.update_playlist(connection, id_, different, context.clock())
        return PlaylistUpdated(id_)

    return await change(context, work)


async def delete_playlist(context: RequestContext, playlist_id: str) -> PlaylistDeleted:
    """Remove a playlist of the caller's, for everybody and for good.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a playlist.
        NotFound, Forbidden: the playlist is not there for the caller, or not theirs.
    """
    signed_in(context)
    id_ = id_in(("playlistId",), EntityKind.PLAYLIST, playlist_id)

    async def work(connection: Connection) -> PlaylistDeleted:
        await playlist_writes.lock_playlist(connection, id_)
        await playlist_for(connection, context, id_, PlaylistAction.DELETE)
        await playlist_writes.remove_playlist(connection, id_)
        await audit.record(connection, entry(context, "deletePlaylist", playlist=str(id_)))
        return PlaylistDeleted(id_)

    return await change(context, work)


async def duplicate_playlist(
    context: RequestContext,
    playlist_id: str,
    title: str | None = None,
    visibility: PlaylistVisibility = PlaylistVisibility.PRIVATE,
) -> PlaylistDuplicated:
    """Make a playlist of the caller's out of one that they may read: as it is at one moment.

    Its items are new ones, added by the caller. Title and description are the original's, unless
    `title` says otherwise.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a playlist, or the title cannot be taken.
        NotFound: the playlist is not there for the caller.
        LimitExceeded: the caller has 1,000 playlists, or it has more than 10,000 items.
    """
    owner_id = signed_in(context)
    id_ = id_in(("input", "playlistId"), EntityKind.PLAYLIST, playlist_id)
    other_title = None if title is None else checked_title(title)

    async def work(connection: Connection) -> PlaylistDuplicated:
        # For who may not read it, nobody is held up.
        await playlist_for(connection, context, id_, PlaylistAction.READ)
        await make_room(connection, owner_id)
        # After what may have waited, and nobody hides it now: what is copied is what they may read.
        await hold_playlist(connection, id_)
        source = await playlist_for(connection, context, id_, PlaylistAction.READ)
        if source.track_count > MAX_ITEMS:  # an import may bring more
            raise LimitExceeded(f"A playlist has {MAX_ITEMS:,} items at most.")
        new = NewPlaylist(other_title or source.title, source.description, visibility)
        copy = _blank(context, owner_id, new)
        await playlist_writes.copy_playlist(connection, id_, copy)
        return PlaylistDuplicated(copy.id)

    return await change(context, work)


async def follow_playlist(context: RequestContext, playlist_id: str) -> PlaylistFollowed:
    """Let the caller follow a playlist that they may read; again changes nothing.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a playlist.
        NotFound: the playlist is not there for the caller.
    """
    user_id = signed_in(context)
    id_ = id_in(("playlistId",), EntityKind.PLAYLIST, playlist_id)

    async def work(connection: Connection) -> PlaylistFollowed:
        await locked_with(connection, id_, user_id)
        await playlist_for(connection, context, id_, PlaylistAction.READ)
        await playlist_follows.follow_playlist(connection, id_, user_id, context.clock())
        return PlaylistFollowed(id_)

    return await change(context, work)


async def unfollow_playlist(context: RequestContext, playlist_id: str) -> PlaylistUnfollowed:
    """Let the caller not follow a playlist; again changes nothing.

    One that has been hidden from them since can be left, too.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a playlist.
        NotFound: the playlist is not there for the caller, and they did not follow it.
    """
    user_id = signed_in(context)
    id_ = id_in(("playlistId",), EntityKind.PLAYLIST, playlist_id)

    async def work(connection: Connection) -> PlaylistUnfollowed:
        await locked_with(connection, id_, user_id)
        if not await playlist_follows.unfollow_playlist(connection, id_, user_id):
            await playlist_for(connection, context, id_, PlaylistAction.READ)
        return PlaylistUnfollowed(id_)

    return await change(context, work)


async def make_room(connection: Connection, owner_id: UUID) -> None:
    """Let a person have one playlist more; until the transaction ends, no other is made for them.

    Raises:
        LimitExceeded: they have 1,000.
        NotFound: they are gone.
    """
    owned = await playlist_writes.lock_owner(connection, owner_id)
    check_room(owned, "You have as many playlists as one may.")


def check_room(owned: int | None, words: str) -> None:
    """Let pass who has so many playlists, as `lock_owner` counts them.

    Raises:
        LimitExceeded: these are 1,000.
        NotFound: there is nobody to have them.
    """
    if owned is None:
        raise NotFound("This account is being removed.")
    if owned >= MAX_PLAYLISTS:
        raise LimitExceeded(words)


def _blank(context: RequestContext, owner_id: UUID, new: NewPlaylist) -> PlaylistRecord:
    now = context.clock()
    return PlaylistRecord(
        id=new_id(),
        owner_id=owner_id,
        title=new.title,
        description=new.description,
        visibility=new.visibility,
        collaborative=new.collaborative,
        version=1,
        follower_count=0,
        track_count=0,
        duration_ms=0,
        created_at=now,
        updated_at=now,
    )


def _given(name: str) -> Callable[[object], object]:
    """Return the check of a value that may be left out, but not be null."""

    def check(value: object) -> object:
        if value is None:
            raise InvalidInput(("input", name), "This cannot be null: leave it out.")
        return value

    return check


_CHECKS: Mapping[str, Callable[[object], object]] = {
    "title": checked_title,
    "description": checked_description,
    "visibility": _given("visibility"),
    "collaborative": _given("collaborative"),
}
