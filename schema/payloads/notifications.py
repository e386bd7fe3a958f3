"""Results of reading notifications, and of saying how one wants to be told."""

from typing import Annotated

import strawberry

from datasources.loaders.notifications import PreferencesOfUser, UnreadCountOfUser
from resolvers import notifications
from schema.payloads.errors import ValidationError
from schema.types.notification import NotificationPreference
from schema.views import attribute, loaded, view


@view(
    notifications.NotificationsRead,
    told_apart=True,
    description="What the viewer has read now.",
)
class NotificationsRead:
    """A view over `NotificationsRead`."""

    changed: int = attribute("How many of them were unread before.")
    unread_count: int | None = loaded(
        UnreadCountOfUser, key="user_id", description="How many the viewer has not read."
    )


@view(
    notifications.NotificationPreferenceSet,
    told_apart=True,
    description="How the viewer is told from now on.",
)
class NotificationPreferenceSet:
    """A view over `NotificationPreferenceSet`."""

    preferences: list[NotificationPreference] | None = loaded(
        PreferencesOfUser, key="user_id", description="One for each kind."
    )


MarkNotificationsReadResult = Annotated[
    NotificationsRead | ValidationError,
    strawberry.union(
        "MarkNotificationsReadResult", description="What `markNotificationsRead` answers."
    ),
]
