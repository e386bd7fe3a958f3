"""The events of `notifications`."""

from typing import Annotated

import strawberry

from datasources.loaders.notifications import UnreadCountOfUser
from resolvers.notified import NotificationTold
from schema.scalars import BigInt
from schema.types.live import Lagged
from schema.types.notification import Notification
from schema.views import attribute, loaded, view


@view(NotificationTold, told_apart=True, description="The viewer is told something.")
class NotificationReceived:
    """A view over `NotificationTold`."""

    cursor: str = attribute("Give it as `after` to go on behind this event.")
    seq: BigInt = attribute("Its number in the inbox; some numbers are never told.")
    notification: Notification = attribute("What it is.", of="value")
    unread_count: int | None = loaded(
        UnreadCountOfUser, key="user_id", description="How many the viewer has not read."
    )


NotificationUpdate = Annotated[
    NotificationReceived | Lagged,
    strawberry.union(
        "NotificationUpdate",
        description="What `notifications` tells: something new, or that some may be missing.",
    ),
]
