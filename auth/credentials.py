"""What a caller shows, and whom it stands for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

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
    """The one thing a request shows: the id of a session from its cookie, or a bearer token."""

    secret: str = field(repr=False)
    cookie: bool = False


BearerReader = Callable[[Identity, Stores, str, datetime], Awaitable[Principal | None]]
"""Returns whom a bearer token stands for, None for a token of another form, or raises."""


async def read_access_token(
    identity: Identity, stores: Stores, token: str, now: datetime
) -> Principal | None:
    """Return the person of one of our access tokens; None for what is no JSON Web Token.

    Raises:
        BadCredential: it is one, but not good.
        StoreUnavailable, StoreTimeout: that cannot be told now.
    """
    if not looks_like_jwt(token):
        return None
    try:
        return await principal_of_token(identity, stores.postgres, token, now)
    except BadToken as error:
        raise BadCredential(str(error)) from None


BEARER_READERS: tuple[BearerReader, ...] = (read_access_token,)
"""Asked in this order: each kind of bearer token has its reader."""


async def principal_of(
    identity: Identity, stores: Stores, credential: Credential, now: datetime
) -> Principal:
    """Return whom a credential stands for.

    A session costs one round trip to Redis, an access token none.

    Raises:
        BadCredential: nobody; the caller is never taken for anonymous then.
        StoreUnavailable, StoreTimeout: that cannot be told now.
    """
    if credential.cookie:
        try:
            return await principal_of_session(identity, stores.redis, credential.secret, now)
        except DeadSession:
            raise BadCredential("session") from None
    for read in BEARER_READERS:
        principal = await read(identity, stores, credential.secret, now)
        if principal is not None:
            return principal
    raise BadCredential("form")
