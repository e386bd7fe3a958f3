"""What people let apps of third parties do for them: asked, remembered, taken back."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from datasources.postgres import app_consents as stored
from datasources.postgres import audit
from datasources.postgres.accounts import lock_account
from datasources.postgres.app_codes import lock_holder
from datasources.postgres.client import Connection
from datasources.records.apps import AppRecord, Holder
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.credentials import tokens_ended
from resolvers.errors import NotFound, Unauthenticated
from resolvers.first_party import in_person
from resolvers.mails import MailTemplate, queue_mail


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """An app that may do nothing for the person any more."""

    app_id: UUID


async def consented(context: RequestContext, app: AppRecord) -> frozenset[str]:
    """Return what the caller lets an app do already (`app_consents`).

    Raises:
        Unauthenticated, Forbidden: nobody is signed in, or something acts for them.
    """
    user_id = in_person(context)
    return await stored.fetch_consent(context.stores.postgres, user_id, app.id)


async def keep_consent(
    context: RequestContext, connection: Connection, app: AppRecord, scopes: Collection[str]
) -> None:
    """Keep what the caller lets an app do, with what they let it do before, and mail them.

    Within a transaction that holds the account.
    """
    user_id = in_person(context)
    before = await stored.lock_consent(connection, user_id, app.id)
    if not set(scopes) <= before:
        together = sorted(before | set(scopes))
        await stored.put_consent(connection, user_id, app.id, together, context.clock())
        await queue_mail(connection, MailTemplate.APP_AUTHORIZED, user_id=user_id)
    written = entry(context, "authorizeApp", app=str(app.id), scopes=sorted(scopes))
    await audit.record(connection, written)


async def withdraw_consent(context: RequestContext, app_id: UUID | None) -> ConsentWithdrawn:
    """Take back what an app may do: its tokens are void here at once, elsewhere within seconds.

    Raises:
        Unauthenticated, Forbidden: nobody is signed in, or something acts for them.
        NotFound: they let no such app do anything.
    """
    user_id = in_person(context)
    if app_id is None:
        raise NotFound(_NONE)
    async with context.stores.postgres.transaction() as connection:
        await lock_account(connection, user_id)
        ended = await stored.end_consent(connection, user_id, app_id, context.clock())
        if ended is None:
            raise NotFound(_NONE)
        await audit.record(connection, entry(context, "withdrawConsent", app=str(app_id)))
    await tokens_ended(context, user_id, *ended)
    return ConsentWithdrawn(app_id)


async def held_account(context: RequestContext, connection: Connection, user_id: UUID) -> Holder:
    """Return the account that tokens are made for, held until the transaction ends.

    Raises:
        Unauthenticated: it is closed, or gone.
    """
    holder = await lock_holder(connection, user_id)
    closed = holder is None or holder.disabled_at is not None
    if holder is None or closed or (holder.demo and not context.identity.demo):
        raise Unauthenticated("Sign in first.")
    return holder


_NONE = "You let no such app do anything."
