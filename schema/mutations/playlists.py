"""Mutations of playlists; those of their items are elsewhere."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from resolvers import playlist_commands as commands
from resolvers.context import RequestContext
from schema.commands import command
from schema.idempotency import Once
from schema.inputs.playlists import (
    CreatePlaylistInput,
    DuplicatePlaylistInput,
    UpdatePlaylistInput,
)
from schema.payloads.playlists import (
    CreatePlaylistResult,
    DeletePlaylistResult,
    DuplicatePlaylistResult,
    FollowPlaylistResult,
    UnfollowPlaylistResult,
    UpdatePlaylistResult,
)
from schema.permissions import PLAYLISTS_WRITE

Context = Info[RequestContext, None]


def _argument(description: str) -> Any:
    return strawberry.argument(description=description)


@strawberry.type
class PlaylistMutations:
    """What becomes of playlists."""

    @command(
        "Make a playlist of the viewer's, without items.",
        access=PLAYLISTS_WRITE,
        result=CreatePlaylistResult,
        once=Once.HONOURED,
    )
    async def create_playlist(
        self,
        info: Context,
        input: Annotated[CreatePlaylistInput, _argument("What it is to be.")],  # noqa: A002  the graph's name
    ) -> commands.PlaylistCreated:
        """Make a playlist."""
        return await commands.create_playlist(info.context, input.new())

    @command(
        "Change what a playlist of the viewer's says of itself, and who sees it; its `version` is"
        " that of its items, and stays.",
        access=PLAYLISTS_WRITE,
        result=UpdatePlaylistResult,
        once=Once.HONOURED,
    )
    async def update_playlist(
        self,
        info: Context,
        input: Annotated[UpdatePlaylistInput, _argument("The changes.")],  # noqa: A002  the graph's name
    ) -> commands.PlaylistUpdated:
        """Change a playlist."""
        return await commands.update_playlist(info.context, input.playlist_id, input.changes())

    @command(
        "Remove a playlist of the viewer's, for everybody and for good.",
        access=PLAYLISTS_WRITE,
        result=DeletePlaylistResult,
        once=Once.HONOURED,
    )
    async def delete_playlist(
        self,
        info: Context,
        playlist_id: Annotated[strawberry.ID, _argument("Which playlist.")],
    ) -> commands.PlaylistDeleted:
        """Remove a playlist."""
        return await commands.delete_playlist(info.context, playlist_id)

    @command(
        "Make a playlist of the viewer's out of one that they see, with all its items.",
        access=PLAYLISTS_WRITE,
        result=DuplicatePlaylistResult,
        once=Once.HONOURED,
    )
    async def duplicate_playlist(
        self,
        info: Context,
        input: Annotated[DuplicatePlaylistInput, _argument("Which, and how.")],  # noqa: A002  the graph's name
    ) -> commands.PlaylistDuplicated:
        """Copy a playlist."""
        return await commands.duplicate_playlist(
            info.context, input.playlist_id, input.title, input.visibility
        )

    @command(
        "Follow a playlist; who does so already goes on.",
        access=PLAYLISTS_WRITE,
        result=FollowPlaylistResult,
        once=Once.HONOURED,
    )
    async def follow_playlist(
        self,
        info: Context,
        playlist_id: Annotated[strawberry.ID, _argument("Which playlist.")],
    ) -> commands.PlaylistFollowed:
        """Follow a playlist."""
        return await commands.follow_playlist(info.context, playlist_id)

    @command(
        "Follow a playlist no longer, also one that is hidden from the viewer by now.",
        access=PLAYLISTS_WRITE,
        result=UnfollowPlaylistResult,
        once=Once.HONOURED,
    )
    async def unfollow_playlist(
        self,
        info: Context,
        playlist_id: Annotated[strawberry.ID, _argument("Which playlist.")],
    ) -> commands.PlaylistUnfollowed:
        """Unfollow a playlist."""
        return await commands.unfollow_playlist(info.context, playlist_id)
