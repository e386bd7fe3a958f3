"""Mails: which there are, and the tokens that their links carry."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class MailTemplate(StrEnum):
    """The occasions of mails. Behind each stands what its job says; the sender looks up the rest.

    `VERIFY_SIGN_UP` goes to an address that has an account already in other words,
    `RESET_PASSWORD` to one that has none not at all.
    """

    VERIFY_SIGN_UP = "VERIFY_SIGN_UP"  # sign_up_id
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105  email; an occasion, not a password
    CHANGE_EMAIL = "CHANGE_EMAIL"  # user_id, email: the new one
    EMAIL_CHANGED = "EMAIL_CHANGED"  # email: the old one
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105  user_id; an occasion, not a password
    SECOND_FACTOR_CHANGED = "SECOND_FACTOR_CHANGED"  # user_id, change: what happened, in words
    PASSKEY_ADDED = "PASSKEY_ADDED"  # user_id
    IDENTITY_LINKED = "IDENTITY_LINKED"  # user_id, change: at which provider
    IDENTITY_UNLINKED = "IDENTITY_UNLINKED"  # user_id, change: at which provider
    TOKEN_REUSED = "TOKEN_REUSED"  # noqa: S105  user_id; an occasion, not a token
    API_KEY_CHANGED = "API_KEY_CHANGED"  # user_id, change: what happened, in words
    API_KEY_REPORTED = "API_KEY_REPORTED"  # user_id, change: how the key begins
    APP_CHANGED = "APP_CHANGED"  # user_id, change: what happened, in words
    APP_AUTHORIZED = "APP_AUTHORIZED"  # user_id
    ACCOUNT_DELETED = "ACCOUNT_DELETED"  # email
    NOTIFICATION_DIGEST = "NOTIFICATION_DIGEST"  # user_id, mailed_at: which notifications


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says: the same as text and as HTML. It may hold a link that lets people in."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MailTokenRecord:
    """What a token from a mail stands for.

    `subject_id` is a pending sign-up or a person; `email` the address that the mail went to.
    """

    subject_id: UUID
    email: str
