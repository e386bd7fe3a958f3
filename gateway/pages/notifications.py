"""The page on which people say how they want to be told."""

from collections.abc import Mapping

from starlette.responses import Response

from datasources.loaders.notifications import PreferencesOfUser
from datasources.records.notifications import NotificationKind, NotificationPreference
from gateway.pages.endpoint import Page
from gateway.pages.visit import Visit
from resolvers.notifications import set_preferences

_HOME = "/account/notifications"

_WORDS: Mapping[NotificationKind, str] = {
    NotificationKind.NEW_FOLLOWER: "Somebody follows you",
    NotificationKind.INVITATION: "Somebody asks you to work on a playlist",
    NotificationKind.PLAYLIST_SHARED: "A playlist is shared between you and somebody",
    NotificationKind.NEW_DEVICE: "A sign-in from a device that was not seen before",
}


async def _show(visit: Visit) -> Response:
    preferences = await visit.context.loaders.of(PreferencesOfUser).load(visit.me) or ()
    shown = [(one, _WORDS[one.kind]) for one in preferences]
    return visit.page("notifications.html", preferences=shown)


async def _save(visit: Visit) -> Response:
    form = await visit.form()
    chosen = [
        NotificationPreference(
            kind, in_app=bool(form[f"{kind}-app"]), email_digest=bool(form[f"{kind}-mail"])
        )
        for kind in NotificationKind
    ]
    await set_preferences(visit.context, chosen)
    return visit.go(_HOME, notice="notifications-saved")


PAGES = (Page(_HOME, _show, _save, signed_in=True),)
