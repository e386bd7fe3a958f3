"""Inputs of playlists."""

from typing import Any

import strawberry
from strawberry import UNSET

from datasources.records.playlists import PlaylistVisibility
from resolvers.playlist_commands import NewPlaylist

_DESCRIPTION = "What it is about, up to 2,000 characters; no line breaks."


def _member(description: str) -> Any:
    return strawberry.field(description=description, default=UNSET)


@strawberry.input(description="What a new playlist is to be.")
class CreatePlaylistInput:
    """A playlist of the viewer's."""

    title: str = strawberry.field(description="Its title, 1 to 200 characters.")
    description: str | None = strawberry.field(description=_DESCRIPTION, default=None)
    visibility: PlaylistVisibility = strawberry.field(
        description="Who finds it.", default=PlaylistVisibility.PRIVATE
    )
    collaborative: bool = strawberry.field(
        description="Whether editors other than the viewer may change its items.", default=False
    )

    def new(self) -> NewPlaylist:
        """Return it for the use case."""
        return NewPlaylist(self.title, self.description, self.visibility, self.collaborative)


@strawberry.input(description="What to change; what is left out stays as it is.")
class UpdatePlaylistInput:
    """Changes to what a playlist says of itself."""

    playlist_id: strawberry.ID = strawberry.field(description="Which playlist.")
    title: str | None = _member("Its title, 1 to 200 characters.")
    description: str | None = _member(f"{_DESCRIPTION[:-1]}; null removes it.")
    visibility: PlaylistVisibility | None = _member("Who finds it.")
    collaborative: bool | None = _member(
        "Whether editors may change its items; who they are is kept while they may not."
    )

    def changes(self) -> dict[str, object]:
        """Return what was given, by the records' names."""
        given = {name: value for name, value in vars(self).items() if value is not UNSET}
        del given["playlist_id"]
        return given


@strawberry.input(description="Which playlist to copy, and how.")
class DuplicatePlaylistInput:
    """A copy of a playlist."""

    playlist_id: strawberry.ID = strawberry.field(description="Any playlist that the viewer sees.")
    title: str | None = strawberry.field(
        description="The title of the copy, 1 to 200 characters; the same by default.",
        default=None,
    )
    visibility: PlaylistVisibility = strawberry.field(
        description="Who finds the copy.", default=PlaylistVisibility.PRIVATE
    )
