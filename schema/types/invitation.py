"""Invitations to work on a playlist."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from datasources.loaders.users import SeenUserById
from datasources.records.collaboration import InvitationRecord
from datasources.records.playlists import CollaboratorRole
from resolvers.ids import global_id
from schema.views import attribute, computed, loaded, view

if TYPE_CHECKING:
    from schema.types.user import User
else:
    User = Annotated["User", strawberry.lazy("schema.types.user")]


def _playlist_id(invitation: InvitationRecord) -> str:
    return global_id("Playlist", invitation.playlist_id)


@view(
    InvitationRecord,
    description=(
        "Somebody is asked to work on a playlist. The owner of the playlist sees it, and whoever is"
        " asked: of a private one, they see no more than this until they accept."
    ),
)
class Invitation:
    """An open invitation; one that was accepted or declined is gone."""

    playlist_id: strawberry.ID = computed(
        _playlist_id, "The playlist, for `acceptInvitation` and `declineInvitation`."
    )
    title: str = attribute("The title of the playlist.")
    role: CollaboratorRole = attribute("What they may do once they accept.")
    invited_at: datetime = attribute("Since when they are asked.")
    user: User | None = loaded(
        SeenUserById, key="user_id", for_viewer=True, description="Who is asked."
    )
    owner: User | None = loaded(
        SeenUserById, key="owner_id", for_viewer=True, description="Whose playlist it is."
    )
    invited_by: User | None = loaded(
        SeenUserById, key="invited_by_id", for_viewer=True, description="Who asks."
    )
