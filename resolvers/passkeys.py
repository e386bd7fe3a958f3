"""Passkeys: added, named and removed."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from auth import passkey_options as ask
from auth import passkeys as answers
from datasources.ids import new_id
from datasources.loaders.passkeys import PasskeysOfUser
from datasources.loaders.users import UserById
from datasources.postgres import audit
from datasources.postgres import passkeys as stored
from datasources.postgres.accounts import lock_account
from datasources.records.passkeys import PasskeyRecord
from datasources.redis import challenges
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
from resolvers.mails import MailTemplate, queue_mail
from resolvers.proof import prove
from resolvers.signed_in import signed_in
from resolvers.text import NOT_TEXT
from resolvers.ways_in import has_way_in

MAX_PASSKEYS = 20
_MAX_NAME_CHARS = 60
_LATELY = timedelta(minutes=10)
_ADDING = "passkey-registration"
WRONG = "This passkey is not known here, or its challenge has expired or was used."
_NOT_YOURS = "There is no such passkey."


@dataclass(frozen=True, slots=True)
class PasskeyOptions:
    """What a browser is asked; its challenge is good for one answer."""

    options: dict[str, Any] = field(repr=False)
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class PasskeyAdded:
    """A new passkey."""

    passkey: PasskeyRecord


@dataclass(frozen=True, slots=True)
class PasskeyRenamed:
    """A passkey under its new name."""

    passkey: PasskeyRecord


@dataclass(frozen=True, slots=True)
class PasskeyRemoved:
    """A passkey that nobody can sign in with any more."""

    id: UUID


# --- adding -------------------------------------------------------------------------------------


async def start_passkey_registration(
    context: RequestContext, password: str | None = None
) -> PasskeyOptions:
    """Return what `navigator.credentials.create` is asked, for the person who is signed in.

    Their password is asked for where they signed in more than ten minutes ago: who finds a session
    must not keep the account.

    Raises:
        WrongCredentials, RateLimited: see `prove`; or there is no password, and it was long ago.
        LimitExceeded: they have 20.
        StoreUnavailable, StoreTimeout: a store did not answer.
    """
    user_id = signed_in(context)
    if password is not None:
        await prove(context, password)
    elif not signed_in_lately(context):
        raise WrongCredentials("Give your password, or sign in again: it is too long ago.")
    known = await context.loaders.of(PasskeysOfUser).load(user_id) or ()
    user = await context.loaders.of(UserById).load(user_id)
    if user is None:
        raise Unauthenticated("Sign in first.")
    _room_for_one(len(known))
    seconds = context.identity.settings.challenge_s
    value = {"user_id": str(user_id)}
    challenge = await challenges.put(context.stores.redis, _ADDING, value, seconds)
    options = ask.registration_options(
        party_of(context),
        challenge,
        (user_id, user.handle, user.display_name),
        [(one.credential_id, one.transports) for one in known],
        seconds,
    )
    return PasskeyOptions(options, seconds)


async def add_passkey(context: RequestContext, credential: object, name: str) -> PasskeyAdded:
    """Keep the passkey that a browser made for the person who is signed in.

    Raises:
        InvalidInput: the name or the credential cannot be taken, or it is known already.
        WrongCredentials: it does not answer a challenge of theirs, or does not hold.
        LimitExceeded: they have 20.
    """
    user_id, name = signed_in(context), _checked_name(name)
    try:
        answer = answers.read_registration(credential)
    except answers.Malformed:
        raise no_credential() from None
    begun = await challenges.take(context.stores.redis, _ADDING, answer.challenge)
    if begun is None or begun["user_id"] != str(user_id):
        raise WrongCredentials(WRONG)
    try:
        made = answers.check_registration(party_of(context), answer)
    except answers.Refused:
        raise WrongCredentials(WRONG) from None
    passkey = PasskeyRecord(
        id=new_id(),
        user_id=user_id,
        credential_id=made.id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        transports=made.transports,
        name=name,
        backed_up=made.backed_up,
        created_at=context.clock(),
        last_used_at=None,
    )
    await _keep(context, passkey)
    return PasskeyAdded(passkey)


async def _keep(context: RequestContext, passkey: PasskeyRecord) -> None:
    user_id = passkey.user_id
    async with context.stores.postgres.transaction() as connection:
        account = await lock_account(connection, user_id)
        if account is None or account.disabled_at is not None:
            raise Unauthenticated("Sign in first.")
        _room_for_one(await stored.count_passkeys(connection, user_id))
        if not await stored.add_passkey(connection, passkey):
            raise InvalidInput(("credential",), "This passkey is known already.")
        await audit.record(connection, entry(context, "addPasskey", passkey=str(passkey.id)))
        await queue_mail(connection, MailTemplate.PASSKEY_ADDED, user_id=user_id)


# --- keeping ------------------------------------------------------------------------------------


async def rename_passkey(context: RequestContext, id_: UUID | None, name: str) -> PasskeyRenamed:
    """Give a passkey of the person who is signed in another name.

    Raises:
        InvalidInput: the name cannot be taken.
        NotFound: they have no such passkey; None is nobody's.
    """
    user_id, name = signed_in(context), _checked_name(name)
    async with context.stores.postgres.transaction() as connection:
        renamed = id_ and await stored.rename_passkey(connection, user_id, id_, name)
        if not renamed:
            raise NotFound(_NOT_YOURS)
        await audit.record(connection, entry(context, "renamePasskey", passkey=str(id_)))
    return PasskeyRenamed(renamed)


async def remove_passkey(
    context: RequestContext, id_: UUID | None, password: str | None
) -> PasskeyRemoved:
    """Remove a passkey of the person who is signed in. Sessions begun with it go on.

    Raises:
        WrongCredentials, RateLimited: see `prove`.
        NotFound: they have no such passkey; None is nobody's.
        Forbidden: without it nothing would lead into their account.
    """
    user_id = (await prove(context, password)).user_id
    async with context.stores.postgres.transaction() as connection:
        account = await lock_account(connection, user_id)  # two at once remove one of two
        if id_ is None or not await stored.remove_passkey(connection, user_id, id_):
            raise NotFound(_NOT_YOURS)
        if not await has_way_in(context, connection, account):
            raise Forbidden("Only this passkey leads into the account. Set a password first.")
        await audit.record(connection, entry(context, "removePasskey", passkey=str(id_)))
    return PasskeyRemoved(id_)


def party_of(context: RequestContext) -> ask.RelyingParty:
    """Return whom passkeys are for: this installation, by its public address."""
    return ask.RelyingParty.at(context.identity.public_url)


def signed_in_lately(context: RequestContext) -> bool:
    """Whether the person showed who they are within the last ten minutes."""
    since = context.principal.authenticated_at
    return since is not None and context.clock() - since <= _LATELY


def _room_for_one(count: int) -> None:
    if count >= MAX_PASSKEYS:
        raise LimitExceeded(f"An account has at most {MAX_PASSKEYS} passkeys. Remove one first.")


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _MAX_NAME_CHARS or NOT_TEXT.search(name):
        raise InvalidInput(("name",), f"A name has 1 to {_MAX_NAME_CHARS} characters.")
    return name


def no_credential() -> InvalidInput:
    """Return what is said to what no browser gave."""
    return InvalidInput(("credential",), "This is not what a browser gives for a passkey.")
