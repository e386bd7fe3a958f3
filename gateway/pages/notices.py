"""What a page says about what was just done: codes in the address, their words only here."""

NOTICES = {
    "signed-out": "You are signed out.",
    "signed-out-everywhere": "You are signed out on all devices.",
    "session-ended": "Your session has ended. Sign in again.",
    "sign-in-again": "To go on, sign in again: it has been a while.",
    "took-too-long": "That took too long. Sign in again.",
    "address-confirmed": "Your e-mail address is confirmed. You can sign in now.",
    "email-changed": "Your e-mail address is changed.",
    "password-reset": "Your new password is set, and all other sessions have ended. Sign in.",
    "password-changed": "Your password is changed. All other sessions have ended.",
    "profile-saved": "Your profile is saved.",
    "notifications-saved": "It is saved how you want to be told.",
    "second-factor-off": "The second factor is off.",
    "passkey-added": "The passkey is added.",
    "passkey-renamed": "The passkey has its new name.",
    "passkey-removed": "The passkey is removed. Delete it from your device, too.",
    "not-signed-in": "You are not signed in: the other side did not go on.",
    "identity-linked": "Your account is linked. You can sign in there from now on.",
    "identity-unlinked": "Your account is not linked there any more.",
    "consent-withdrawn": "The app may do nothing for you any more.",
    "key-revoked": "The key is revoked. Within seconds no server takes it.",
    "app-saved": "What is said of the app is saved.",
    "app-deleted": "The app is deleted, and all of its tokens are void.",
    "session-gone": "The session is ended.",
}


def notice(code: str | None) -> str | None:
    """Return the words of a code, or None: text from an address is never shown."""
    return NOTICES.get(code or "")
