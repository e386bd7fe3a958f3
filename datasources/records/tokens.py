"""Refresh tokens and the keys that sign access tokens, without their secrets in the clear."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from datasources.records.accounts import Role


@dataclass(frozen=True, slots=True)
class RefreshRecord:
    """A refresh token that was sent, its family, and the account as it is now.

    `used_at` is None until it is exchanged for the next one. `scopes` are what an app may do; None
    for a sign-in of the person's own.
    """

    family_id: UUID
    user_id: UUID
    expires_at: datetime
    used_at: datetime | None
    family_created_at: datetime
    family_expires_at: datetime
    revoked_at: datetime | None
    role: Role
    demo: bool
    disabled_at: datetime | None
    scopes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class SigningKeyRecord:
    """A row of `signing_keys`: published from the start, signing from `active_from`.

    It verifies until `expires_at`; None says that no other is to follow yet.
    """

    kid: str
    algorithm: str
    public_jwk: Mapping[str, str]
    private_sealed: bytes = field(repr=False)
    created_at: datetime
    active_from: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RevokedRecord:
    """What was revoked of late: families of tokens, and people and apps with the moment of it.

    Apps that are disabled or deleted are among the families, by their ids. Of those that were
    disabled the moment says which of their own tokens, which have no family, are void.
    """

    families: frozenset[UUID]
    since: Mapping[UUID, datetime]
