"""The root of all live updates."""

from collections.abc import AsyncIterator
from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.types import Info

from datasources.records.changes import ChangeRecord
from datasources.records.notifications import NotificationRecord
from resolvers.context import RequestContext
from resolvers.event_stream import Told
from resolvers.live import Lag
from resolvers.notified import notifications
from resolvers.now_playing import Update, now_playing_updates
from resolvers.playlist_changed import playlist_changes
from schema.permissions import ACCOUNT, LISTENS, PLAYLISTS
from schema.types.live import NowPlayingUpdate
from schema.types.notification_received import NotificationUpdate
from schema.types.playlist_changed import PlaylistChangedUpdate


async def _now_playing(
    info: Info[RequestContext, None],
    user_ids: Annotated[
        list[strawberry.ID],
        strawberry.argument(description="Whose listening to follow: 1 to 100 people."),
    ],
) -> AsyncIterator[Update]:
    """Follow what people play."""
    return await now_playing_updates(info.context, user_ids)


async def _playlist_changed(
    info: Info[RequestContext, None],
    id: Annotated[strawberry.ID, strawberry.argument(description="Which playlist.")],  # noqa: A002  the argument's name
    after: Annotated[
        str | None,
        strawberry.argument(
            description="Where to go on: the `cursor` of the last event, or the playlist's version."
        ),
    ] = None,
) -> AsyncIterator[Told[ChangeRecord] | Lag]:
    """Follow the changes of a playlist."""
    return await playlist_changes(info.context, id, after)


async def _notifications(
    info: Info[RequestContext, None],
    after: Annotated[
        str | None,
        strawberry.argument(
            description="Where to go on: the `cursor` of the last event, or of the inbox."
        ),
    ] = None,
) -> AsyncIterator[Told[NotificationRecord] | Lag]:
    """Follow what the viewer is told."""
    return await notifications(info.context, after)


@strawberry.type(
    description="Live updates. Rights are decided again all the time: what is withdrawn ends."
)
class Subscription:
    """All subscriptions."""

    playlist_changed = federation.field(
        resolver=_playlist_changed,
        is_subscription=True,
        graphql_type=PlaylistChangedUpdate,
        directives=PLAYLISTS.directives,
        description=(
            "The changes to the items of a playlist, each once and in order: those behind `after`,"
            " and then each as it is made. Without `after`, from now on."
        ),
    )
    now_playing = federation.field(
        resolver=_now_playing,
        is_subscription=True,
        graphql_type=NowPlayingUpdate,
        directives=LISTENS.directives,
        description=(
            "What people play: first what they play now, then each change, the latest of each"
            " person. Whose listening is not shown to the viewer plays nothing."
        ),
    )
    notifications = federation.field(
        resolver=_notifications,
        is_subscription=True,
        graphql_type=NotificationUpdate,
        directives=ACCOUNT.directives,
        description=(
            "What the viewer is told, each once and in order: what is in the inbox behind `after`,"
            " and then what comes. Without `after`, from now on."
        ),
    )
