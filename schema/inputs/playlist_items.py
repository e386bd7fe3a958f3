"""Inputs of changes to the items of playlists."""

from typing import Any

import strawberry

_BASE = (
    "The version that the client has seen. It may be an older one, as long as the items that the"
    " change names are still there; the result then says what was missed."
)
_BEFORE = "The id of the item to stand in front of; the end of the list by default."


def _required(description: str) -> Any:
    return strawberry.field(description=description)


def _optional(description: str) -> Any:
    return strawberry.field(description=description, default=None)


@strawberry.input(description="Tracks for a playlist, and where they go.")
class AddPlaylistItemsInput:
    """New items."""

    playlist_id: strawberry.ID = _required("Which playlist.")
    track_ids: list[strawberry.ID] = _required(
        "1 to 100 tracks, in their order; one may be there more than once."
    )
    before: strawberry.ID | None = _optional(_BEFORE)
    base_version: int | None = _optional(_BASE)


@strawberry.input(description="Items of a playlist, and where they go.")
class MovePlaylistItemsInput:
    """Items at other places."""

    playlist_id: strawberry.ID = _required("Which playlist.")
    item_ids: list[strawberry.ID] = _required(
        "1 to 100 items, in the order in which they are to stand."
    )
    before: strawberry.ID | None = _optional(f"{_BEFORE[:-1]}; none of those that move.")
    base_version: int | None = _optional(_BASE)


@strawberry.input(description="Items of a playlist that are to leave it.")
class RemovePlaylistItemsInput:
    """Items to take out."""

    playlist_id: strawberry.ID = _required("Which playlist.")
    item_ids: list[strawberry.ID] = _required("1 to 100 items.")
    base_version: int | None = _optional(_BASE)
