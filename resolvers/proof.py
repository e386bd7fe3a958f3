"""Showing again who one is, before what matters most is changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from auth.passwords import PasswordsBusy, Slot, Verified
from datasources.postgres import audit
from datasources.postgres.accounts import fetch_account
from datasources.records.accounts import AccountRecord
from datasources.records.audit import AuditResult
from resolvers.attempts import attempt, check_sign_in, network_of, sign_in_attempt
from resolvers.audit import entry
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
    try:
        await _verify_own(context, user_id, account.password_hash, password or "")
    except WrongCredentials:
        # Who found a session tries passwords here: its owner is to read of it.
        failure = entry(context, "proofFailed", result=AuditResult.FAILED)
        async with context.stores.postgres.transaction() as connection:
            await audit.record(connection, failure)
        raise
    return account


async def _verify_own(
    context: RequestContext, user_id: UUID, password_hash: str, password: str
) -> None:
    async with hashing(context) as slot, attempt(context, f"proof:{user_id}", user_id):
        if not (await slot.verify(password_hash, password)).ok:
            raise WrongCredentials("This is not your password.")


async def verified(
    context: RequestContext, account: AccountRecord | None, login: str, password: str
) -> tuple[AccountRecord, Verified]:
    """Return the account, and how its password fits. Where there is none, it takes as long.

    The attempt is counted when its turn has come, not while it waits: so many right ones at once
    do not stand in each other's way.

    Raises:
        WrongCredentials, RateLimited, Overloaded: as for `prove`, in the same words for all.
    """
    owner, password_hash = (None, None)
    if account is not None:
        owner, password_hash = account.user_id, account.password_hash
    await check_sign_in(context, login, owner)
    async with hashing(context) as slot, sign_in_attempt(context, login, owner) as open_to_it:
        found = await slot.verify(password_hash, password)
        fits = account is not None and found.ok and may_be_used(context, account)
        if account is None or not fits or not open_to_it:
            raise WrongCredentials(WRONG)
    return account, found


@asynccontextmanager
async def hashing(context: RequestContext) -> AsyncIterator[Slot]:
    """Yield the right to hash.

    Raises:
        Overloaded: too many wait for it.
    """
    try:
        whose = network_of(context.client.address)
        async with context.identity.passwords.slot(whose) as slot:
            yield slot
    except PasswordsBusy:
        raise Overloaded("Too many sign in at this moment. Try again in a second.") from None


def rests_on(account: AccountRecord) -> list[str]:
    """Return what must still be as it was for a password, or a code, that was shown before."""
    return [str(account.password_changed_at), str(account.totp_confirmed_at)]


def may_be_used(context: RequestContext, account: AccountRecord) -> bool:
    """Return whether an account is open; those of the demo are so nowhere else."""
    return account.disabled_at is None and (context.identity.demo or not account.demo)
