"""Apps of third parties, what people have consented to, and codes on their way to tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class AppAuthentication(StrEnum):
    """How an app shows at the token endpoint that it is the one it says."""

    SECRET = "SECRET"  # noqa: S105  a method, not a secret
    PRIVATE_KEY_JWT = "PRIVATE_KEY_JWT"
    NONE = "NONE"


class AppGrant(StrEnum):
    """The ways in which an app may get tokens; tokens for people are renewed in all of them."""

    AUTHORIZATION_CODE = "AUTHORIZATION_CODE"
    DEVICE_CODE = "DEVICE_CODE"
    CLIENT_CREDENTIALS = "CLIENT_CREDENTIALS"


@dataclass(frozen=True, slots=True)
class AppRecord:
    """A row of `apps`. Its id is what OAuth calls `client_id`.

    `owner_id` is None for one that the operator registered. Secrets are random: a plain hash is
    kept of each. The one before the last is good until `old_secret_until`.
    """

    id: UUID
    owner_id: UUID | None
    name: str
    website: str
    authentication: AppAuthentication
    grants: Sequence[str]
    redirect_uris: Sequence[str]
    scopes: Sequence[str]
    jwks: Mapping[str, Any] | None
    jwks_uri: str | None
    secret_hash: bytes | None = field(repr=False)
    old_secret_hash: bytes | None = field(repr=False)
    old_secret_until: datetime | None
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None

    @property
    def public(self) -> bool:
        """Whether it runs where nothing can be kept secret: on a phone, in a browser, on a TV."""
        return self.authentication is AppAuthentication.NONE


@dataclass(frozen=True, slots=True)
class AuthorizedApp:
    """An app that a person lets act for them, and in what."""

    app_id: UUID
    name: str
    website: str
    scopes: Sequence[str]
    granted_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """A row of `authorization_codes`: what a person has agreed to, until the app fetches it.

    `family_id` is that of the tokens that it becomes, chosen before there are any: so a code that
    comes twice ends them, whichever request is first.
    """

    hash: bytes = field(repr=False)
    app_id: UUID
    user_id: UUID
    family_id: UUID
    redirect_uri: str
    scopes: Sequence[str]
    challenge: str
    nonce: str | None
    authenticated_at: datetime
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A row of `device_codes`: a device that waits until somebody lets it in elsewhere.

    `address` and `device` say where it asked from. `approved` is None until a person decided.
    """

    hash: bytes = field(repr=False)
    user_code: str
    app_id: UUID
    scopes: Sequence[str]
    address: str
    device: str
    created_at: datetime
    expires_at: datetime
    interval_s: int
    polled_at: datetime | None
    approved: bool | None
    user_id: UUID | None
    authenticated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Holder:
    """A person whose tokens an app is about to get, as their account is now."""

    user_id: UUID
    demo: bool
    disabled_at: datetime | None
    signed_out_at: datetime | None
