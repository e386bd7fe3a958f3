"""What the viewer is told, and how they want to be told."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from datasources.loaders.notifications import (
    InvitationTo,
    ReadablePlaylistById,
    UnreadCountOfUser,
)
from datasources.loaders.relations import NOBODY
from datasources.loaders.users import SeenUserById
from datasources.records import notifications as records
from datasources.records.notifications import NotificationKind, NotificationRecord
from datasources.records.page import Page
from datasources.records.playlists import CollaboratorRole
from resolvers.context import RequestContext
from resolvers.ids import global_id
from resolvers.notifications import TYPE
from schema.pagination import PageInfo
from schema.permissions import PLAYLISTS
from schema.types.invitation import Invitation
from schema.views import attribute, computed, itself, loaded, total, view

if TYPE_CHECKING:
    from schema.types.playlist import Playlist
    from schema.types.user import User
else:
    User = Annotated["User", strawberry.lazy("schema.types.user")]
    Playlist = Annotated["Playlist", strawberry.lazy("schema.types.playlist")]


def _invited_to(notification: NotificationRecord, _: RequestContext) -> object:
    """Return the playlist of an invitation, None for what is no invitation."""
    invited = notification.kind is NotificationKind.INVITATION
    return notification.playlist_id if invited else None


def _owner(page: Page[NotificationRecord], _: RequestContext) -> object:
    """Return whose inbox a page is of; an empty one does not know."""
    return page.parent or NOBODY


@view(
    NotificationRecord,
    description=(
        "Something that happened and concerns the viewer. It names people and playlists as far as"
        " the viewer sees them now."
    ),
)
class Notification:
    """A row of the inbox."""

    id: strawberry.ID = computed(
        lambda one: global_id(TYPE, one.id), "Opaque id, for `markNotificationsRead`."
    )
    kind: NotificationKind = attribute("What has happened.")
    created_at: datetime = attribute("When it happened.")
    read_at: datetime | None = attribute("When the viewer read it; null is not yet.")
    actor: User | None = loaded(
        SeenUserById,
        key="actor_id",
        for_viewer=True,
        description="Who did it; null for a sign-in, and for whom the viewer does not see.",
    )
    playlist: Playlist | None = loaded(
        ReadablePlaylistById,
        key="playlist_id",
        for_viewer=True,
        access=PLAYLISTS,
        description="Which playlist it is about; null for none, and for one they may not read.",
    )
    invitation: Invitation | None = loaded(
        InvitationTo,
        key=_invited_to,
        for_viewer=True,
        access=PLAYLISTS,
        description="The invitation, while it is open: it names a private playlist, too.",
    )
    role: CollaboratorRole | None = attribute(
        "What the collaborator may do; null where the playlist was given to the viewer, and where"
        " it is not about one."
    )
    device: str | None = attribute("From where somebody signed in: browser or app, and its system.")
    address: str | None = attribute("The network address of a sign-in.")


@strawberry.type(description="A notification at its place in the inbox.")
class NotificationEdge:
    """A view over `datasources.records.page.Edge`."""

    cursor: str = attribute(
        "The opaque place: for `after` and `before`, for `markNotificationsRead`, and for `after`"
        " of the subscription."
    )
    node: Notification = attribute("The notification.")


@strawberry.type(description="A page of the inbox, the newest first.")
class NotificationConnection:
    """A view over `Page` of `NotificationRecord`."""

    edges: list[NotificationEdge] = attribute("The notifications with their places.")
    nodes: list[Notification] = attribute("The notifications alone, the newest first.")
    page_info: PageInfo = itself("Where this page stands in the inbox.")
    total_count: int | None = total("How many there are in all; counted when asked for.")
    unread_count: int | None = loaded(
        UnreadCountOfUser,
        key=_owner,
        description="How many in all the viewer has not read; counted when asked for.",
    )


@view(records.NotificationPreference, description="How the viewer is told of what is of one kind.")
class NotificationPreference:
    """A view over `NotificationPreference`."""

    kind: NotificationKind = attribute("What it is about.")
    in_app: bool = attribute("Whether it comes into the inbox. On by default.")
    email_digest: bool = attribute(
        "Whether a mail tells of it that comes once a day, while it is unread. Off by default."
    )
