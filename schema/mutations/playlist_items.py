"""Mutations of the items of playlists."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from resolvers import playlist_history, playlist_items
from resolvers.context import RequestContext
from resolvers.playlist_change import ItemsChanged
from schema.commands import command
from schema.idempotency import Once
from schema.inputs.playlist_items import (
    AddPlaylistItemsInput,
    MovePlaylistItemsInput,
    RemovePlaylistItemsInput,
)
from schema.payloads.playlist_items import (
    AddPlaylistItemsResult,
    MovePlaylistItemsResult,
    RemovePlaylistItemsResult,
    UndoPlaylistChangeResult,
)
from schema.permissions import PLAYLISTS_WRITE

Context = Info[RequestContext, None]


def _argument(description: str) -> Any:
    return strawberry.argument(description=description)


@strawberry.type
class PlaylistItemMutations:
    """What becomes of the lists."""

    @command(
        "Add up to 100 tracks to a playlist, in front of an item or at the end.",
        access=PLAYLISTS_WRITE,
        result=AddPlaylistItemsResult,
        once=Once.HONOURED,
    )
    async def add_playlist_items(
        self,
        info: Context,
        input: Annotated[AddPlaylistItemsInput, _argument("Which tracks, and where.")],  # noqa: A002  the graph's name
    ) -> ItemsChanged:
        """Add items."""
        return await playlist_items.add_items(
            info.context, input.playlist_id, input.track_ids, input.before, input.base_version
        )

    @command(
        "Move up to 100 items of a playlist in front of another, or to the end. They keep the order"
        " in which they are named.",
        access=PLAYLISTS_WRITE,
        result=MovePlaylistItemsResult,
        once=Once.HONOURED,
    )
    async def move_playlist_items(
        self,
        info: Context,
        input: Annotated[MovePlaylistItemsInput, _argument("Which items, and where to.")],  # noqa: A002  the graph's name
    ) -> ItemsChanged:
        """Move items."""
        return await playlist_items.move_items(
            info.context, input.playlist_id, input.item_ids, input.before, input.base_version
        )

    @command(
        "Take up to 100 items out of a playlist.",
        access=PLAYLISTS_WRITE,
        result=RemovePlaylistItemsResult,
        once=Once.HONOURED,
    )
    async def remove_playlist_items(
        self,
        info: Context,
        input: Annotated[RemovePlaylistItemsInput, _argument("Which items.")],  # noqa: A002  the graph's name
    ) -> ItemsChanged:
        """Remove items."""
        return await playlist_items.remove_items(
            info.context, input.playlist_id, input.item_ids, input.base_version
        )

    @command(
        "Turn back one change of a playlist's items by a new one. An item that comes back stands in"
        " front of the first of those behind it at that time that are still there.",
        access=PLAYLISTS_WRITE,
        result=UndoPlaylistChangeResult,
        once=Once.HONOURED,
    )
    async def undo_playlist_change(
        self,
        info: Context,
        playlist_id: Annotated[strawberry.ID, _argument("Which playlist.")],
        version: Annotated[int, _argument("The version that the change has made.")],
    ) -> ItemsChanged:
        """Undo a change."""
        return await playlist_history.undo_change(info.context, playlist_id, version)
