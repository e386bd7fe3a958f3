"""What a caller shows, and whom it stands for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from auth.api_key_text import MARK
from auth.api_keys import BadKey, Sender, principal_of_key
from auth.identity import Identity
from auth.jwt import BadToken, looks_like_jwt
from auth.principal import Principal
from auth.sessions import DeadSession, principal_of_session
from auth.tokens import principal_of_token
from datasources.stores import Stores


class BadCredential(Exception):
    """It stands for nobody. The reason is for our logs: who sent it learns no more than that."""


@dataclass(frozen=True, slots=True)
class Credential:
    """The one thing a request shows: the id of a session from its cookie, or a bearer token.

    `key` says that it was sent as an API key, and can be nothing else.
    """

    secret: str = field(repr=False)
    cookie: bool = False
    key: bool = False
    sender: Sender = field(default_factory=Sender)


BearerReader = Callable[[Identity, Stores, Credential, datetime], Awaitable[Principal | None]]
"""Returns whom a bearer token stands for, None for a token of another form, or raises."""


async def read_api_key(
    identity: Identity, stores: Stores, credential: Credential, now: datetime
) -> Principal | None:
    """Return whom an API key stands for, and note its use; None for what is none.

    Raises:
        BadCredential: it is one, but not good.
        NotFromHere: it is, but not for this sender.
        StoreUnavailable, StoreTimeout: that cannot be told now.
    """
    if not credential.key and not credential.secret.startswith(MARK):
        return None
    try:
        principal, hashed = await principal_of_key(
            identity.api_keys, stores.postgres, credential.secret, credential.sender, now
        )
    except BadKey as error:
        raise BadCredential(str(error)) from None
    identity.key_use.note(hashed, now)
    return principal


async def read_access_token(
    identity: Identity, stores: Stores, credential: Credential, now: datetime
) -> Principal | None:
    """Return the person of one of our access tokens; None for what is no JSON Web Token.

    Raises:
        BadCredential: it is one, but not good.
        StoreUnavailable, StoreTimeout: that cannot be told now.
    """
    if not looks_like_jwt(credential.secret):
        return None
    try:
        return await principal_of_token(identity, stores.postgres, credential.secret, now)
    except BadToken as error:
        raise BadCredential(str(error)) from None


async def read_service_token(
    identity: Identity,
    stores: Stores,  # noqa: ARG001  the readers' shape
    credential: Credential,
    now: datetime,
) -> Principal | None:
    """Return the service of a token of a configured issuer; None for what is of no such issuer.

    Raises:
        BadCredential: it is one, but not good.
        StoreUnavailable: the issuer's keys are not known, and cannot be now.
    """
    try:
        return await identity.services.principal(credential.secret, identity.audience, now)
    except BadToken as error:
        raise BadCredential(f"service: {error}") from None


BEARER_READERS: tuple[BearerReader, ...] = (read_api_key, read_service_token, read_access_token)
"""Asked in this order: each kind of bearer token has its reader."""


async def principal_of(
    identity: Identity, stores: Stores, credential: Credential, now: datetime
) -> Principal:
    """Return whom a credential stands for.

    A session costs one round trip to Redis, an access token none, an API key one in some seconds.

    Raises:
        BadCredential: nobody; the caller is never taken for anonymous then.
        NotFromHere: an API key that may not be used from where it was sent.
        StoreUnavailable, StoreTimeout: that cannot be told now.
    """
    if credential.cookie:
        try:
            return await principal_of_session(identity, stores.redis, credential.secret, now)
        except DeadSession:
            raise BadCredential("session") from None
    for read in BEARER_READERS:
        principal = await read(identity, stores, credential, now)
        if principal is not None:
            return principal
    raise BadCredential("form")
