"""Results of changes to the items of playlists."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from datasources.records.changes import ChangeRecord
from datasources.records.playlists import PlaylistItemRecord
from resolvers import errors, playlist_history
from resolvers.context import RequestContext
from resolvers.ids import global_id
from resolvers.playlist_change import ItemsChanged
from resolvers.playlist_input import ITEM
from schema.payloads.errors import Error, Forbidden, LimitExceeded, NotFound, ValidationError
from schema.payloads.playlists import WithPlaylist
from schema.permissions import PLAYLISTS
from schema.refusals import read, refusal_view
from schema.types.playlist import PlaylistItem
from schema.types.playlist_change import PlaylistChange
from schema.views import attribute, computed, view

Context = Info[RequestContext, None]


def _ids(record: Any) -> list[str]:
    return [global_id(ITEM, item) for item in record.item_ids]


def _in_question(refused: Any) -> list[str]:
    return _ids(refused.refusal)


@view(ItemsChanged, told_apart=True, description="The items of a playlist were changed.")
class PlaylistItemsChanged(WithPlaylist):
    """A view over `ItemsChanged`."""

    version: int = attribute(
        "The version that this change has made: the one to give as `baseVersion` next."
    )
    item_ids: list[strawberry.ID] = computed(
        _ids,
        "The ids of the items that were added, moved, removed or put back, as they were named.",
    )

    @strawberry.field(
        description="Those items, as they are now; null for one that is not in the list.",
        graphql_type=list[PlaylistItem | None] | None,
        directives=PLAYLISTS.directives,
    )
    async def items(self, info: Context) -> Sequence[PlaylistItemRecord | None] | None:
        """Return the items."""
        return await playlist_history.items_of(info.context, self)  # type: ignore[arg-type]  # a view stands for its record

    @strawberry.field(
        description=(
            "The changes of others between `baseVersion` and this one, the oldest first: none where"
            " nothing was missed. Null without a `baseVersion`, and where it is more than 100"
            " changes, or more than is kept: read the list again then."
        ),
        graphql_type=list[PlaylistChange] | None,
    )
    async def changes_since(self, info: Context) -> Sequence[ChangeRecord] | None:
        """Return what was missed."""
        return await playlist_history.missed_changes(info.context, self)  # type: ignore[arg-type]  # a view stands for its record


@refusal_view(
    errors.PlaylistConflict,
    description=(
        "Others have changed the list, and what the change names is not where it would have to be."
        " Nothing has changed: read the list again."
    ),
)
class PlaylistConflict(Error):
    """A view over `PlaylistConflict`."""

    current_version: int = computed(
        lambda refused: refused.refusal.current_version, "The version that the list has."
    )
    item_ids: list[strawberry.ID] = computed(_in_question, "The ids of the items in question.")
    items: list[PlaylistItem | None] | None = computed(
        read("items"),
        "Those items as they were last; null for one of which nothing is known any more.",
    )


AddPlaylistItemsResult = Annotated[
    PlaylistItemsChanged
    | PlaylistConflict
    | ValidationError
    | NotFound
    | Forbidden
    | LimitExceeded,
    strawberry.union("AddPlaylistItemsResult", description="What `addPlaylistItems` answers."),
]
MovePlaylistItemsResult = Annotated[
    PlaylistItemsChanged
    | PlaylistConflict
    | ValidationError
    | NotFound
    | Forbidden
    | LimitExceeded,
    strawberry.union("MovePlaylistItemsResult", description="What `movePlaylistItems` answers."),
]
RemovePlaylistItemsResult = Annotated[
    PlaylistItemsChanged
    | PlaylistConflict
    | ValidationError
    | NotFound
    | Forbidden
    | LimitExceeded,
    strawberry.union(
        "RemovePlaylistItemsResult", description="What `removePlaylistItems` answers."
    ),
]
UndoPlaylistChangeResult = Annotated[
    PlaylistItemsChanged
    | PlaylistConflict
    | ValidationError
    | NotFound
    | Forbidden
    | LimitExceeded,
    strawberry.union("UndoPlaylistChangeResult", description="What `undoPlaylistChange` answers."),
]
