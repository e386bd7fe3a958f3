"""The page of what happened to one's account."""

from collections.abc import Mapping

from starlette.responses import Response

from auth.devices import device_of
from datasources.records.audit import AuditRecord, AuditResult
from gateway.pages.endpoint import Page
from gateway.pages.visit import Visit
from resolvers.audit_log import security_events

_HOME = "/account/activity"
_PER_PAGE = 20

_WORDS: Mapping[str, str] = {
    "signIn": "Signed in",
    "signInFailed": "Sign-in",
    "signOut": "A session was ended",
    "signOutEverywhere": "Signed out everywhere",
    "signUp": "Signed up",
    "verifyEmail": "The e-mail address was confirmed",
    "requestPasswordReset": "A link to reset the password was asked for",
    "resetPassword": "The password was reset by a link",
    "changePassword": "The password was changed",
    "changeEmail requested": "Another e-mail address was asked for",
    "changeEmail confirmed": "The e-mail address was changed",
    "enrolTotp": "Setting up a second factor was begun",
    "confirmTotp": "The second factor was turned on",
    "disableTotp": "The second factor was turned off",
    "replaceRecoveryCodes": "New recovery codes were made",
    "addPasskey": "A passkey was added",
    "renamePasskey": "A passkey was renamed",
    "removePasskey": "A passkey was removed",
    "linkIdentity": "The account was linked to one elsewhere",
    "unlinkIdentity": "The account was unlinked from one elsewhere",
    "refreshTokenReused": "A spent token was used again, and its session ended",
    "authorizeApp": "An app was let in",
    "withdrawConsent": "What an app may do was taken back",
    "revokeToken": "An app signed itself out",
    "authorizationCodeReused": "An app's code was used again, and its access ended",
    "registerApp": "An app was registered",
    "updateApp": "An app was changed",
    "rotateAppSecret": "An app got another secret",
    "deleteApp": "An app was deleted",
    "disableApp": "An app was disabled",
    "enableApp": "An app was enabled again",
    "deleteAccount": "The account was deleted",
    "exportMyData asked": "An export of the data was asked for",
    "exportMyData sent": "The data was exported",
    "changeRole": "The role of the account was changed",
    "disableAccount": "The account was closed",
    "enableAccount": "The account was opened again",
    "denied": "Something was refused",
}
_BADGES: Mapping[AuditResult, str] = {
    AuditResult.FAILED: "failed",
    AuditResult.DENIED: "refused",
}


async def _show(visit: Visit) -> Response:
    after = visit.query("after") or None
    page = await security_events(visit.context, _PER_PAGE, after)
    return visit.page(
        "activity.html",
        events=[_event(entry) for entry in page.nodes],
        older=page.end_cursor if page.has_next else None,
        first=after is None,
    )


def _event(entry: AuditRecord) -> Mapping[str, object]:
    """Return what is shown of an entry. What others did says not from where."""
    step = f"{entry.action} {entry.details.get('step', '')}".strip()
    return {
        "words": _WORDS.get(step) or _WORDS.get(entry.action, entry.action),
        "badge": _BADGES.get(entry.result),
        "at": entry.at,
        "device": device_of(entry.user_agent) if entry.user_agent else "",
        "address": entry.address,
    }


PAGES = (Page(_HOME, _show, signed_in=True),)
