"""Changing a password: knowing the old one, or by a link to one's address."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth.emails import email_key
from auth.principal import SessionRef
from datasources.postgres import audit
from datasources.postgres.account_links import void_links
from datasources.postgres.accounts import fetch_account, lock_account, set_password
from datasources.postgres.client import Connection
from datasources.postgres.mail_tokens import peek, redeem
from datasources.postgres.users import fetch_users_by_ids
from datasources.records.accounts import AccountRecord, MailTokenPurpose
from datasources.records.mail import MailTokenRecord
from datasources.records.users import UserRecord
from resolvers.account_input import checked_email, checked_password
from resolvers.attempts import count_mail, forget_failures
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.email_commands import NO_SUCH_LINK, MailRequested
from resolvers.errors import Unauthenticated, WrongCredentials
from resolvers.mails import MailTemplate, queue_mail
from resolvers.proof import hashing, prove
from resolvers.sessions import end_sessions, forget_sessions

_RESET = MailTokenPurpose.RESET_PASSWORD


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """Whose password is another one now."""

    user: UserRecord


async def request_password_reset(context: RequestContext, email: str) -> MailRequested:
    """Have a link sent to the address, if an account has it; nothing here tells whether.

    Raises:
        InvalidInput: this is no address.
        RateLimited: too many mails to this address, or from this network.
    """
    address = checked_email(email)
    await count_mail(context, address, "reset")
    async with context.stores.postgres.transaction() as connection:
        await queue_mail(connection, MailTemplate.RESET_PASSWORD, email=address)
        await audit.record(connection, entry(context, "requestPasswordReset"))
    return MailRequested(address)


async def reset_password(context: RequestContext, token: str, password: str) -> PasswordChanged:
    """Set another password by a link, and end all sessions. Nobody is signed in by it.

    A second factor stays: it is asked for at the next sign-in.

    Raises:
        WrongCredentials: the link has expired, was used, never was, or went to an old address.
        InvalidInput: this password cannot be taken; the link stays good.
        Overloaded: too many passwords wait to be hashed.
    """
    # Looked at first: nobody without a link makes us hash, and hashing holds no connection.
    link = await peek(context.stores.postgres, token, _RESET)
    account, user = await _owner(context, link.subject_id if link else None)
    if link is None or account is None or user is None or not _fits(link, account):
        raise WrongCredentials(NO_SUCH_LINK)
    password_hash = await _hashed(context, password, user, link.email)
    async with context.stores.postgres.transaction() as connection:
        # The account first, as all do who make links worthless: else two wait for each other.
        account = await lock_account(connection, user.id)
        link = await redeem(connection, token, _RESET)
        if link is None or account is None or not _fits(link, account):
            raise WrongCredentials(NO_SUCH_LINK)
        await _set(context, connection, user.id, password_hash, action="resetPassword")
    await forget_sessions(context, user.id)
    await forget_failures(context, user.id, [user.handle, link.email])
    return PasswordChanged(user)


async def change_password(
    context: RequestContext, current: str | None, new: str
) -> PasswordChanged:
    """Set another password, and end all sessions but this one.

    Raises:
        Unauthenticated, WrongCredentials, RateLimited, Overloaded: as for `prove`.
        InvalidInput: this password cannot be taken.
    """
    proven = await prove(context, current)
    _, user = await _owner(context, proven.user_id)
    if user is None:
        raise Unauthenticated("Sign in first.")
    password_hash = await _hashed(context, new, user, proven.email or "", name="newPassword")
    keep = context.principal.session
    async with context.stores.postgres.transaction() as connection:
        account = await lock_account(connection, user.id)
        if account is None or account.password_changed_at != proven.password_changed_at:
            raise WrongCredentials("The password was changed meanwhile.")
        await _set(context, connection, user.id, password_hash, action="changePassword", keep=keep)
    await forget_sessions(context, user.id, keep=keep)
    return PasswordChanged(user)


async def _set(
    context: RequestContext,
    connection: Connection,
    user_id: UUID,
    password_hash: str,
    *,
    action: str,
    keep: SessionRef | None = None,
) -> None:
    now: datetime = context.clock()
    await set_password(connection, user_id, password_hash, now)
    await end_sessions(context, connection, user_id, keep=keep)
    await void_links(connection, user_id)
    await queue_mail(connection, MailTemplate.PASSWORD_CHANGED, user_id=user_id)
    await audit.record(connection, entry(context, action, actor_id=user_id))


async def _hashed(
    context: RequestContext, password: str, user: UserRecord, email: str, name: str = "password"
) -> str:
    await checked_password(password, user.handle, user.display_name, email, name=name)
    async with hashing(context) as slot:
        return await slot.hash(password)


async def _owner(
    context: RequestContext, user_id: UUID | None
) -> tuple[AccountRecord | None, UserRecord | None]:
    if user_id is None:
        return None, None
    postgres = context.stores.postgres
    people = await fetch_users_by_ids(postgres, [user_id])
    return await fetch_account(postgres, user_id), people.get(user_id)


def _fits(link: MailTokenRecord, account: AccountRecord) -> bool:
    """Whether a link went to the address that the account still has, and the account is open."""
    same = account.email is not None and email_key(account.email) == email_key(link.email)
    return same and account.disabled_at is None
