"""Inputs of notifications."""

import strawberry

from datasources.records.notifications import NotificationKind


@strawberry.input(description="What was read: `ids` or `through`, one of the two.")
class MarkNotificationsReadInput:
    """Some, or all as far as a place."""

    ids: list[strawberry.ID] | None = strawberry.field(
        description="1 to 100 notifications.", default=None
    )
    through: str | None = strawberry.field(
        description="The cursor of one: it, and all that are older.", default=None
    )


@strawberry.input(description="How to be told from now on; what is left out stays as it is.")
class SetNotificationPreferenceInput:
    """A preference."""

    kind: NotificationKind = strawberry.field(description="What it is about.")
    in_app: bool | None = strawberry.field(
        description="Whether it comes into the inbox.", default=None
    )
    email_digest: bool | None = strawberry.field(
        description="Whether the daily mail tells of it while it is unread.", default=None
    )
