"""Identities at OpenID providers: signing in with one, linking it, and letting it go."""

import base64
import json
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from uuid import UUID

from auth.emails import email_key, normalised_email
from auth.handles import RULES, is_handle
from auth.oidc import Person
from auth.principal import SessionKind
from auth.vault import CannotOpen
from datasources.ids import new_id
from datasources.postgres import audit, identities
from datasources.postgres.accounts import (
    fetch_account,
    fetch_account_of_login,
    insert_account,
    lock_account,
)
from datasources.postgres.client import Connection
from datasources.postgres.sign_ups import forget_sign_ups, insert_user
from datasources.records.identities import IdentityRecord
from datasources.records.sessions import ProviderSession
from datasources.records.users import UserRecord
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
from resolvers.passkeys import signed_in_lately
from resolvers.profile_commands import checked_name
from resolvers.proof import WRONG, prove
from resolvers.second_factor import SecondFactorRequired, begin_challenge
from resolvers.sessions import SignedIn, begin_session
from resolvers.ways_in import has_way_in

MAX_IDENTITIES = 10
WAITS = timedelta(minutes=10)
"""How long somebody whom nobody here is may take to say who they want to be."""

_SEAL = "newcomer"
_TAKEN = "Somebody else has this handle."
_ELSEWHERE = "Somebody's account here is linked to this already."
_GONE = "That took too long. Sign in again."
_NO_PASSWORD = "Give your password, or sign in again: it is too long ago."  # noqa: S105  words


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody whom a provider vouches for, and who is nobody here yet."""

    provider: str
    issuer: str
    subject: str
    email: str | None
    name: str
    sid: str | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody here is called so by the provider; `sealed` is for the browser to keep meanwhile."""

    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdentityUnlinked:
    """An identity that nobody can sign in with any more."""

    id: UUID


# --- signing in ---------------------------------------------------------------------------------


async def sign_in_with(
    context: RequestContext, provider: str, person: Person
) -> SignedIn | SecondFactorRequired | Unknown:
    """Begin a session of whom a provider vouches for, where they are linked to an account.

    Raises:
        WrongCredentials: the account is closed.
    """
    found = await identities.fetch_identity(context.stores.postgres, person.issuer, person.subject)
    if found is None:
        return Unknown(_sealed(context, provider, person))
    account = await fetch_account(context.stores.postgres, found.user_id)
    if account is None:
        raise WrongCredentials(WRONG)
    elsewhere = _elsewhere(context, person.issuer, person.sid, person.id_token)
    how = _how(provider)
    if account.totp_confirmed_at is not None:
        return await begin_challenge(context, account, SessionKind.COOKIE, how, elsewhere)
    signed_in = await begin_session(
        context, found.user_id, SessionKind.COOKIE, (how,), provider=elsewhere
    )
    async with context.stores.postgres.transaction() as connection:
        await identities.use_identity(connection, found.id, context.clock())
    return signed_in


def newcomer_of(context: RequestContext, sealed: str) -> Newcomer:
    """Return who waits in a browser.

    Raises:
        WrongCredentials: nobody does, or not any more.
    """
    try:
        text = base64.urlsafe_b64decode(sealed.encode())
        newcomer = Newcomer(**json.loads(context.identity.vault.open(text, _SEAL)))
    except (CannotOpen, ValueError, TypeError):
        raise WrongCredentials(_GONE) from None
    if newcomer.expires_at <= context.clock().timestamp():
        raise WrongCredentials(_GONE)
    return newcomer


async def has_account(context: RequestContext, newcomer: Newcomer) -> bool:
    """Whether the address that a newcomer's provider has confirmed has an account here."""
    if newcomer.email is None:
        return False
    key = email_key(newcomer.email)
    return await fetch_account_of_login(context.stores.postgres, key) is not None


