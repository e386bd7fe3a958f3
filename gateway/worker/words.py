"""What mails say: our own words, so that nobody writes through us.

All that others chose in them are handles, which have no room for a sentence or a link with its
scheme, and the address that the mail goes to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from datasources.records.mail import MailTemplate


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one mail; `button` names its link, which lives for {lifetime}."""

    subject: str
    paragraphs: tuple[str, ...]
    button: str = ""


NOT_YOU = (
    "If this was not you, somebody else may be in your account: choose a new password at once,"
    " which ends all other sessions, and look at what has happened lately."
)
_NOTHING_TO_DO = "If you did not ask for this, there is nothing to do: nothing has changed."

WORDS: Mapping[MailTemplate, Words] = {
    MailTemplate.VERIFY_SIGN_UP: Words(
        "Confirm your e-mail address",
        (
            (
                "Welcome to Polyphony. Confirm that {email} is your address, and your account"
                " @{handle} is ready. You are asked for the password that you chose."
            ),
            "The link works for {lifetime}.",
            (
                "If you did not sign up, or not with this handle, there is nothing to do: without"
                " you no account comes of it."
            ),
        ),
        "Confirm the address",
    ),
    MailTemplate.RESET_PASSWORD: Words(
        "Reset your password",
        (
            "Somebody, hopefully you, asked for a new password for your account at Polyphony.",
            "The link works for {lifetime}, and once.",
            _NOTHING_TO_DO,
        ),
        "Choose a new password",
    ),
    MailTemplate.CHANGE_EMAIL: Words(
        "Confirm your new e-mail address",
        (
            (
                "This address is to become the one of an account at Polyphony. Confirm that it is"
                " yours."
            ),
            "The link works for {lifetime}.",
            _NOTHING_TO_DO,
        ),
        "Confirm the address",
    ),
    MailTemplate.EMAIL_CHANGED: Words(
        "Your e-mail address was changed",
        (
            (
                "Your account at Polyphony has another e-mail address now. Mails go there from now"
                " on, this is the last one to this address."
            ),
            "If this was not you, answer whoever runs this service at once.",
        ),
    ),
    MailTemplate.PASSWORD_CHANGED: Words(
        "Your password was changed",
        ("The password of your account at Polyphony was changed.", NOT_YOU),
        "Look at your account",
    ),
    MailTemplate.SECOND_FACTOR_CHANGED: Words(
        "Your second factor was changed",
        ("This has happened in your account at Polyphony: {change}", NOT_YOU),
        "Look at your account",
    ),
    MailTemplate.PASSKEY_ADDED: Words(
        "A passkey was added",
        ("A passkey was added to your account at Polyphony: it can sign in with it.", NOT_YOU),
        "Look at your account",
    ),
    MailTemplate.IDENTITY_LINKED: Words(
        "Your account was linked",
        (
            (
                "Your account at Polyphony is linked to one at {change}: signing in there signs in"
                " here from now on."
            ),
            NOT_YOU,
        ),
        "Look at your account",
    ),
    MailTemplate.IDENTITY_UNLINKED: Words(
        "Your account was unlinked",
        (
            (
                "Your account at Polyphony is not linked to one at {change} any more: signing in"
                " there does not sign in here."
            ),
            NOT_YOU,
        ),
        "Look at your account",
    ),
    MailTemplate.TOKEN_REUSED: Words(
        "One of your sessions was ended",
        (
            (
                "A key that keeps an app signed in to your account at Polyphony was used twice. It"
                " may have been copied, so that session was ended; sign in there again."
            ),
            "If it happens again, change your password, which ends all sessions.",
        ),
        "Look at your account",
    ),
    MailTemplate.NOTIFICATION_DIGEST: Words(
        "What is new for you",
        (
            "This has happened at Polyphony, and you have not read it yet.",
            (
                "You get this mail because you asked for it, once a day at most. To get no more of"
                " them, say so where you say how you want to be told."
            ),
        ),
        "How you are told",
    ),
    MailTemplate.API_KEY_CHANGED: Words(
        "Your API keys were changed",
        (
            "This has happened in your account at Polyphony: {change}",
            (
                "If this was not you, somebody else may be in your account: revoke the key, and"
                " choose a new password at once, which ends all other sessions."
            ),
        ),
        "Look at your account",
    ),
    MailTemplate.API_KEY_REPORTED: Words(
        "One of your API keys was found, and ended",
        (
            (
                "Somebody found the text of one of your API keys at Polyphony, where it should not"
                " be, and reported it. It begins with {change}, and is good for nothing any more."
            ),
            (
                "Make another one for what used it, and look at where it may have been read: code"
                " that is public, a log, a page."
            ),
        ),
        "Look at your account",
    ),
    MailTemplate.APP_CHANGED: Words(
        "An app of yours was changed",
        ("This has happened in your account at Polyphony: {change}", NOT_YOU),
        "Look at your account",
    ),
    MailTemplate.APP_AUTHORIZED: Words(
        "An app may use your account",
        (
            (
                "You, or somebody who is in your account at Polyphony, let an app of somebody else"
                " act for you. Your account shows which one, and what it may do."
            ),
            "Take it back there whenever you like: the app is out within seconds.",
            NOT_YOU,
        ),
        "Look at your account",
    ),
    MailTemplate.ACCOUNT_DELETED: Words(
        "Your account was deleted",
        (
            (
                "Your account at Polyphony is closed. Your profile, your playlists and what you"
                " listened to are being removed."
            ),
            "This is the last mail from us. Goodbye.",
        ),
    ),
}

HAS_ACCOUNT = Words(
    "You have an account already",
    (
        (
            "Somebody, hopefully you, wanted to use this address for an account at Polyphony. It"
            " has one already: sign in with your password, or reset it where you sign in."
        ),
        _NOTHING_TO_DO,
    ),
    "Sign in",
)
"""In place of `VERIFY_SIGN_UP`, for an address that has an account."""


def said(lifetime: timedelta) -> str:
    """Return a lifetime in words: "24 hours", "1 hour", "90 minutes"."""
    minutes = max(1, round(lifetime.total_seconds() / 60))
    count, unit = (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
