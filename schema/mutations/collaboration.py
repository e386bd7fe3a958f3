"""Mutations of working together on playlists."""

from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from resolvers import collaboration, share_links
from resolvers.context import RequestContext
from schema.commands import command
from schema.idempotency import Once
from schema.inputs.collaboration import (
    CreateShareLinkInput,
    InviteCollaboratorInput,
    SetCollaboratorRoleInput,
)
from schema.payloads.collaboration import (
    AcceptInvitationResult,
    CreateShareLinkResult,
    DeclineInvitationResult,
    InviteCollaboratorResult,
    LeavePlaylistResult,
    RedeemShareLinkResult,
    RemoveCollaboratorResult,
    RevokeShareLinkResult,
    SetCollaboratorRoleResult,
    TransferPlaylistResult,
)
from schema.permissions import PLAYLISTS_WRITE

Context = Info[RequestContext, None]


def _argument(description: str) -> Any:
    return strawberry.argument(description=description)


Own = Annotated[strawberry.ID, _argument("A playlist of the viewer's.")]
Invited = Annotated[strawberry.ID, _argument("The playlist that the invitation is to.")]


@strawberry.type
class CollaborationMutations:
    """Who works on a playlist."""

    @command(
        "Ask somebody to work on a playlist of the viewer's; again changes the role they may take.",
        access=PLAYLISTS_WRITE,
        result=InviteCollaboratorResult,
        once=Once.HONOURED,
    )
    async def invite_collaborator(
        self,
        info: Context,
        input: Annotated[InviteCollaboratorInput, _argument("Whom, and for what.")],  # noqa: A002  the graph's name
    ) -> collaboration.CollaboratorInvited:
        """Invite a person."""
        return await collaboration.invite_collaborator(
            info.context, input.playlist_id, input.user_id, input.role
        )

    @command(
        "Work on a playlist that the viewer was asked to work on.",
        access=PLAYLISTS_WRITE,
        result=AcceptInvitationResult,
        once=Once.HONOURED,
    )
    async def accept_invitation(
        self, info: Context, playlist_id: Invited
    ) -> collaboration.InvitationAccepted:
        """Accept an invitation."""
        return await collaboration.accept_invitation(info.context, playlist_id)

    @command(
        "Do not work on a playlist that the viewer was asked to work on.",
        access=PLAYLISTS_WRITE,
        result=DeclineInvitationResult,
        once=Once.HONOURED,
    )
    async def decline_invitation(
        self, info: Context, playlist_id: Invited
    ) -> collaboration.InvitationDeclined:
        """Decline an invitation."""
        return await collaboration.decline_invitation(info.context, playlist_id)

    @command(
        "Let a collaborator do more, or less, from now on.",
        access=PLAYLISTS_WRITE,
        result=SetCollaboratorRoleResult,
        once=Once.HONOURED,
    )
    async def set_collaborator_role(
        self,
        info: Context,
        input: Annotated[SetCollaboratorRoleInput, _argument("Who, and what.")],  # noqa: A002  the graph's name
    ) -> collaboration.CollaboratorRoleSet:
        """Set a role."""
        return await collaboration.set_collaborator_role(
            info.context, input.playlist_id, input.user_id, input.role
        )

    @command(
        "End somebody's part in a playlist of the viewer's at once, or take back an invitation.",
        access=PLAYLISTS_WRITE,
        result=RemoveCollaboratorResult,
        once=Once.HONOURED,
    )
    async def remove_collaborator(
        self,
        info: Context,
        playlist_id: Own,
        user_id: Annotated[strawberry.ID, _argument("Who.")],
    ) -> collaboration.CollaboratorRemoved:
        """Remove a collaborator."""
        return await collaboration.remove_collaborator(info.context, playlist_id, user_id)

    @command(
        "End the viewer's part in a playlist of somebody else's.",
        access=PLAYLISTS_WRITE,
        result=LeavePlaylistResult,
        once=Once.HONOURED,
    )
    async def leave_playlist(
        self,
        info: Context,
        playlist_id: Annotated[strawberry.ID, _argument("Which playlist.")],
    ) -> collaboration.PlaylistLeft:
        """Leave a playlist."""
        return await collaboration.leave_playlist(info.context, playlist_id)

    @command(
        "Give a playlist of the viewer's to one of its collaborators; the viewer stays an editor.",
        access=PLAYLISTS_WRITE,
        result=TransferPlaylistResult,
        once=Once.HONOURED,
    )
    async def transfer_playlist(
        self,
        info: Context,
        playlist_id: Own,
        user_id: Annotated[strawberry.ID, _argument("Whose it is to be.")],
    ) -> collaboration.PlaylistTransferred:
        """Transfer a playlist."""
        return await collaboration.transfer_playlist(info.context, playlist_id, user_id)

    @command(
        "Make a link with which others may work on a playlist of the viewer's. Its secret is shown"
        " once: `Idempotency-Key` is refused.",
        access=PLAYLISTS_WRITE,
        result=CreateShareLinkResult,
        once=Once.REFUSED,
    )
    async def create_share_link(
        self,
        info: Context,
        input: Annotated[CreateShareLinkInput, _argument("What for, and how long.")],  # noqa: A002  the graph's name
    ) -> share_links.ShareLinkCreated:
        """Make a link."""
        return await share_links.create_share_link(info.context, input.playlist_id, input.new())

    @command(
        "Work on the playlist that a link is for. Where the viewer may do as much already, the link"
        " is not used.",
        access=PLAYLISTS_WRITE,
        result=RedeemShareLinkResult,
        once=Once.HONOURED,
    )
    async def redeem_share_link(
        self,
        info: Context,
        token: Annotated[str, _argument("The secret of the link.")],
    ) -> share_links.ShareLinkRedeemed:
        """Redeem a link."""
        return await share_links.redeem_share_link(info.context, token)

    @command(
        "Withdraw a link to a playlist of the viewer's; who came by it stays.",
        access=PLAYLISTS_WRITE,
        result=RevokeShareLinkResult,
        once=Once.HONOURED,
    )
    async def revoke_share_link(
        self,
        info: Context,
        share_link_id: Annotated[
            strawberry.ID, _argument("Which, as `Playlist.shareLinks` lists them.")
        ],
    ) -> share_links.ShareLinkRevoked:
        """Revoke a link."""
        return await share_links.revoke_share_link(info.context, share_link_id)
