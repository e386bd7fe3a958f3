"""Inputs of working together."""

from datetime import datetime

import strawberry

from datasources.records.playlists import CollaboratorRole
from resolvers.share_links import NewLink


@strawberry.input(description="Whom to ask, and for what.")
class InviteCollaboratorInput:
    """An invitation."""

    playlist_id: strawberry.ID = strawberry.field(description="A playlist of the viewer's.")
    user_id: strawberry.ID = strawberry.field(description="Whom to ask.")
    role: CollaboratorRole = strawberry.field(
        description="What they may do once they accept.", default=CollaboratorRole.EDITOR
    )


@strawberry.input(description="Who may do what from now on.")
class SetCollaboratorRoleInput:
    """Another role."""

    playlist_id: strawberry.ID = strawberry.field(description="A playlist of the viewer's.")
    user_id: strawberry.ID = strawberry.field(description="One of its collaborators.")
    role: CollaboratorRole = strawberry.field(description="What they may do.")


@strawberry.input(description="What a link is for, and how long.")
class CreateShareLinkInput:
    """A link to a playlist."""

    playlist_id: strawberry.ID = strawberry.field(description="A playlist of the viewer's.")
    role: CollaboratorRole = strawberry.field(
        description="What those may do who redeem it.", default=CollaboratorRole.VIEWER
    )
    once: bool = strawberry.field(
        description="Whether one person may redeem it; otherwise, whoever has it.", default=False
    )
    expires_at: datetime | None = strawberry.field(
        description="Until when it may be redeemed: 7 days from now by default, 90 at most.",
        default=None,
    )

    def new(self) -> NewLink:
        """Return it for the use case."""
        return NewLink(self.role, self.once, self.expires_at)
