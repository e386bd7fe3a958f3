"""Passkeys: added, used to sign in, named and removed."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from auth import passkey_options as ask
from auth import passkeys as answers
from auth.principal import SessionKind
from datasources.ids import new_id
from datasources.loaders.passkeys import PasskeysOfUser
from datasources.loaders.users import UserById
from datasources.postgres import audit
from datasources.postgres import passkeys as stored
from datasources.postgres.accounts import lock_account
from datasources.records.audit import AuditResult
from datasources.records.passkeys import PasskeyRecord
from datasources.redis import challenges
from resolvers.attempts import count_asked
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
from resolvers.sessions import NEEDS_PREFLIGHT, SignedIn, begin_session
from resolvers.signed_in import signed_in
from resolvers.text import NOT_TEXT
from resolvers.ways_in import has_way_in

MAX_PASSKEYS = 20
_MAX_NAME_CHARS = 60
_LATELY = timedelta(minutes=10)
_STARTS_PER_NETWORK, _STARTS_WINDOW = 30, timedelta(minutes=5)
_ADDING, _SIGNING_IN = "passkey-registration", "passkey-sign-in"
_WRONG = "This passkey is not known here, or its challenge has expired or was used."
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
        _party(context),
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
        raise _no_credential() from None
    begun = await challenges.take(context.stores.redis, _ADDING, answer.challenge)
    if begun is None or begun["user_id"] != str(user_id):
        raise WrongCredentials(_WRONG)
    try:
        made = answers.check_registration(_party(context), answer)
    except answers.Refused:
        raise WrongCredentials(_WRONG) from None
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


# --- signing in ---------------------------------------------------------------------------------


async def start_passkey_sign_in(context: RequestContext) -> PasskeyOptions:
    """Return what `navigator.credentials.get` is asked: whichever passkey somebody has here.

    Raises:
        RateLimited: there were 30 in five minutes from where the request comes.
        StoreUnavailable, StoreTimeout: Redis did not answer.
    """
    # Nobody has to answer, and each is kept for minutes.
    await count_asked(context, "passkey-starts", _STARTS_PER_NETWORK, _STARTS_WINDOW)
    seconds = context.identity.settings.challenge_s
    challenge = await challenges.put(context.stores.redis, _SIGNING_IN, {}, seconds)
    return PasskeyOptions(ask.sign_in_options(_party(context), challenge, seconds), seconds)


async def sign_in_with_passkey(
    context: RequestContext, credential: object, kind: SessionKind
) -> SignedIn:
    """Sign in with a passkey; no second step follows, and nobody's failures count.

    What is no answer costs no store a question, what answers no challenge of ours one to Redis.

    Raises:
        InvalidInput: this is nothing that a browser gave.
        WrongCredentials: it answers no challenge of ours, is no passkey of ours, or does not hold.
        Forbidden: a browser's session without the header that other sites' pages cannot send.
    """
    try:
        answer = answers.read_sign_in(credential)
    except answers.Malformed:
        raise _no_credential() from None
    if kind is SessionKind.COOKIE and not context.client.preflight:
        raise Forbidden(NEEDS_PREFLIGHT)
    if await challenges.take(context.stores.redis, _SIGNING_IN, answer.challenge) is None:
        raise WrongCredentials(_WRONG)
    passkey = await stored.fetch_passkey_of_credential(
        context.stores.postgres, answer.credential.raw_id
    )
    if passkey is None:
        raise WrongCredentials(_WRONG)
    try:
        used = answers.check_sign_in(_party(context), answer, passkey.user_id, passkey.public_key)
    except answers.Refused:
        await _note_failure(context, passkey, "refused")
        raise WrongCredentials(_WRONG) from None
    async with context.stores.postgres.transaction() as connection:
        goes_on = await stored.use_passkey(
            connection, passkey.id, used.sign_count, context.clock(), backed_up=used.backed_up
        )
    if not goes_on:
        await _note_failure(context, passkey, "signCount")
        raise WrongCredentials(_WRONG)
    return await begin_session(context, passkey.user_id, kind, ("passkey",), shown=passkey)


async def _note_failure(context: RequestContext, passkey: PasskeyRecord, why: str) -> None:
    async with context.stores.postgres.transaction() as connection:
        failed = entry(
            context,
            "signInFailed",
            result=AuditResult.FAILED,
            subject_id=passkey.user_id,
            how="passkey",
            passkey=str(passkey.id),
            why=why,
        )
        await audit.record(connection, failed)


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


def _party(context: RequestContext) -> ask.RelyingParty:
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


def _no_credential() -> InvalidInput:
    return InvalidInput(("credential",), "This is not what a browser gives for a passkey.")
