"""Mutations of notifications."""

from typing import Annotated

import strawberry
from strawberry.types import Info

from resolvers import notifications
from resolvers.context import RequestContext
from schema.commands import command
from schema.idempotency import Once
from schema.inputs.notifications import (
    MarkNotificationsReadInput,
    SetNotificationPreferenceInput,
)
from schema.payloads.notifications import MarkNotificationsReadResult, NotificationPreferenceSet
from schema.permissions import ACCOUNT


@strawberry.type
class NotificationMutations:
    """What the viewer does with their notifications."""

    @command(
        "Mark notifications as read; again changes nothing, and what is not there is passed over.",
        access=ACCOUNT,
        result=MarkNotificationsReadResult,
        once=Once.HONOURED,
    )
    async def mark_notifications_read(
        self,
        info: Info[RequestContext, None],
        input: Annotated[  # noqa: A002  the graph's name
            MarkNotificationsReadInput, strawberry.argument(description="What was read.")
        ],
    ) -> notifications.NotificationsRead:
        """Mark notifications as read."""
        return await notifications.mark_notifications_read(info.context, input.ids, input.through)

    @command(
        "Say how the viewer wants to be told of what is of a kind.",
        access=ACCOUNT,
        result=NotificationPreferenceSet,
        once=Once.HONOURED,
    )
    async def set_notification_preference(
        self,
        info: Info[RequestContext, None],
        input: Annotated[  # noqa: A002  the graph's name
            SetNotificationPreferenceInput, strawberry.argument(description="The preference.")
        ],
    ) -> notifications.NotificationPreferenceSet:
        """Set a preference."""
        return await notifications.set_notification_preference(
            info.context, input.kind, in_app=input.in_app, email_digest=input.email_digest
        )
