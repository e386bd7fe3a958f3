"""Results of making and changing playlists."""

from typing import Annotated, Protocol
from uuid import UUID

import strawberry

from datasources.loaders.playlist_history import StandingOf
from datasources.records.playlists import PlaylistRecord
from resolvers import playlist_commands as commands
from resolvers.context import RequestContext
from resolvers.ids import global_id
from resolvers.playlist_access import may_read
from schema.payloads.errors import Forbidden, LimitExceeded, NotFound, ValidationError
from schema.types.playlist import Playlist
from schema.views import asked, computed, view


class OfPlaylist(Protocol):
    """A result that names a playlist."""

    @property
    def playlist_id(self) -> UUID:
        """Which."""


def playlist_id_of(record: OfPlaylist) -> str:
    """Return the id of the playlist that a result names."""
    return global_id("Playlist", record.playlist_id)


async def _playlist(context: RequestContext, record: OfPlaylist) -> PlaylistRecord | None:
    principal = context.principal
    key = record.playlist_id, principal.user_id
    standing = await context.loaders.of(StandingOf).load(key)
    return standing.playlist if standing and may_read(principal, standing) else None


@strawberry.type
class WithPlaylist:
    """The playlist of a result, loaded when the change is stored."""

    playlist: Playlist | None = asked(
        _playlist, "The playlist as it is now; null where the viewer does not see it any more."
    )


@view(commands.PlaylistCreated, told_apart=True, description="A playlist was made.")
class PlaylistCreated(WithPlaylist):
    """A view over `PlaylistCreated`."""


@view(commands.PlaylistUpdated, told_apart=True, description="The playlist after the change.")
class PlaylistUpdated(WithPlaylist):
    """A view over `PlaylistUpdated`."""


@view(commands.PlaylistDeleted, told_apart=True, description="A playlist is gone for good.")
class PlaylistDeleted:
    """A view over `PlaylistDeleted`."""

    playlist_id: strawberry.ID = computed(playlist_id_of, "What was its id.")


@view(commands.PlaylistDuplicated, told_apart=True, description="A copy of a playlist.")
class PlaylistDuplicated(WithPlaylist):
    """A view over `PlaylistDuplicated`: `playlist` is the copy."""


@view(commands.PlaylistFollowed, told_apart=True, description="The viewer follows the playlist.")
class PlaylistFollowed(WithPlaylist):
    """A view over `PlaylistFollowed`."""


@view(
    commands.PlaylistUnfollowed,
    told_apart=True,
    description="The viewer does not follow the playlist.",
)
class PlaylistUnfollowed(WithPlaylist):
    """A view over `PlaylistUnfollowed`."""


CreatePlaylistResult = Annotated[
    PlaylistCreated | ValidationError | LimitExceeded | NotFound,
    strawberry.union("CreatePlaylistResult", description="What `createPlaylist` answers."),
]
UpdatePlaylistResult = Annotated[
    PlaylistUpdated | ValidationError | NotFound | Forbidden,
    strawberry.union("UpdatePlaylistResult", description="What `updatePlaylist` answers."),
]
DeletePlaylistResult = Annotated[
    PlaylistDeleted | ValidationError | NotFound | Forbidden,
    strawberry.union("DeletePlaylistResult", description="What `deletePlaylist` answers."),
]
DuplicatePlaylistResult = Annotated[
    PlaylistDuplicated | ValidationError | NotFound | LimitExceeded,
    strawberry.union("DuplicatePlaylistResult", description="What `duplicatePlaylist` answers."),
]
FollowPlaylistResult = Annotated[
    PlaylistFollowed | ValidationError | NotFound,
    strawberry.union("FollowPlaylistResult", description="What `followPlaylist` answers."),
]
UnfollowPlaylistResult = Annotated[
    PlaylistUnfollowed | ValidationError | NotFound,
    strawberry.union("UnfollowPlaylistResult", description="What `unfollowPlaylist` answers."),
]
