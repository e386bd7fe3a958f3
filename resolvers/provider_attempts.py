"""Attempts to sign in at an OpenID provider: begun here, continued there, ended here once.

Each is kept by itself, so that several may go on at a time in one browser. The browser keeps its
part in a cookie of its own: nobody else can end an attempt that was begun there, and none that
somebody else began ends there.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import structlog

from auth.oidc import Person, Provider
from auth.oidc import Refused as NotGood
from auth.outgoing import OutgoingError
from datasources.ids import new_id
from datasources.redis import challenges
from datasources.redis.attempts import Counter, reserve
from resolvers.attempts import network_of
from resolvers.context import RequestContext
from resolvers.errors import NotFound, ProviderDown, RateLimited, Refusal, WrongCredentials

log = structlog.get_logger(__name__)

_KIND = "provider-sign-in"
_BYTES = 32
_PER_NETWORK = 100
_WINDOW = timedelta(minutes=10)
_WRONG = "This sign-in was begun elsewhere, has ended already, or took too long. Begin it again."
_MAX_CODE_CHARS = 4096


class Cancelled(Refusal):
    """The person, or the provider, did not want to go on."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it keeps by the name that `mark_of` gives the state."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    mark: str = field(repr=False)
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back through the browser: parameters of the address, and what it kept."""

    state: str = field(repr=False)
    code: str = field(repr=False)
    iss: str | None
    error: str
    mark: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """For whom the provider vouches. `next` is where they wanted to go here.

    `linking` is the person who asked to link this to their account; None signs in.
    """

    person: Person
    next: str
    linking: UUID | None


def provider_of(context: RequestContext, name: str) -> Provider:
    """Return a provider that is configured.

    Raises:
        NotFound: there is none of this name.
    """
    provider = context.identity.providers.get(name)
    if provider is None:
        raise NotFound("There is no such provider.")
    return provider


async def begin_attempt(
    context: RequestContext, provider: Provider, next_path: str, linking: UUID | None = None
) -> Begun:
    """Begin an attempt, and return where the browser has to go.

    Raises:
        ProviderDown: the provider does not answer as it should.
        RateLimited: too many from this network.
        StoreUnavailable, StoreTimeout: Redis did not answer.
    """
    await _count(context)
    nonce, verifier, mark = (secrets.token_urlsafe(_BYTES) for _ in range(3))
    seconds = context.identity.settings.provider_sign_in_s
    value = {
        "issuer": provider.issuer,
        "nonce": nonce,
        "verifier": verifier,
        "mark": _digest(mark),
        "next": next_path,
        "linking": None if linking is None else str(linking),
    }
    state = await challenges.put(context.stores.redis, _KIND, value, seconds)
    try:
        url = await provider.sign_in_url(_redirect_uri(context, provider), state, nonce, verifier)
    except OutgoingError as error:
        raise _down(provider, error) from error
    return Begun(url, state, mark, seconds)


async def end_attempt(context: RequestContext, provider: Provider, returned: Returned) -> Ended:
    """Return for whom the provider vouches; the attempt is over, however it ends.

    Raises:
        WrongCredentials: nothing of this browser's waits for that, or it is not good.
        Cancelled: the provider says that it does not go on.
        ProviderDown: the provider does not answer as it should.
        StoreUnavailable, StoreTimeout: Redis did not answer.
    """
    begun = await challenges.take(context.stores.redis, _KIND, returned.state)
    if begun is None or not hmac.compare_digest(begun["mark"], _digest(returned.mark)):
        raise _refused(provider, "attempt")
    if begun["issuer"] != provider.issuer:  # another provider answers in its place
        raise _refused(provider, "mix-up")
    try:
        person = await _person(context, provider, returned, begun)
    except NotGood as error:
        raise _refused(provider, str(error)) from error
    except OutgoingError as error:
        raise _down(provider, error) from error
    linking = begun["linking"]
    return Ended(person, begun["next"], None if linking is None else UUID(linking))


def mark_of(state: str) -> str:
    """Return the name of an attempt that opens nothing: for the browser's cookie."""
    return _digest(state)[:12]


async def _person(
    context: RequestContext, provider: Provider, returned: Returned, begun: dict[str, Any]
) -> Person:
    await provider.check_sender(returned.iss)
    if returned.error:
        raise Cancelled(f"{provider.title} did not sign you in.")
    if not 0 < len(returned.code) <= _MAX_CODE_CHARS:
        raise NotGood("no code")
    return await provider.exchange(
        returned.code,
        _redirect_uri(context, provider),
        begun["nonce"],
        begun["verifier"],
        context.clock(),
    )


async def _count(context: RequestContext) -> None:
    """Count an attempt, which costs memory here and a request there, for the network."""
    counter = Counter(("provider-sign-in", network_of(context.client.address)), _PER_NETWORK)
    id_ = str(new_id())
    found = await reserve(context.stores.redis, [counter], _WINDOW, context.clock(), id_)
    if found.wait is not None:
        seconds = max(1, int(found.wait.total_seconds()))
        raise RateLimited(seconds, f"That was often. Try again in {seconds} seconds.")


def _redirect_uri(context: RequestContext, provider: Provider) -> str:
    """Return the address that this provider, and no other, sends browsers back to."""
    return f"{context.identity.public_url}/auth/callback/{provider.name}"


def _digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()


def _refused(provider: Provider, why: str) -> WrongCredentials:
    log.warning("sign-in at a provider refused", provider=provider.name, reason=why)
    return WrongCredentials(_WRONG)


def _down(provider: Provider, error: OutgoingError) -> ProviderDown:
    log.warning("provider does not answer", provider=provider.name, reason=str(error))
    return ProviderDown(
        f"{provider.title} does not answer as it should. Sign in another way, or try again in a"
        " minute."
    )
