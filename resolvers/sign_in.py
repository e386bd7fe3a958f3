"""Signing in with a handle or an address, and a password."""

from auth.passwords import PasswordsBusy, Verified
from auth.principal import SessionKind
from datasources.postgres import audit
from datasources.postgres.accounts import fetch_account_of_login, replace_hash
from datasources.records.accounts import AccountRecord
from datasources.records.audit import AuditResult
from resolvers.attempts import login_key
from resolvers.audit import by_nobody, entry
from resolvers.context import RequestContext
from resolvers.errors import Forbidden, WrongCredentials
from resolvers.proof import verified
from resolvers.second_factor import SecondFactorRequired, begin_challenge
from resolvers.sessions import SignedIn, begin_session
from resolvers.text import NOT_TEXT

_MAX_LOGIN_CHARS = 254


async def sign_in(
    context: RequestContext, login: str, password: str, kind: SessionKind
) -> SignedIn | SecondFactorRequired:
    """Begin a session, or, where the account has a second factor, ask for that.

    One who is unknown gets the same answer as one whose password is wrong, after the same work.

    Raises:
        WrongCredentials: name or password is wrong, or the account is closed.
        RateLimited: too many failures of this account, or from this address.
        Overloaded: too many passwords wait to be verified.
        Forbidden: a cookie was asked for by what may be a page of another site.
    """
    if kind is SessionKind.COOKIE and not context.client.preflight:
        raise Forbidden("A session in a cookie needs a header that no other site can send.")
    key = login_key(login)
    if len(key) > _MAX_LOGIN_CHARS or NOT_TEXT.search(key):
        key = ""  # nobody is called so
    named = await fetch_account_of_login(context.stores.postgres, key)
    try:
        account, found = await verified(context, named, key, password)
    except WrongCredentials:
        await _note_failure(context, named)
        raise
    await _rehash(context, account, found, password)
    if account.totp_confirmed_at is not None:
        return await begin_challenge(context, account, kind)
    return await begin_session(context, account.user_id, kind, ("password",), shown=account)


async def _note_failure(context: RequestContext, account: AccountRecord | None) -> None:
    """Write the failure down, for whoever is known just as for whoever is not."""
    subject_id = None if account is None else account.user_id
    failure = entry(
        context, "signInFailed", result=AuditResult.FAILED, subject_id=subject_id, how="password"
    )
    async with context.stores.postgres.transaction() as connection:
        await audit.record(connection, by_nobody(failure))


async def _rehash(
    context: RequestContext, account: AccountRecord, found: Verified, password: str
) -> None:
    """Hash a password anew where today's parameters are stronger; the next time will do, too."""
    if not found.outdated or account.password_hash is None:
        return
    try:
        renewed = await context.identity.passwords.hash(password)
    except PasswordsBusy:
        return
    async with context.stores.postgres.transaction() as connection:
        await replace_hash(connection, account.user_id, account.password_hash, renewed)
