"""Accounts: what lets a person sign in, and what they may do then."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What an account may do beyond its own affairs."""

    LISTENER = "LISTENER"
    CURATOR = "CURATOR"
    ADMIN = "ADMIN"


class MailTokenPurpose(StrEnum):
    """What following the link in a mail does."""

    VERIFY_SIGN_UP = "VERIFY_SIGN_UP"
    CHANGE_EMAIL = "CHANGE_EMAIL"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105  a purpose, not a password


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """A row of `accounts`, without the secret of its second factor.

    `password_hash` is None for an account that signs in by other means. Access tokens issued
    before `signed_out_at` are void.
    """

    user_id: UUID
    email: str | None
    password_hash: str | None = field(repr=False)
    role: Role
    demo: bool
    disabled_at: datetime | None
    signed_out_at: datetime | None
    password_changed_at: datetime | None
    totp_confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account as administrators see it."""

    handle: str
    email: str | None
    role: Role
    created_at: datetime
    disabled_at: datetime | None
    totp_confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PendingSignUp:
    """A row of `pending_sign_ups`: a person to be, once the address is confirmed."""

    id: UUID
    email: str
    handle: str
    display_name: str
    password_hash: str = field(repr=False)
