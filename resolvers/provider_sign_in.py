"""Signing in, and up, as somebody for whom an OpenID provider vouches."""

import base64
from dataclasses import dataclass, field

from auth.emails import email_key
from auth.handles import RULES, is_handle
from auth.oidc import Person
from auth.principal import SessionKind
from datasources.ids import new_id
from datasources.postgres import audit, identities
from datasources.postgres.accounts import (
    fetch_account,
    fetch_account_of_login,
    insert_account,
)
from datasources.postgres.client import Connection
from datasources.postgres.sign_ups import forget_sign_ups, insert_user
from datasources.records.sessions import ProviderSession
from datasources.records.users import UserRecord
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.errors import Forbidden, InvalidInput, WrongCredentials
from resolvers.identities import link
from resolvers.newcomers import Newcomer, newcomer, newcomer_of, sealed
from resolvers.profile_commands import checked_name
from resolvers.proof import WRONG
from resolvers.second_factor import SecondFactorRequired, begin_challenge
from resolvers.sessions import SignedIn, begin_session

_TAKEN = "Somebody else has this handle."
ID_TOKEN = "id-token"  # noqa: S105  a purpose, no token
"""What an ID token is sealed for."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody here is called so by the provider; `sealed` is for the browser to keep meanwhile."""

    sealed: str = field(repr=False)


async def sign_in_with(
    context: RequestContext, provider: str, person: Person
) -> SignedIn | SecondFactorRequired | Unknown:
    """Begin a session of whom a provider vouches for, where they are linked to an account.

    Raises:
        WrongCredentials: the account is closed, or they were unlinked meanwhile.
    """
    found = await identities.fetch_identity(context.stores.postgres, person.issuer, person.subject)
    if found is None:
        return Unknown(sealed(context, newcomer(context, provider, person)))
    account = await fetch_account(context.stores.postgres, found.user_id)
    if account is None:
        raise WrongCredentials(WRONG)
    elsewhere = _elsewhere(context, person.issuer, person.sid, person.id_token)
    how = _how(provider)
    if account.totp_confirmed_at is not None:
        return await begin_challenge(context, account, SessionKind.COOKIE, how, elsewhere, found.id)
    signed_in = await begin_session(
        context, found.user_id, SessionKind.COOKIE, (how,), provider=elsewhere, identity_id=found.id
    )
    async with context.stores.postgres.transaction() as connection:
        await identities.use_identity(connection, found.id, context.clock())
    return signed_in


async def has_account(context: RequestContext, who: Newcomer) -> bool:
    """Whether the address that a newcomer's provider has confirmed has an account here."""
    if who.email is None:
        return False
    key = email_key(who.email)
    return await fetch_account_of_login(context.stores.postgres, key) is not None


async def sign_up_with(
    context: RequestContext, sealed_text: str, handle: str, display_name: str
) -> SignedIn:
    """Make an account for who waits in a browser, and sign them in.

    Its address is the one that the provider has confirmed, and it has no password.

    Raises:
        WrongCredentials: nobody waits, or not any more.
        InvalidInput: a value that cannot be taken, or the address has an account.
        Forbidden: the provider has confirmed no address.
    """
    who = newcomer_of(context, sealed_text)
    if not is_handle(handle):
        raise InvalidInput(("input", "handle"), RULES)
    name = checked_name(display_name)
    if who.email is None:
        raise Forbidden("The provider has told no confirmed address. Sign up with one first.")
    async with context.stores.postgres.transaction() as connection:
        user = await _made(context, connection, who, who.email, handle, name)
    elsewhere = _elsewhere(context, who.issuer, who.sid, "")
    how = (_how(who.provider),)
    return await begin_session(context, user.id, SessionKind.COOKIE, how, provider=elsewhere)


async def _made(
    context: RequestContext,
    connection: Connection,
    who: Newcomer,
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
    noted = entry(context, "signUp", actor_id=user.id, provider=who.provider)
    await audit.record(connection, noted)
    await link(context, connection, who, user.id)
    return user


def _how(provider: str) -> str:
    return f"provider:{provider}"


def _elsewhere(
    context: RequestContext, issuer: str, sid: str | None, id_token: str
) -> ProviderSession:
    sealed = context.identity.vault.seal(id_token.encode(), ID_TOKEN)
    return ProviderSession(issuer, sid, base64.b64encode(sealed).decode())