async def sign_up_with(
    context: RequestContext, sealed: str, handle: str, display_name: str
) -> SignedIn:
    """Make an account for who waits in a browser, and sign them in.

    Its address is the one that the provider has confirmed, and it has no password.

    Raises:
        WrongCredentials: nobody waits, or not any more.
        InvalidInput: a value that cannot be taken, or the address has an account.
        Forbidden: the provider has confirmed no address.
    """
    newcomer = newcomer_of(context, sealed)
    if not is_handle(handle):
        raise InvalidInput(("input", "handle"), RULES)
    name = checked_name(display_name)
    if newcomer.email is None:
        raise Forbidden("The provider has told no confirmed address. Sign up with one first.")
    async with context.stores.postgres.transaction() as connection:
        user = await _made(context, connection, newcomer, newcomer.email, handle, name)
    elsewhere = _elsewhere(context, newcomer.issuer, newcomer.sid, "")
    how = (_how(newcomer.provider),)
    return await begin_session(context, user.id, SessionKind.COOKIE, how, provider=elsewhere)


async def _made(
    context: RequestContext,
    connection: Connection,
    newcomer: Newcomer,
    email: str,
    handle: str,
    name: str,
) -> UserRecord:
    user = await insert_user(connection, new_id(), handle, name, context.clock())
    if user is None:
        raise InvalidInput(("input", "handle"), _TAKEN)
    key = email_key(email)
    if not await insert_account(
        connection, user.id, email=email, email_key=key, password_hash=None
    ):
        raise InvalidInput((), "This address has an account already: sign in to it.")
    await forget_sign_ups(connection, key)
    noted = entry(context, "signUp", actor_id=user.id, provider=newcomer.provider)
    await audit.record(connection, noted)
    await _link(context, connection, newcomer, user.id)
    return user


# --- linking ------------------------------------------------------------------------------------


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
    newcomer = _newcomer(context, provider, person)
    async with context.stores.postgres.transaction() as connection:
        return await _link(context, connection, newcomer, user_id)


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
    newcomer = newcomer_of(context, sealed)
    async with context.stores.postgres.transaction() as connection:
        return await _link(context, connection, newcomer, user_id)


async def _link(
    context: RequestContext, connection: Connection, newcomer: Newcomer, user_id: UUID
) -> IdentityRecord:
    account = await lock_account(connection, user_id)
    if account is None or account.disabled_at is not None:
        raise Unauthenticated("Sign in first.")
    if await identities.count_identities(connection, user_id) >= MAX_IDENTITIES:
        raise LimitExceeded(f"An account is linked to at most {MAX_IDENTITIES}. Unlink one first.")
    now = context.clock()
    identity = IdentityRecord(
        id=new_id(),
        user_id=user_id,
        issuer=newcomer.issuer,
        subject=newcomer.subject,
        email=newcomer.email,
        linked_at=now,
        last_used_at=now,
    )
    if not await identities.add_identity(connection, identity):
        raise InvalidInput((), _ELSEWHERE)
    noted = entry(context, "linkIdentity", actor_id=user_id, provider=newcomer.provider)
    await audit.record(connection, noted)
    title = context.identity.providers[newcomer.provider].title
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


# --- parts --------------------------------------------------------------------------------------


def _how(provider: str) -> str:
    return f"provider:{provider}"


def _newcomer(context: RequestContext, provider: str, person: Person) -> Newcomer:
    return Newcomer(
        provider=provider,
        issuer=person.issuer,
        subject=person.subject,
        email=person.email and normalised_email(person.email),
        name=person.name,
        sid=person.sid,
        expires_at=(context.clock() + WAITS).timestamp(),
    )


def _sealed(context: RequestContext, provider: str, person: Person) -> str:
    text = json.dumps(asdict(_newcomer(context, provider, person))).encode()
    return base64.urlsafe_b64encode(context.identity.vault.seal(text, _SEAL)).decode()


def _elsewhere(
    context: RequestContext, issuer: str, sid: str | None, id_token: str
) -> ProviderSession:
    sealed = context.identity.vault.seal(id_token.encode(), ID_TOKEN)
    return ProviderSession(issuer, sid, base64.b64encode(sealed).decode())


ID_TOKEN = "id-token"  # noqa: S105  a purpose, no token
"""What an ID token is sealed for."""
