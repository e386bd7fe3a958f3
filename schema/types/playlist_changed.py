"""The events of `playlistChanged`."""

from typing import Annotated

import strawberry

from resolvers.playlist_changed import ChangeTold
from schema.payloads.playlists import WithPlaylist
from schema.scalars import BigInt
from schema.types.live import Lagged
from schema.types.playlist_change import PlaylistChange
from schema.views import attribute, view


@view(ChangeTold, told_apart=True, description="The items of a playlist have changed.")
class PlaylistChanged(WithPlaylist):
    """A view over `ChangeTold`."""

    cursor: str = attribute("Give it as `after` to go on behind this event.")
    seq: BigInt = attribute("The version of the list that the change has made.")
    change: PlaylistChange = attribute("What was changed.", of="value")


PlaylistChangedUpdate = Annotated[
    PlaylistChanged | Lagged,
    strawberry.union(
        "PlaylistChangedUpdate",
        description="What `playlistChanged` tells: a change, or that some may be missing.",
    ),
]
