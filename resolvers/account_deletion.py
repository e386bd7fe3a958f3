"""Deleting one's account: the door is closed at once, what is behind it is removed by a job."""

import secrets
import string
from dataclasses import dataclass

from datasources.postgres import audit
from datasources.postgres.accounts import lock_account
from datasources.postgres.app_consents import forget_consents_of
from datasources.postgres.apps import end_apps_of
from datasources.postgres.deletion import close_account
from datasources.postgres.jobs import enqueue
from datasources.records.audit import DELETED_ACCOUNT
from datasources.records.jobs import JobKind
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.credentials import apps_ended
from resolvers.errors import WrongCredentials
from resolvers.mails import MailTemplate, queue_mail
from resolvers.proof import prove
from resolvers.sessions import end_sessions, forget_sessions

_RANDOM_CHARS = 8
_LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class AccountDeleted:
    """The account is closed; `email` is where the last mail goes, if it had an address."""

    email: str | None


async def delete_account(context: RequestContext, password: str | None) -> AccountDeleted:
    """Delete the account of who is signed in, and end all their sessions.

    At once nobody can sign in to it or see whose it was, apps that it let in are out, and its own
    apps are out everywhere. What they had in all three stores is
    removed by a job, which goes on until it is done.

    Raises:
        Unauthenticated, WrongCredentials, RateLimited, Overloaded: as for `prove`.
    """
    proven = await prove(context, password)
    user_id = proven.user_id
    async with context.stores.postgres.transaction() as connection:
        account = await lock_account(connection, user_id)
        if account is None or account.password_changed_at != proven.password_changed_at:
            raise WrongCredentials("The account was changed meanwhile.")
        await audit.record(connection, entry(context, DELETED_ACCOUNT))
        await end_sessions(context, connection, user_id)
        if account.email is not None:
            await queue_mail(connection, MailTemplate.ACCOUNT_DELETED, email=account.email)
        await enqueue(connection, JobKind.DELETE_ACCOUNT, {"user_id": str(user_id)})
        await forget_consents_of(connection, user_id)
        apps = await end_apps_of(connection, user_id, context.clock())
        await close_account(connection, user_id, _handle())
    await apps_ended(context, *apps)
    await forget_sessions(context, user_id)
    context.reply.session_id = ""
    return AccountDeleted(account.email)


def _handle() -> str:
    """Return a handle that nobody can choose (see auth/handles.py)."""
    return "deleted-" + "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM_CHARS))
