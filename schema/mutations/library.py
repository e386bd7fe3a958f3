"""Mutations of the library, of following artists and people, and of blocking."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from resolvers import blocking, following, library_commands
from resolvers.context import RequestContext
from schema.commands import command
from schema.idempotency import Once
from schema.payloads.library import (
    BlockUserResult,
    FollowArtistResult,
    FollowUserResult,
    RemoveSavedAlbumsResult,
    RemoveSavedTracksResult,
    SaveAlbumsResult,
    SaveTracksResult,
    UnblockUserResult,
    UnfollowArtistResult,
    UnfollowUserResult,
)
from schema.permissions import LIBRARY_WRITE

Context = Info[RequestContext, None]
TrackIds = Annotated[
    list[strawberry.ID], strawberry.argument(description="Ids of 1 to 100 tracks.")
]
AlbumIds = Annotated[
    list[strawberry.ID], strawberry.argument(description="Ids of 1 to 100 albums.")
]
ArtistId = Annotated[strawberry.ID, strawberry.argument(description="The id of an artist.")]
UserId = Annotated[strawberry.ID, strawberry.argument(description="The id of somebody else.")]


@strawberry.type
class LibraryMutations:
    """What the viewer keeps, and whom they follow or block. Repeated, each changes nothing."""

    @command(
        "Put tracks into the viewer's library; the last that is named becomes the newest.",
        access=LIBRARY_WRITE,
        result=SaveTracksResult,
        once=Once.HONOURED,
    )
    async def save_tracks(
        self, info: Context, track_ids: TrackIds
    ) -> library_commands.SavedTracksChanged:
        """Save tracks."""
        return await library_commands.save_tracks(info.context, track_ids)

    @command(
        "Take tracks out of the viewer's library.",
        access=LIBRARY_WRITE,
        result=RemoveSavedTracksResult,
        once=Once.HONOURED,
    )
    async def remove_saved_tracks(
        self, info: Context, track_ids: TrackIds
    ) -> library_commands.SavedTracksChanged:
        """Remove tracks."""
        return await library_commands.remove_saved_tracks(info.context, track_ids)

    @command(
        "Put albums into the viewer's library; the last that is named becomes the newest.",
        access=LIBRARY_WRITE,
        result=SaveAlbumsResult,
        once=Once.HONOURED,
    )
    async def save_albums(
        self, info: Context, album_ids: AlbumIds
    ) -> library_commands.SavedAlbumsChanged:
        """Save albums."""
        return await library_commands.save_albums(info.context, album_ids)

    @command(
        "Take albums out of the viewer's library.",
        access=LIBRARY_WRITE,
        result=RemoveSavedAlbumsResult,
        once=Once.HONOURED,
    )
    async def remove_saved_albums(
        self, info: Context, album_ids: AlbumIds
    ) -> library_commands.SavedAlbumsChanged:
        """Remove albums."""
        return await library_commands.remove_saved_albums(info.context, album_ids)

    @command(
        "Follow an artist.", access=LIBRARY_WRITE, result=FollowArtistResult, once=Once.HONOURED
    )
    async def follow_artist(
        self, info: Context, artist_id: ArtistId
    ) -> library_commands.ArtistFollowChanged:
        """Follow an artist."""
        return await library_commands.follow_artist(info.context, artist_id)

    @command(
        "No longer follow an artist.",
        access=LIBRARY_WRITE,
        result=UnfollowArtistResult,
        once=Once.HONOURED,
    )
    async def unfollow_artist(
        self, info: Context, artist_id: ArtistId
    ) -> library_commands.ArtistFollowChanged:
        """Unfollow an artist."""
        return await library_commands.unfollow_artist(info.context, artist_id)

    @command("Follow somebody.", access=LIBRARY_WRITE, result=FollowUserResult, once=Once.HONOURED)
    async def follow_user(self, info: Context, user_id: UserId) -> following.UserFollowChanged:
        """Follow somebody."""
        return await following.follow_user(info.context, user_id)

    @command(
        "No longer follow somebody.",
        access=LIBRARY_WRITE,
        result=UnfollowUserResult,
        once=Once.HONOURED,
    )
    async def unfollow_user(self, info: Context, user_id: UserId) -> following.UserFollowChanged:
        """Unfollow somebody."""
        return await following.unfollow_user(info.context, user_id)

    @command(
        (
            "Hide the viewer and somebody from each other, and end for good what there is "
            "between them: following, and working together on playlists."
        ),
        access=LIBRARY_WRITE,
        result=BlockUserResult,
        once=Once.HONOURED,
    )
    async def block_user(self, info: Context, user_id: UserId) -> blocking.UserBlocked:
        """Block somebody."""
        return await blocking.block_user(info.context, user_id)

    @command(
        "Let the viewer and somebody see each other again; what the block ended stays ended.",
        access=LIBRARY_WRITE,
        result=UnblockUserResult,
        once=Once.HONOURED,
    )
    async def unblock_user(self, info: Context, user_id: UserId) -> blocking.UserUnblocked:
        """Unblock somebody."""
        return await blocking.unblock_user(info.context, user_id)
