"""The root of all live updates."""

from collections.abc import AsyncIterator
from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.types import Info

from datasources.records.changes import ChangeRecord
from datasources.records.listening import ListenRecord
from datasources.records.notifications import NotificationRecord
from resolvers.context import RequestContext
from resolvers.event_stream import Heard
from resolvers.listen_added import listens_added
from resolvers.notified import notifications
from resolvers.now_playing import Update, now_playing_updates
from resolvers.playlist_changed import playlist_changes
from resolvers.presence import Update as PresenceUpdates
from resolvers.presence import presence
from resolvers.recommendations_refreshed import RefreshedTold, recommendations_refreshed
from schema.permissions import ACCOUNT, LISTENS, PLAYLISTS, RECOMMENDATIONS
from schema.types.listen_added import ListenAddedUpdate
from schema.types.live import NowPlayingUpdate
from schema.types.notification_received import NotificationUpdate
from schema.types.playlist_changed import PlaylistChangedUpdate
from schema.types.presence import PresenceUpdate
from schema.types.recommendations_refreshed import RecommendationsRefreshedUpdate


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
) -> AsyncIterator[Heard[ChangeRecord]]:
    """Follow the changes of a playlist."""
    return await playlist_changes(info.context, id, after)


async def _notifications(
    info: Info[RequestContext, None],
    after: Annotated[
        str | None,
        strawberry.argument(
            description=(
                "Where to go on: the `cursor` of the last event, or of the inbox; `0` where that is"
                " empty."
            )
        ),
    ] = None,
) -> AsyncIterator[Heard[NotificationRecord]]:
    """Follow what the viewer is told."""
    return await notifications(info.context, after)


async def _listen_added(
    info: Info[RequestContext, None],
    user_id: Annotated[
        strawberry.ID, strawberry.argument(description="Whose listening to follow.")
    ],
    after: Annotated[
        str | None,
        strawberry.argument(description="Where to go on: the `cursor` of the last event."),
    ] = None,
) -> AsyncIterator[Heard[ListenRecord]]:
    """Follow a person's plays."""
    return await listens_added(info.context, user_id, after)


async def _recommendations_refreshed(
    info: Info[RequestContext, None],
    after: Annotated[
        str | None,
        strawberry.argument(description="Where to go on: the `cursor` of the last event."),
    ] = None,
) -> AsyncIterator[RefreshedTold]:
    """Follow the viewer's recommendations."""
    return await recommendations_refreshed(info.context, after)


async def _presence(
    info: Info[RequestContext, None],
    playlist_id: Annotated[strawberry.ID, strawberry.argument(description="Which playlist.")],
) -> AsyncIterator[PresenceUpdates]:
    """Look at a playlist, and see who does."""
    return await presence(info.context, playlist_id)


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
    listen_added = federation.field(
        resolver=_listen_added,
        is_subscription=True,
        graphql_type=ListenAddedUpdate,
        directives=LISTENS.directives,
        description=(
            "The plays of a person that count, each as it is submitted: those behind `after`, and"
            " then what comes. Without `after`, from now on."
        ),
    )
    recommendations_refreshed = federation.field(
        resolver=_recommendations_refreshed,
        is_subscription=True,
        graphql_type=RecommendationsRefreshedUpdate,
        directives=RECOMMENDATIONS.directives,
        description=(
            "That the viewer's recommendations are new; the latest wins. Without `after`, from now"
            " on."
        ),
    )
    presence = federation.field(
        resolver=_presence,
        is_subscription=True,
        graphql_type=PresenceUpdate,
        directives=PLAYLISTS.directives,
        description=(
            "Who looks at a playlist, now and whenever that changes. Whoever follows it looks, as"
            " long as their connection stands."
        ),
    )
