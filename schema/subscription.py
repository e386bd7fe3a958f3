"""The root of all live updates."""

from collections.abc import AsyncIterator
from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.types import Info

from resolvers.context import RequestContext
from resolvers.now_playing import Update, now_playing_updates
from schema.permissions import LISTENS
from schema.types.live import NowPlayingUpdate


async def _now_playing(
    info: Info[RequestContext, None],
    user_ids: Annotated[
        list[strawberry.ID],
        strawberry.argument(description="Whose listening to follow: 1 to 100 people."),
    ],
) -> AsyncIterator[Update]:
    """Follow what people play."""
    return await now_playing_updates(info.context, user_ids)


@strawberry.type(
    description="Live updates. Rights are decided again all the time: what is withdrawn ends."
)
class Subscription:
    """All subscriptions."""

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
