"""Showing again who one is, before what matters most is changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from auth.passwords import PasswordsBusy, Slot, Verified
from datasources.postgres.accounts import fetch_account
from datasources.records.accounts import AccountRecord
from resolvers.attempts import account_key, attempt
from resolvers.context import RequestContext
from resolvers.errors import Overloaded, Unauthenticated, WrongCredentials
from resolvers.signed_in import signed_in

WRONG = "This does not fit: the name, the password, or both."
_RECENTLY = timedelta(minutes=10)


async def prove(context: RequestContext, password: str | None) -> AccountRecord:
    """Return the account of who is signed in, once they have shown their password again.

    An account without a password must have signed in within the last ten minutes.

    Raises:
        Unauthenticated: nobody is signed in, or too long ago.
        WrongCredentials: it is not their password.
        RateLimited: too many failures of this account, or from this address.
        Overloaded: too many passwords wait to be verified.
    """
    user_id = signed_in(context)
    account = await fetch_account(context.stores.postgres, user_id)
    if account is None or account.disabled_at is not None:
        raise Unauthenticated("Sign in first.")
    if account.password_hash is None:
        since = context.principal.authenticated_at
        if since is None or context.clock() - since > _RECENTLY:
            raise Unauthenticated("Sign in again first: it is too long ago for this.")
        return account
    async with hashing(context) as slot, attempt(context, account_key(account)):
        if not (await slot.verify(account.password_hash, password or "")).ok:
            raise WrongCredentials("This is not your password.")
    return account


async def verified(
    context: RequestContext, account: AccountRecord | None, login: str, password: str
) -> tuple[AccountRecord, Verified]:
    """Return the account, and how its password fits. Where there is none, it takes as long.

    The attempt is counted when its turn has come, not while it waits: so many right ones at once
    do not stand in each other's way.

    Raises:
        WrongCredentials, RateLimited, Overloaded: as for `prove`, in the same words for all.
    """
    password_hash = None if account is None else account.password_hash
    async with hashing(context) as slot, attempt(context, account_key(account, login)):
        found = await slot.verify(password_hash, password)
        if account is None or not found.ok or not may_be_used(context, account):
            raise WrongCredentials(WRONG)
    return account, found


@asynccontextmanager
async def hashing(context: RequestContext) -> AsyncIterator[Slot]:
    """Yield the right to hash.

    Raises:
        Overloaded: too many wait for it.
    """
    try:
        async with context.identity.passwords.slot() as slot:
            yield slot
    except PasswordsBusy:
        raise Overloaded("Too many sign in at this moment. Try again in a second.") from None


def may_be_used(context: RequestContext, account: AccountRecord) -> bool:
    """Return whether an account is open; those of the demo are so nowhere else."""
    return account.disabled_at is None and (context.identity.demo or not account.demo)
