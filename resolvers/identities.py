"""Identities at OpenID providers: linked to an account, and let go."""

from dataclasses import dataclass
from uuid import UUID

from auth.oidc import Person
from datasources.ids import new_id
from datasources.postgres import audit, identities
from datasources.postgres.accounts import lock_account
from datasources.postgres.client import Connection
from datasources.records.identities import IdentityRecord
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.errors import (
    Forbidden,
    InvalidInput,
    LimitExceeded,
    NotFound,
    Unauthenticated,
    WrongCredentials,
)
from resolvers.first_party import in_person
from resolvers.mails import MailTemplate, queue_mail
from resolvers.newcomers import Newcomer, newcomer, newcomer_of
from resolvers.passkeys import signed_in_lately
from resolvers.proof import prove
from resolvers.ways_in import has_way_in

MAX_IDENTITIES = 10
_ELSEWHERE = "Somebody's account here is linked to this already."
_NO_PASSWORD = "Give your password, or sign in again: it is too long ago."  # noqa: S105  words


@dataclass(frozen=True, slots=True)
class IdentityUnlinked:
    """An identity that nobody can sign in with any more."""

    id: UUID


async def prove_for_link(context: RequestContext, password: str | None) -> UUID:
    """Return who is signed in, and may give their account another way in.

    Their password is asked for where they signed in more than ten minutes ago.

    Raises:
        Unauthenticated: nobody is signed in.
        Forbidden: somebody else's app acts for them.
        WrongCredentials, RateLimited, Overloaded: see `prove`.
    """
    user_id = in_person(context)
    if password:
        await prove(context, password)
    elif not signed_in_lately(context):
        raise WrongCredentials(_NO_PASSWORD)
    return user_id


async def link_person(
    context: RequestContext, provider: str, person: Person, user_id: UUID
) -> IdentityRecord:
    """Link whom a provider vouches for to the account of who asked for it, and is signed in.

    Raises:
        Unauthenticated: it is somebody else who is signed in now, or nobody.
        InvalidInput: they are linked already, here or to another account.
        LimitExceeded: the account has ten.
    """
    if in_person(context) != user_id:
        raise Unauthenticated("Sign in first.")
    who = newcomer(context, provider, person)
    async with context.stores.postgres.transaction() as connection:
        return await link(context, connection, who, user_id)


async def link_newcomer(
    context: RequestContext, sealed: str, password: str | None
) -> IdentityRecord:
    """Link who waits in a browser to the account that is signed in there.

    Raises:
        Unauthenticated, Forbidden, RateLimited, Overloaded: see `prove_for_link`.
        WrongCredentials: nobody waits, or see there.
        InvalidInput, LimitExceeded: see `link_person`.
    """
    user_id = await prove_for_link(context, password)
    who = newcomer_of(context, sealed)
    async with context.stores.postgres.transaction() as connection:
        return await link(context, connection, who, user_id)


async def link(
    context: RequestContext, connection: Connection, who: Newcomer, user_id: UUID
) -> IdentityRecord:
    """Link a newcomer to an account, within the caller's transaction.

    Raises:
        Unauthenticated: there is no such account, or it is closed.
        InvalidInput, LimitExceeded: see `link_person`.
    """
    account = await lock_account(connection, user_id)
    if account is None or account.disabled_at is not None:
        raise Unauthenticated("Sign in first.")
    if await identities.count_identities(connection, user_id) >= MAX_IDENTITIES:
        raise LimitExceeded(f"An account is linked to at most {MAX_IDENTITIES}. Unlink one first.")
    now = context.clock()
    identity = IdentityRecord(
        id=new_id(),
        user_id=user_id,
        issuer=who.issuer,
        subject=who.subject,
        email=who.email,
        linked_at=now,
        last_used_at=now,
    )
    if not await identities.add_identity(connection, identity):
        raise InvalidInput((), _ELSEWHERE)
    noted = entry(context, "linkIdentity", actor_id=user_id, provider=who.provider)
    await audit.record(connection, noted)
    title = context.identity.providers[who.provider].title
    await queue_mail(connection, MailTemplate.IDENTITY_LINKED, user_id=user_id, change=title)
    return identity


async def unlink_identity(
    context: RequestContext, id_: UUID | None, password: str | None
) -> IdentityUnlinked:
    """Unlink an identity of the person who is signed in. Sessions begun with it go on.

    Raises:
        WrongCredentials, RateLimited: see `prove`.
        NotFound: they have no such identity; None is nobody's.
        Forbidden: without it nothing would lead into their account, or an app acts for them.
    """
    in_person(context)
    user_id = (await prove(context, password)).user_id
    async with context.stores.postgres.transaction() as connection:
        account = await lock_account(connection, user_id)  # two at once unlink one of two
        removed = id_ and await identities.remove_identity(connection, user_id, id_)
        if not removed:
            raise NotFound("There is no such identity.")
        if not await has_way_in(context, connection, account):
            raise Forbidden("Nothing else leads into the account. Set a password first.")
        await audit.record(connection, entry(context, "unlinkIdentity", issuer=removed.issuer))
        title = name_of(context, removed)
        await queue_mail(connection, MailTemplate.IDENTITY_UNLINKED, user_id=user_id, change=title)
    return IdentityUnlinked(removed.id)


def name_of(context: RequestContext, identity: IdentityRecord) -> str:
    """Return what people call the provider of an identity; its issuer, if there is none now."""
    for provider in context.identity.providers.values():
        if provider.issuer == identity.issuer:
            return provider.title
    return identity.issuer
