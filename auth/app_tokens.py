"""Tokens for apps of third parties: access tokens with what was consented to, and ID tokens."""

import base64
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from auth import jwt
from auth.identity import Identity
from auth.keyring import ALGORITHM
from auth.tokens import signed_access_token
from datasources.records.accounts import Role

ID_TOKEN = "JWT"  # noqa: S105  a type, no secret
"""`typ` of an ID token: it is never taken for an access token."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person lets an app do. Its tokens make a family, which ends as a whole."""

    app_id: UUID
    user_id: UUID
    family_id: UUID
    scopes: Collection[str]
    authenticated_at: datetime
    nonce: str | None = field(default=None, repr=False)


async def app_access_token(identity: Identity, grant: Grant, now: datetime) -> str:
    """Return a new access token with which an app acts for a person.

    Raises:
        StoreUnavailable, StoreTimeout: no key is known yet, and the store did not answer.
    """
    claims = {
        "sub": str(grant.user_id),
        "client_id": str(grant.app_id),
        "sid": str(grant.family_id),
        # Nobody acts with more than their own rights through an app, whatever their role is.
        "roles": [Role.LISTENER.value],
        "scope": scope_text(grant.scopes),
        "auth_time": int(grant.authenticated_at.timestamp()),
    }
    return await signed_access_token(identity, claims, now)


async def own_access_token(
    identity: Identity, app_id: UUID, scopes: Collection[str], now: datetime
) -> str:
    """Return a new access token with which an app acts for itself; it ends with the app.

    Raises:
        StoreUnavailable, StoreTimeout: no key is known yet, and the store did not answer.
    """
    claims = {
        "sub": str(app_id),
        "client_id": str(app_id),
        "sid": str(app_id),
        "scope": scope_text(scopes),
    }
    return await signed_access_token(identity, claims, now)


async def id_token(identity: Identity, grant: Grant, access_token: str, now: datetime) -> str:
    """Return what tells an app who has signed in (OpenID Connect Core, 2).

    Raises:
        StoreUnavailable, StoreTimeout: no key is known yet, and the store did not answer.
    """
    signer = await identity.keys.signer(now)
    issued_at = int(now.timestamp())
    claims: dict[str, object] = {
        "iss": identity.issuer,
        "sub": str(grant.user_id),
        "aud": str(grant.app_id),
        "iat": issued_at,
        "exp": issued_at + identity.settings.access_token_s,
        "auth_time": int(grant.authenticated_at.timestamp()),
        "at_hash": _half_hash(access_token),
    }
    if grant.nonce is not None:
        claims["nonce"] = grant.nonce
    return jwt.sign(claims, signer.key, signer.kid, ALGORITHM, ID_TOKEN)


def scope_text(scopes: Collection[str]) -> str:
    """Return scopes as OAuth writes them: sorted, with a space between them."""
    return " ".join(sorted(scopes))


def _half_hash(token: str) -> str:
    digest = sha256(token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
