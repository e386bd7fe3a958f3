"""Limits on what could be guessed or misused: sign-ins that fail, and mails that are asked for.

An attempt is counted before it is made, and given back when it was none to be counted. So of many
at once, as aliases in one document, no more are wrong than may be. A success clears nothing: else
one who may sign in somewhere could buy more guesses.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from math import ceil
from uuid import UUID

from auth.browsers import browser_of
from auth.emails import email_key
from auth.handles import handle_key
from datasources.errors import StoreError
from datasources.ids import new_id
from datasources.redis.attempts import Counter, forget, give_back, reserve
from resolvers.context import RequestContext
from resolvers.errors import RateLimited, WrongCredentials

_MAILS_WINDOW = _ASKED_WINDOW = timedelta(hours=1)
_MAILS_PER_NETWORK = 20
_IPV6_OF_ONE_OWNER = 64


@asynccontextmanager
async def attempt(
    context: RequestContext, what: str, owner: UUID | None = None
) -> AsyncIterator[None]:
    """Run one attempt to show something that is secret, counted for it and the network address.

    `what` names what is tried, `owner` whose it is. It stays counted where the body raises
    WrongCredentials, or is cancelled; otherwise it is given back.

    Raises:
        RateLimited: there were too many; the body has not run, and nothing was counted.
        StoreUnavailable, StoreTimeout: Redis did not answer; the body has not run.
    """
    counters = (_counter(context, ("secret", what), owner), _network(context))
    id_ = str(new_id())
    await _reserve(context, counters, id_)
    async with _kept_if_wrong(context, counters, id_):
        yield


@asynccontextmanager
async def sign_in_attempt(
    context: RequestContext, login: str, owner: UUID | None
) -> AsyncIterator[bool]:
    """Run one attempt to sign in, as `attempt` does; yield whether it may succeed.

    It is counted for what was typed, and for the account that it names, if any. Only the former
    says that it is too often: that handle and address are one account's, nobody learns from it.
    Where the latter is full, the same work is done, and in vain.
    """
    counters = _sign_in_counters(context, login, owner)
    id_ = str(new_id())
    full = await _reserve(context, counters, id_)
    async with _kept_if_wrong(context, counters, id_):
        yield not full


async def check_sign_in(context: RequestContext, login: str, owner: UUID | None) -> None:
    """Let those pass who may try; the others need not wait for their turn.

    Raises:
        RateLimited, StoreUnavailable, StoreTimeout: as for `attempt`.
    """
    await _reserve(context, _sign_in_counters(context, login, owner), "")


def _sign_in_counters(
    context: RequestContext, login: str, owner: UUID | None
) -> tuple[Counter, ...]:
    typed = _counter(context, ("login", _hashed(login)), owner)
    if owner is None:
        return typed, _network(context)
    return typed, _network(context), _counter(context, ("account", str(owner)), owner, silent=True)


def login_key(login: str) -> str:
    """Return the key of what is typed to sign in: of an address, or of a handle."""
    login = login.strip()
    return email_key(login) if "@" in login else handle_key(login)


async def forget_failures(context: RequestContext, owner: UUID, logins: Sequence[str]) -> None:
    """Let an account be tried anew: its owner has shown who they are by other means.

    `logins` are what it is signed in with: its handle and its address.
    """
    keys = [("account", str(owner)), *(("login", _hashed(login_key(one))) for one in logins)]
    nowhere = replace(context, client=replace(context.client, browser_mark=""))
    counters = [
        _counter(where, key, owner) for where in (context, nowhere) for key in dict.fromkeys(keys)
    ]
    with contextlib.suppress(StoreError):  # then it has to wait
        await forget(context.stores.redis, counters)


async def count_mail(context: RequestContext, email: str, purpose: str) -> None:
    """Count a mail that somebody asks for: for its address and purpose, and for where they ask.

    By purpose, so that who asks for one kind in my name does not keep me from the other.

    Raises:
        RateLimited: there were too many in an hour, whether or not the address is known here.
        StoreUnavailable, StoreTimeout: Redis did not answer.
    """
    most = context.identity.settings.mails_per_hour
    counters = (
        Counter(("mails", purpose, _hashed(email_key(email))), most),
        Counter(("mails-from", network_of(context.client.address)), _MAILS_PER_NETWORK),
    )
    await _reserve(
        context, counters, str(new_id()), _MAILS_WINDOW, "Too many mails were asked for."
    )


async def count_asked(
    context: RequestContext, what: str, most: int, window: timedelta = _ASKED_WINDOW
) -> None:
    """Count what anybody may ask for and costs us something, by the network they ask from.

    It stays counted whatever becomes of it.

    Raises:
        RateLimited: there were `most` within the window, an hour unless said otherwise.
        StoreUnavailable, StoreTimeout: Redis did not answer.
    """
    counter = Counter((f"{what}-from", network_of(context.client.address)), most)
    await _reserve(context, (counter,), str(new_id()), window, "Asked for too often.")


def network_of(address: str) -> str:
    """Return what stands for a client: its IPv4 address, or its part of IPv6 (/64)."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    found = getattr(found, "ipv4_mapped", None) or found
    if found.version == 4:  # noqa: PLR2004  a version, not a size
        return str(found)
    return str(ip_network((found, _IPV6_OF_ONE_OWNER), strict=False))


async def _reserve(
    context: RequestContext,
    counters: Sequence[Counter],
    id_: str,
    window: timedelta | None = None,
    message: str = "Too many failed attempts.",
) -> bool:
    """Count an attempt, or raise; return whether a silent counter was full."""
    window = window or timedelta(seconds=context.identity.settings.failures_window_s)
    found = await reserve(context.stores.redis, counters, window, context.clock(), id_)
    if found.wait is not None:
        seconds = max(1, ceil(found.wait.total_seconds()))
        raise RateLimited(seconds, f"{message} Try again in {seconds} seconds.")
    return found.full


@asynccontextmanager
async def _kept_if_wrong(
    context: RequestContext, counters: Sequence[Counter], id_: str
) -> AsyncIterator[None]:
    try:
        yield
    except WrongCredentials:
        raise
    except Exception:
        await _give_back(context, counters, id_)
        raise
    else:
        await _give_back(context, counters, id_)


async def _give_back(context: RequestContext, counters: Sequence[Counter], id_: str) -> None:
    with contextlib.suppress(StoreError):  # what was done is done; the count forgets by itself
        await give_back(context.stores.redis, counters, id_)


def _counter(
    context: RequestContext, key: tuple[str, ...], owner: UUID | None, *, silent: bool = False
) -> Counter:
    """Return a count; a browser in which the owner signed in before has one of its own."""
    mark = context.client.browser_mark
    browser = None if owner is None else browser_of(context.identity.vault, mark, str(owner))
    limit = context.identity.settings.failures_per_account
    return Counter(key if browser is None else (*key, browser), limit, silent=silent)


def _network(context: RequestContext) -> Counter:
    key = ("address", network_of(context.client.address))
    return Counter(key, context.identity.settings.failures_per_address)


def _hashed(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
