"""Access tokens (RFC 9068) and refresh tokens: made, and read back as a principal."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from auth import jwt
from auth.identity import Identity
from auth.jwt import BadToken, Expected
from auth.keyring import ALGORITHM
from auth.principal import Principal, PrincipalKind, SessionKind, SessionRef
from auth.scopes import SCOPES_OF_ROLE
from datasources.ids import new_id
from datasources.postgres.client import Postgres
from datasources.records.accounts import Role

CLIENT = "polyphony"
"""`client_id` of tokens that our own mutations hand out."""

_SECRET_BYTES = 32


def new_secret() -> str:
    """Return 256 random bits as text: a refresh token, or the id of a session."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def hash_of(secret: str) -> bytes:
    """Return what is stored in place of a random secret: SHA-256 of it."""
    return sha256(secret.encode(errors="surrogatepass")).digest()


async def access_token(
    identity: Identity,
    user_id: UUID,
    role: Role,
    family_id: UUID,
    authenticated_at: datetime,
    now: datetime,
) -> str:
    """Return a new access token of a person, with all scopes of their role.

    Raises:
        StoreUnavailable, StoreTimeout: no key is known yet, and the store did not answer.
    """
    signer = await identity.keys.signer(now)
    issued_at = int(now.timestamp())
    claims = {
        "iss": identity.issuer,
        "aud": identity.audience,
        "sub": str(user_id),
        "client_id": CLIENT,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + identity.settings.access_token_s,
        "jti": str(new_id()),
        "sid": str(family_id),
        "roles": [role.value],
        "scope": " ".join(sorted(SCOPES_OF_ROLE[role])),
        "auth_time": int(authenticated_at.timestamp()),
    }
    return jwt.sign(claims, signer.key, signer.kid, ALGORITHM)


async def principal_of_token(
    identity: Identity, postgres: Postgres, token: str, now: datetime
) -> Principal:
    """Return the person whom an access token of ours stands for.

    In the usual case no store is asked: keys and revocations are in the process.

    Raises:
        BadToken: it is not ours, not for us, over, revoked, or not well made.
        StoreUnavailable, StoreTimeout: key or revocations are not known, and cannot be now.
    """
    header = jwt.read_header(token)
    if header.algorithm != ALGORITHM:
        raise BadToken("alg")
    key = await identity.keys.verifying(header.kid, now)
    if key is None:
        raise BadToken("kid")
    expected = Expected(identity.issuer, identity.audience, (ALGORITHM,))
    claims = jwt.read_claims(token, key, expected, now)
    user_id, family_id = _uuid(claims, "sub"), _uuid(claims, "sid")
    issued_at, authenticated_at = (jwt.time_claim(claims, name) for name in ("iat", "auth_time"))
    role = _role(claims)
    scopes = frozenset(jwt.text_claim(claims, "scope").split(" "))
    await identity.revocations.ready(postgres, now)
    if identity.revocations.void(user_id, family_id, issued_at):
        raise BadToken("revoked")
    return Principal(
        PrincipalKind.USER,
        user_id,
        role,
        frozenset(one for one in SCOPES_OF_ROLE[role] if one in scopes),
        SessionRef(SessionKind.TOKENS, str(family_id)),
        authenticated_at,
    )


def refresh_expiry(identity: Identity, now: datetime, family_expires_at: datetime) -> datetime:
    """Return until when a new refresh token may be used: never longer than its family lives."""
    unused = now + timedelta(seconds=identity.settings.refresh_token_s)
    return min(unused, family_expires_at)


def _uuid(claims: dict[str, object], name: str) -> UUID:
    text = jwt.text_claim(claims, name)
    try:
        value = UUID(text)
    except ValueError as error:
        raise BadToken(name) from error
    if str(value) != text:
        raise BadToken(name)
    return value


def _role(claims: dict[str, object]) -> Role:
    match claims.get("roles"):
        case [str() as name] if name in Role.__members__:
            return Role(name)
    raise BadToken("roles")
