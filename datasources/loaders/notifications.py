"""Loaders of notifications, of what hangs on them, and of how people want to be told."""

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.sources import from_postgres, pages_from_postgres
from datasources.loaders.viewers import seen_from_postgres
from datasources.postgres import notification_preferences, notifications
from datasources.postgres.collaboration import fetch_invitations_to
from datasources.postgres.library_lists import fetch_readable_playlists

NotificationsOfUser = PagedBatch(
    "NotificationsOfUser",
    pages_from_postgres(notifications.fetch_notifications_of_users),
    keyset=notifications.INBOX,
    total=Batch(
        "NotificationCountOfUser",
        from_postgres(notifications.count_notifications_of_users),
        missing=0,
    ),
)
UnreadCountOfUser = Batch(
    "UnreadCountOfUser", from_postgres(notifications.count_unread_of_users), missing=0
)
NotificationAt = Batch("NotificationAt", from_postgres(notifications.fetch_notifications_at))
"""Notifications by person and place; one that is not to be shown is None."""

PreferencesOfUser = Batch(
    "PreferencesOfUser", from_postgres(notification_preferences.fetch_preferences), missing=()
)
ReadablePlaylistById = Batch("ReadablePlaylistById", seen_from_postgres(fetch_readable_playlists))
"""Playlists that the viewer reads; keys are (playlist, viewer)."""

InvitationTo = Batch("InvitationTo", seen_from_postgres(fetch_invitations_to))
"""Open invitations of the viewer; keys are (playlist, viewer)."""
