"""Results of working together."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from datasources.loaders.users import SeenUserById
from datasources.records.collaboration import ShareLinkRecord
from resolvers import collaboration, share_links
from resolvers.context import RequestContext
from schema.payloads.errors import Forbidden, LimitExceeded, NotFound, ValidationError
from schema.payloads.playlists import WithPlaylist, playlist_id_of
from schema.types.share_link import ShareLink
from schema.types.user import User
from schema.views import attribute, computed, loaded, view


def _person(description: str) -> Any:
    return loaded(SeenUserById, key="user_id", for_viewer=True, description=description)


@strawberry.type
class WithShareLink:
    """The link of a result, loaded when the change is stored."""

    @strawberry.field(
        description="The link as it is now; null where its playlist is not the viewer's any more.",
        graphql_type=ShareLink | None,
    )
    async def share_link(self, info: Info[RequestContext, None]) -> ShareLinkRecord | None:
        """Return the link."""
        return await share_links.link_of(info.context, self.share_link_id)  # type: ignore[attr-defined]  # a view stands for its record


@view(
    collaboration.CollaboratorInvited,
    told_apart=True,
    description="Somebody is asked; they work on the playlist once they accept.",
)
class CollaboratorInvited(WithPlaylist):
    """A view over `CollaboratorInvited`."""

    user: User | None = _person("Who is asked.")


@view(
    collaboration.InvitationAccepted,
    told_apart=True,
    description="The viewer works on the playlist.",
)
class InvitationAccepted(WithPlaylist):
    """A view over `InvitationAccepted`."""


@view(
    collaboration.InvitationDeclined,
    told_apart=True,
    description="The viewer has no invitation to this playlist, whether there was one or not.",
)
class InvitationDeclined:
    """A view over `InvitationDeclined`."""

    playlist_id: strawberry.ID = computed(playlist_id_of, "The id that was sent.")


@view(
    collaboration.CollaboratorRoleSet,
    told_apart=True,
    description="A collaborator has the role from now on.",
)
class CollaboratorRoleSet(WithPlaylist):
    """A view over `CollaboratorRoleSet`."""

    user: User | None = _person("Whose role it is.")


@view(
    collaboration.CollaboratorRemoved,
    told_apart=True,
    description="Somebody has no part in the playlist any more, nor an invitation to it.",
)
class CollaboratorRemoved(WithPlaylist):
    """A view over `CollaboratorRemoved`."""

    user: User | None = _person("Who.")


@view(
    collaboration.PlaylistLeft,
    told_apart=True,
    description="The viewer has no part in the playlist any more.",
)
class PlaylistLeft(WithPlaylist):
    """A view over `PlaylistLeft`."""

    playlist_id: strawberry.ID = computed(playlist_id_of, "Which it was.")


@view(
    collaboration.PlaylistTransferred,
    told_apart=True,
    description="The playlist is somebody else's; the viewer is an editor of it.",
)
class PlaylistTransferred(WithPlaylist):
    """A view over `PlaylistTransferred`."""


@view(share_links.ShareLinkCreated, told_apart=True, description="A new link to a playlist.")
class ShareLinkCreated(WithShareLink):
    """A view over `ShareLinkCreated`."""

    token: str = attribute(
        "Its secret, for `redeemShareLink`: shown this once, since only a hash of it is kept."
    )


@view(
    share_links.ShareLinkRedeemed,
    told_apart=True,
    description="The viewer works on the playlist of the link.",
)
class ShareLinkRedeemed(WithPlaylist):
    """A view over `ShareLinkRedeemed`."""


@view(
    share_links.ShareLinkRevoked,
    told_apart=True,
    description="The link opens nothing any more; who came by it stays.",
)
class ShareLinkRevoked(WithShareLink):
    """A view over `ShareLinkRevoked`."""


InviteCollaboratorResult = Annotated[
    CollaboratorInvited | ValidationError | NotFound | Forbidden | LimitExceeded,
    strawberry.union("InviteCollaboratorResult", description="What `inviteCollaborator` answers."),
]
AcceptInvitationResult = Annotated[
    InvitationAccepted | ValidationError | NotFound | LimitExceeded,
    strawberry.union("AcceptInvitationResult", description="What `acceptInvitation` answers."),
]
DeclineInvitationResult = Annotated[
    InvitationDeclined | ValidationError,
    strawberry.union("DeclineInvitationResult", description="What `declineInvitation` answers."),
]
SetCollaboratorRoleResult = Annotated[
    CollaboratorRoleSet | ValidationError | NotFound | Forbidden,
    strawberry.union(
        "SetCollaboratorRoleResult", description="What `setCollaboratorRole` answers."
    ),
]
RemoveCollaboratorResult = Annotated[
    CollaboratorRemoved | ValidationError | NotFound | Forbidden,
    strawberry.union("RemoveCollaboratorResult", description="What `removeCollaborator` answers."),
]
LeavePlaylistResult = Annotated[
    PlaylistLeft | ValidationError | NotFound | Forbidden,
    strawberry.union("LeavePlaylistResult", description="What `leavePlaylist` answers."),
]
TransferPlaylistResult = Annotated[
    PlaylistTransferred | ValidationError | NotFound | Forbidden | LimitExceeded,
    strawberry.union("TransferPlaylistResult", description="What `transferPlaylist` answers."),
]
CreateShareLinkResult = Annotated[
    ShareLinkCreated | ValidationError | NotFound | Forbidden | LimitExceeded,
    strawberry.union("CreateShareLinkResult", description="What `createShareLink` answers."),
]
RedeemShareLinkResult = Annotated[
    ShareLinkRedeemed | NotFound | LimitExceeded,
    strawberry.union("RedeemShareLinkResult", description="What `redeemShareLink` answers."),
]
RevokeShareLinkResult = Annotated[
    ShareLinkRevoked | ValidationError | NotFound,
    strawberry.union("RevokeShareLinkResult", description="What `revokeShareLink` answers."),
]
