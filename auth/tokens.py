"""Access tokens (RFC 9068) and refresh tokens: made, and read back as a principal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from auth import jwt
from auth.identity import Identity
from auth.jwt import BadToken, Expected
from auth.keyring import ALGORITHM
from auth.principal import Principal, PrincipalKind, SessionKind, SessionRef
from auth.scopes import APP_SCOPES, SCOPES_OF_ROLE
from datasources.ids import new_id
from datasources.postgres.client import Postgres
from datasources.records.accounts import Role

CLIENT = "polyphony"
"""`client_id` of tokens that our own mutations hand out."""


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
    claims = {
        "sub": str(user_id),
        "client_id": CLIENT,
        "sid": str(family_id),
        "roles": [role.value],
        "scope": " ".join(sorted(SCOPES_OF_ROLE[role])),
        "auth_time": int(authenticated_at.timestamp()),
    }
    return await signed_access_token(identity, claims, now)


async def signed_access_token(
    identity: Identity, claims: Mapping[str, object], now: datetime
) -> str:
    """Return an access token with these claims, and those that all of ours have.

    Raises:
        StoreUnavailable, StoreTimeout: no key is known yet, and the store did not answer.
    """
    signer = await identity.keys.signer(now)
    issued_at = int(now.timestamp())
    ours = {
        "iss": identity.issuer,
        "aud": identity.audience,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + identity.settings.access_token_s,
        "jti": str(new_id()),
    }
    return jwt.sign({**ours, **claims}, signer.key, signer.kid, ALGORITHM)


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token of ours says, once it is believed.

    `app_id` is None for our own apps; `user_id` and `role` are None for an app that acts for
    itself, and `family_id` is that of the app then. `scopes` are as they stand there.
    """

    user_id: UUID | None
    app_id: UUID | None
    role: Role | None
    family_id: UUID
    scopes: frozenset[str]
    token_id: str
    issued_at: datetime
    expires_at: datetime
    authenticated_at: datetime | None


async def read_access_claims(
    identity: Identity, postgres: Postgres, token: str, now: datetime
) -> AccessClaims:
    """Return what an access token of ours says that is good now.

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
    read = read_claims_of(jwt.read_claims(token, key, expected, now))
    await identity.revocations.ready(postgres, now)
    revocations = identity.revocations
    if revocations.void(read.user_id, read.family_id, read.issued_at, read.app_id):
        raise BadToken("revoked")
    return read


async def principal_of_token(
    identity: Identity, postgres: Postgres, token: str, now: datetime
) -> Principal:
    """Return whom an access token of ours stands for: a person, or an app.

    Raises:
        BadToken, StoreUnavailable, StoreTimeout: as for `read_access_claims`.
    """
    claims = await read_access_claims(identity, postgres, token, now)
    allowed = APP_SCOPES if claims.app_id else SCOPES_OF_ROLE[claims.role or Role.LISTENER]
    return Principal(
        PrincipalKind.USER if claims.app_id is None else PrincipalKind.APP,
        claims.user_id,
        claims.role,
        frozenset(one for one in allowed if one in claims.scopes),
        SessionRef(SessionKind.TOKENS, str(claims.family_id)),
        claims.authenticated_at,
        app_id=claims.app_id,
    )


def read_claims_of(claims: dict[str, object]) -> AccessClaims:
    """Return what claims say that are believed.

    Raises:
        BadToken: they are not well made.
    """
    client, subject = (jwt.text_claim(claims, name) for name in ("client_id", "sub"))
    for_itself = client != CLIENT and subject == client
    return AccessClaims(
        user_id=None if for_itself else _uuid(claims, "sub"),
        app_id=None if client == CLIENT else _uuid(claims, "client_id"),
        role=None if for_itself else _role(claims),
        family_id=_uuid(claims, "sid"),
        scopes=frozenset(jwt.text_claim(claims, "scope").split(" ")),
        token_id=jwt.text_claim(claims, "jti"),
        issued_at=jwt.time_claim(claims, "iat"),
        expires_at=jwt.time_claim(claims, "exp"),
        authenticated_at=None if for_itself else jwt.time_claim(claims, "auth_time"),
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
