"""Playlists, their items and collaborators."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from datasources.loaders.collaboration import InvitationsOfPlaylist, ShareLinksOfPlaylist
from datasources.loaders.library import PlaylistIsFollowed
from datasources.loaders.playlist_history import HistoryOfPlaylist
from datasources.loaders.playlists import CollaboratorsOfPlaylist, ItemsOfPlaylist
from datasources.loaders.recommendations import SuggestionsOfPlaylist
from datasources.loaders.users import SeenUserById
from datasources.records.playlists import (
    CollaboratorRecord,
    CollaboratorRole,
    PlaylistItemRecord,
    PlaylistRecord,
    PlaylistVisibility,
)
from resolvers.permission import SHARING
from schema.pagination import Connection
from schema.permissions import PLAYLISTS, RECOMMENDATIONS
from schema.scalars import BigInt
from schema.types.entity import ExternalId, Node, external_ids, marked, record_id
from schema.types.invitation import Invitation
from schema.types.playlist_change import SORT_KEY, PlaylistChange
from schema.types.recommendation import TrackRecommendationConnection
from schema.types.share_link import ShareLink
from schema.types.track import Track
from schema.views import attribute, computed, loaded, paged, view

if TYPE_CHECKING:
    from schema.types.user import User
else:
    User = Annotated["User", strawberry.lazy("schema.types.user")]

_OWNERS = "Empty for everybody but its owner."


@view(PlaylistItemRecord, description="A track at its place in a playlist.")
class PlaylistItem:
    """An item; the same track may stand in a playlist twice."""

    id: strawberry.ID = computed(
        record_id, "Opaque id of the item: it is its own, not the track's."
    )
    position: str = attribute(
        f"Where it stands, or stood last: {SORT_KEY}. It is the `after` of the change that put it"
        " there."
    )
    track: Track = attribute("The track.")
    added_by: User | None = loaded(
        SeenUserById,
        key="added_by_id",
        for_viewer=True,
        description="Who added it; null is unknown, or hidden from the viewer by a block.",
    )
    added_at: datetime | None = attribute("When it was added; null is unknown.")


@view(CollaboratorRecord, description="A person with whom a playlist is shared.")
class Collaborator:
    """A collaborator."""

    user: User = attribute("The person.")
    role: CollaboratorRole = attribute("What they may do.")
    added_at: datetime = attribute("Since when.")


@view(
    PlaylistRecord,
    description="A list of tracks that people keep.",
    keys=["id"],
    access=PLAYLISTS,
)
class Playlist(Node):
    """A playlist."""

    title: str = attribute("Its title.")
    description: str | None = attribute("What it is about.")
    visibility: PlaylistVisibility = attribute("Who finds it.")
    collaborative: bool = attribute("Whether editors other than the owner may change it.")
    version: int = attribute("Counts the changes to its items, from 1.")
    follower_count: int = attribute("How many people follow it.")
    track_count: int = attribute("How many items it has.")
    duration_ms: BigInt = attribute("The length of all its items together, in milliseconds.")
    created_at: datetime = attribute("When it was made.")
    updated_at: datetime = attribute(
        "When something other than its items last changed: its title, for example."
    )
    external_ids: list[ExternalId] | None = external_ids()
    is_followed: bool | None = marked(PlaylistIsFollowed, "Whether the viewer follows it.")
    owner: User | None = loaded(
        SeenUserById, key="owner_id", for_viewer=True, description="Whose it is."
    )
    collaborators: list[Collaborator] | None = loaded(
        CollaboratorsOfPlaylist,
        key="id",
        for_viewer=True,
        description="With whom it is shared, the first to join first.",
    )
    invitations: list[Invitation] | None = loaded(
        InvitationsOfPlaylist,
        key="id",
        allowed=SHARING,
        description=f"Who is asked to work on it, the first asked first. {_OWNERS}",
    )
    share_links: list[ShareLink] | None = loaded(
        ShareLinksOfPlaylist,
        key="id",
        allowed=SHARING,
        description=(
            "Links with which one may work on it, the newest first, with those that are over until"
            f" the next one is made. {_OWNERS}"
        ),
    )
    items: Connection[PlaylistItem] | None = paged(
        ItemsOfPlaylist, key="id", description="Its items in their order."
    )
    history: Connection[PlaylistChange] | None = paged(
        HistoryOfPlaylist, key="id", description="The changes to its items, the newest first."
    )
    suggestions: TrackRecommendationConnection | None = paged(
        SuggestionsOfPlaylist,
        key="id",
        access=RECOMMENDATIONS,
        description="Tracks that would go with it, best first.",
    )
