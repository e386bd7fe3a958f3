"""Limits on what could be guessed or misused: sign-ins that fail, and mails that are asked for.

An attempt is counted before it is made, and given back when it was none to be counted. So of many
at once, as aliases in one document, no more are wrong than may be. A success clears nothing: else
one who may sign in somewhere could buy more guesses.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from math import ceil

from auth.browsers import browser_of
from auth.emails import email_key
from auth.handles import handle_key
from datasources.errors import StoreError
from datasources.ids import new_id
from datasources.records.accounts import AccountRecord
from datasources.redis.attempts import Counter, forget, give_back, reserve
from resolvers.context import RequestContext
from resolvers.errors import RateLimited, WrongCredentials

_MAILS_WINDOW = timedelta(hours=1)
_MAILS_PER_NETWORK = 20
_IPV6_OF_ONE_OWNER = 64


@asynccontextmanager
async def attempt(context: RequestContext, account: str) -> AsyncIterator[None]:
    """Run one attempt to show who one is, counted for the account and the network address.

    `account` is from `account_key`. It stays counted where the body raises WrongCredentials, or is
    cancelled; otherwise it is given back.

    Raises:
        RateLimited: there were too many; the body has not run, and nothing was counted.
        StoreUnavailable, StoreTimeout: Redis did not answer; the body has not run.
    """
    settings = context.identity.settings
    counters = (
        _failures_of(context, account),
        Counter(("address", network_of(context.client.address)), settings.failures_per_address),
    )
    window = timedelta(seconds=settings.failures_window_s)
    id_ = await _count(context, counters, window, "Too many failed attempts.")
    try:
        yield
    except WrongCredentials:
        raise
    except Exception:
        await _give_back(context, counters, id_)
        raise
    else:
        await _give_back(context, counters, id_)


def account_key(account: AccountRecord | None, login: str = "") -> str:
    """Return what failures are counted by: the account, or a login that names none.

    Handle and address of one account share its count.
    """
    return _hashed(login_key(login)) if account is None else str(account.user_id)


def login_key(login: str) -> str:
    """Return the key of what is typed to sign in: of an address, or of a handle."""
    login = login.strip()
    return email_key(login) if "@" in login else handle_key(login)


async def forget_failures(context: RequestContext, account: AccountRecord) -> None:
    """Let an account be tried anew: its owner has shown who they are by other means."""
    with contextlib.suppress(StoreError):  # then it has to wait
        limit = context.identity.settings.failures_per_account
        await forget(context.stores.redis, Counter(("account", account_key(account)), limit))


async def count_mail(context: RequestContext, email: str) -> None:
    """Count a mail that somebody asks for, for its address and for where they ask from.

    Raises:
        RateLimited: there were too many in an hour, whether or not the address is known here.
        StoreUnavailable, StoreTimeout: Redis did not answer.
    """
    counters = (
        Counter(("mails", _hashed(email_key(email))), context.identity.settings.mails_per_hour),
        Counter(("mails-from", network_of(context.client.address)), _MAILS_PER_NETWORK),
    )
    await _count(context, counters, _MAILS_WINDOW, "Too many mails were asked for.")


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


async def _count(
    context: RequestContext, counters: Sequence[Counter], window: timedelta, message: str
) -> str:
    id_ = str(new_id())
    wait = await reserve(context.stores.redis, counters, window, context.clock(), id_)
    if wait is not None:
        seconds = max(1, ceil(wait.total_seconds()))
        raise RateLimited(seconds, f"{message} Try again in {seconds} seconds.")
    return id_


async def _give_back(context: RequestContext, counters: Sequence[Counter], id_: str) -> None:
    with contextlib.suppress(StoreError):  # what was done is done; the count forgets by itself
        await give_back(context.stores.redis, counters, id_)


def _failures_of(context: RequestContext, account: str) -> Counter:
    """Return the count of an account, or that of a browser in which its owner signed in before."""
    browser = browser_of(context.identity.vault, context.client.browser_mark, account)
    key = ("account", account) if browser is None else ("account", account, browser)
    return Counter(key, context.identity.settings.failures_per_account)


def _hashed(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
