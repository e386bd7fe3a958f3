"""Changes to the items of a playlist, and the lists that were there before them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from datasources.loaders.playlist_history import ItemsOfVersion
from datasources.loaders.tracks import TrackById
from datasources.loaders.users import SeenUserById
from datasources.records.changes import (
    ChangeKind,
    ChangeRecord,
    ItemChange,
    PastPlaylist,
    Rekeyed,
)
from resolvers.ids import global_id
from resolvers.playlist_input import ITEM
from schema.pagination import Connection
from schema.permissions import PLAYLISTS
from schema.types.track import Track
from schema.views import attribute, computed, loaded, paged, view

if TYPE_CHECKING:
    from schema.types.playlist import PlaylistItem
    from schema.types.user import User
else:
    PlaylistItem = Annotated["PlaylistItem", strawberry.lazy("schema.types.playlist")]
    User = Annotated["User", strawberry.lazy("schema.types.user")]

SORT_KEY = "a sort key, compared character by character with those of the other items"


def _item_id(record: ItemChange | Rekeyed) -> str:
    return global_id(ITEM, record.item_id)


@view(ItemChange, description="What a change did to one item.")
class PlaylistItemChange:
    """A view over `ItemChange`."""

    item_id: strawberry.ID = computed(_item_id, "The id of the item, which it keeps.")
    track: Track | None = loaded(
        TrackById, key="track_id", description="The track; null where it is gone by now."
    )
    before: str | None = attribute(
        f"Where it stood before: {SORT_KEY}; null where it was not in the list."
    )
    after: str | None = attribute(
        "Where it stood afterwards, in the same way; null where it was taken out of the list."
    )


@view(Rekeyed, description="An item that a change left where it was, under another sort key.")
class PlaylistItemRekeyed:
    """A view over `Rekeyed`."""

    item_id: strawberry.ID = computed(_item_id, "The id of the item.")
    before: str = attribute("Its sort key before.")
    after: str = attribute("Its sort key afterwards.")


@view(ChangeRecord, access=PLAYLISTS, description="A change to the items of a playlist.")
class PlaylistChange:
    """A view over `ChangeRecord`."""

    version: int = attribute("The version that it made, out of the one before.")
    kind: ChangeKind = attribute("What was done.")
    at: datetime = attribute("When it was made.")
    actor: User | None = loaded(
        SeenUserById,
        key="actor_id",
        for_viewer=True,
        description="Who made it; null is unknown, or hidden from the viewer by a block.",
    )
    items: list[PlaylistItemChange] = attribute("What it did to which items, as they were named.")
    rekeyed: list[PlaylistItemRekeyed] = attribute(
        "Items that made room and kept their places; nearly always none."
    )


@view(PastPlaylist, access=PLAYLISTS, description="The list of a playlist as it was.")
class PlaylistVersion:
    """A view over `PastPlaylist`."""

    version: int = attribute("At which version.")
    items: Connection[PlaylistItem] | None = paged(
        ItemsOfVersion,
        key="list",
        description="Its items in their order, without those whose tracks are gone by now.",
    )
