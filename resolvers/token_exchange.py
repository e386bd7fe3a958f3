"""Exchanging a refresh token for the next one, for a person's own sign-ins and for apps."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from auth.devices import device_of
from auth.opaque import hash_of, new_secret
from auth.tokens import refresh_expiry
from datasources.postgres import audit, token_families
from datasources.postgres.client import Connection
from datasources.records.audit import AuditResult
from datasources.records.tokens import RefreshRecord
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.credentials import tokens_ended
from resolvers.errors import WrongCredentials
from resolvers.mails import MailTemplate, queue_mail

_SPENT = "This refresh token is over. Sign in again."
_MAX_SIBLINGS = 10


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A refresh token as it was sent, and the one that follows."""

    sent: RefreshRecord
    refresh_token: str = field(repr=False)


async def look_at(
    context: RequestContext, refresh_token: str, app_id: UUID | None = None
) -> RefreshRecord | None:
    """Return a refresh token that is good, or was; None for others. Nothing is spent.

    It is one of this app, or of a person's own sign-in.
    """
    async with context.stores.postgres.transaction() as connection:
        sent = await token_families.lock_refresh_token(connection, hash_of(refresh_token), app_id)
    return sent if sent is not None and _alive(context, sent, context.clock()) else None


async def exchange(
    context: RequestContext, refresh_token: str, app_id: UUID | None = None
) -> Exchanged:
    """Spend a refresh token, and return the next one of its family.

    A token that is spent brings new ones for a few seconds more: clients send several requests at
    once, but not without end. After that somebody else may have it, and the whole family ends; its
    owner gets a mail. `app_id` names the app that sends it; None is for a person's own sign-ins.

    Raises:
        WrongCredentials: it is unknown, another app's, expired, revoked or spent, the account is
            closed, or ten tokens that it brought are unused.
    """
    now = context.clock()
    refresh = ""
    # Read now, where it has to be: who holds one connection must not wait for a second one.
    await context.identity.keys.signer(now)
    async with context.stores.postgres.transaction() as connection:
        sent = await token_families.lock_refresh_token(connection, hash_of(refresh_token), app_id)
        if sent is None or not _alive(context, sent, now):
            raise WrongCredentials(_SPENT)
        grace = timedelta(seconds=context.identity.settings.refresh_grace_s)
        reused = sent.used_at is not None and now - sent.used_at > grace
        if reused:
            await _end_reused(context, connection, sent, now)
        else:
            refresh = await _next(context, connection, sent, now)
    if reused:  # only now: what was found out stays written
        await tokens_ended(context, sent.user_id, sent.family_id)
        raise WrongCredentials(_SPENT)
    return Exchanged(sent, refresh)


def _alive(context: RequestContext, sent: RefreshRecord, now: datetime) -> bool:
    over = sent.revoked_at is not None or min(sent.expires_at, sent.family_expires_at) <= now
    closed = sent.disabled_at is not None or (sent.demo and not context.identity.demo)
    return not over and not closed


async def _next(
    context: RequestContext, connection: Connection, sent: RefreshRecord, now: datetime
) -> str:
    if sent.used_at is None:
        await token_families.spend_tokens(connection, sent.family_id, now)
    elif await token_families.count_unused(connection, sent.family_id) >= _MAX_SIBLINGS:
        raise WrongCredentials(_SPENT)  # as many aliases as fit in a document would each make one
    refresh = new_secret()
    expires_at = refresh_expiry(context.identity, now, sent.family_expires_at)
    await token_families.insert_refresh_token(
        connection, hash_of(refresh), sent.family_id, expires_at
    )
    await token_families.touch_family(
        connection,
        sent.family_id,
        at=now,
        device=device_of(context.client.user_agent),
        address=context.client.address,
    )
    return refresh


async def _end_reused(
    context: RequestContext, connection: Connection, sent: RefreshRecord, now: datetime
) -> None:
    await token_families.revoke_family(connection, sent.user_id, sent.family_id, now)
    await audit.record(
        connection,
        entry(
            context,
            "refreshTokenReused",
            result=AuditResult.DENIED,
            subject_id=sent.user_id,
            session=str(sent.family_id),
        ),
    )
    await queue_mail(connection, MailTemplate.TOKEN_REUSED, user_id=sent.user_id)
