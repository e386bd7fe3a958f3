"""Signing up: an account begins when the address that was given is confirmed."""

from dataclasses import dataclass
from datetime import timedelta

from auth.emails import email_key
from auth.handles import RULES, handle_key, is_handle
from datasources.ids import new_id
from datasources.postgres import audit
from datasources.postgres.accounts import insert_account
from datasources.postgres.client import Connection
from datasources.postgres.mail_tokens import peek, redeem
from datasources.postgres.sign_ups import (
    fetch_sign_up,
    forget_sign_ups,
    handle_is_taken,
    insert_sign_up,
    insert_user,
    take_sign_up,
)
from datasources.records.accounts import MailTokenPurpose, PendingSignUp
from datasources.records.users import UserRecord
from resolvers.account_input import checked_email, checked_password
from resolvers.attempts import attempt, count_asked, count_mail
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.email_commands import NO_SUCH_LINK, confirm_change
from resolvers.errors import InvalidInput, WrongCredentials
from resolvers.mails import MailTemplate, queue_mail
from resolvers.profile_commands import checked_name
from resolvers.proof import hashing

_SIGN_UP = MailTokenPurpose.VERIFY_SIGN_UP
_PER_NETWORK = 60
_TAKEN = "Somebody else has this handle."


@dataclass(frozen=True, slots=True)
class SignUpAccepted:
    """A mail goes to the address: with a link, or, where it is known, with a word about that."""

    email: str


@dataclass(frozen=True, slots=True)
class AwaitedSignUp:
    """What a link would make an account of."""

    handle: str
    email: str


@dataclass(frozen=True, slots=True)
class EmailVerified:
    """Whose address was confirmed. They sign in next."""

    user: UserRecord


async def sign_up(
    context: RequestContext, email: str, handle: str, display_name: str, password: str
) -> SignUpAccepted:
    """Keep what was given until the address is confirmed, and have a mail sent to it.

    The same happens whether or not the address has an account. Handles are public, so one that is
    taken is said to be.

    Raises:
        InvalidInput: a value that cannot be taken.
        RateLimited: too many mails to this address, or from this network; or too many passwords
            from there were judged.
        Overloaded: too many passwords wait to be hashed.
    """
    address = checked_email(email)
    if not is_handle(handle):
        raise InvalidInput(("input", "handle"), RULES)
    name = checked_name(display_name)
    # Judging a password takes time, good or bad: whoever has it done is counted before.
    await count_asked(context, "sign-ups", _PER_NETWORK)
    await checked_password(password, handle, name, address)
    await count_mail(context, address, "sign-up")
    async with hashing(context) as slot:
        password_hash = await slot.hash(password)
    pending = PendingSignUp(new_id(), address, handle, name, password_hash)
    lifetime = timedelta(seconds=context.identity.settings.mail_link_s)
    async with context.stores.postgres.transaction() as connection:
        if await handle_is_taken(connection, handle_key(handle)):
            raise InvalidInput(("input", "handle"), _TAKEN)
        await insert_sign_up(connection, pending, lifetime)
        await queue_mail(connection, MailTemplate.VERIFY_SIGN_UP, sign_up_id=pending.id)
        await audit.record(connection, entry(context, "signUp"))
    return SignUpAccepted(address)


async def sign_up_of_link(context: RequestContext, token: str) -> AwaitedSignUp | None:
    """Return the sign-up that a link confirms, and change nothing; None for any other link."""
    pending = await _pending_of(context, token)
    return None if pending is None else AwaitedSignUp(pending.handle, pending.email)


async def verify_email(
    context: RequestContext, token: str, password: str | None = None
) -> EmailVerified:
    """Make the account of a sign-up, or change an account's address: what the link was sent for.

    A sign-up needs its password: who reads the mail may be another than who chose that, and would
    make an account for them. Nobody is signed in by it.

    Raises:
        WrongCredentials: the link has expired, was used, or never was; or it is not the password
            of the sign-up, and the link stays good.
        RateLimited: too many wrong passwords for this link, or from this address.
        Overloaded: too many passwords wait to be verified.
        InvalidInput: handle or address were taken meanwhile, or a sign-up comes without its
            password; the link stays good.
    """
    postgres = context.stores.postgres
    # Looked at first: hashing holds no connection, and accounts are locked before their links.
    pending = await _pending_of(context, token)
    if pending is not None:
        await _prove_choice(context, pending, password)
        async with postgres.transaction() as connection:
            return EmailVerified(await _confirm_sign_up(context, connection, token))
    link = await peek(postgres, token, MailTokenPurpose.CHANGE_EMAIL)
    if link is None:
        raise WrongCredentials(NO_SUCH_LINK)
    async with postgres.transaction() as connection:
        return EmailVerified(await confirm_change(context, connection, token, link.subject_id))


async def _pending_of(context: RequestContext, token: str) -> PendingSignUp | None:
    link = await peek(context.stores.postgres, token, _SIGN_UP)
    return None if link is None else await fetch_sign_up(context.stores.postgres, link.subject_id)


async def _prove_choice(
    context: RequestContext, pending: PendingSignUp, password: str | None
) -> None:
    if not password:
        raise InvalidInput(("input", "password"), "A sign-up is confirmed with its password.")
    async with hashing(context) as slot, attempt(context, f"sign-up:{pending.id}"):
        if not (await slot.verify(pending.password_hash, password)).ok:
            raise WrongCredentials("This is not the password that was chosen at the sign-up.")


async def _confirm_sign_up(
    context: RequestContext, connection: Connection, token: str
) -> UserRecord:
    link = await redeem(connection, token, _SIGN_UP)
    pending = None if link is None else await take_sign_up(connection, link.subject_id)
    if pending is None:  # another sign-up with this address was confirmed
        raise WrongCredentials(NO_SUCH_LINK)
    user = await insert_user(
        connection, new_id(), pending.handle, pending.display_name, context.clock()
    )
    if user is None:
        raise InvalidInput(
            ("input", "token"), f"{_TAKEN} Sign up again with another one: it was taken meanwhile."
        )
    key = email_key(pending.email)
    made = await insert_account(
        connection,
        user.id,
        email=pending.email,
        email_key=key,
        password_hash=pending.password_hash,
    )
    if not made:
        raise InvalidInput(
            ("input", "token"),
            "This address has an account already: sign in, or reset its password.",
        )
    await forget_sign_ups(connection, key)
    await audit.record(connection, entry(context, "verifyEmail", actor_id=user.id))
    return user
