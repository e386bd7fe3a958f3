"""Changing the address of an account: confirmed by a link to the new one, told to the old one."""

from dataclasses import dataclass
from uuid import UUID

from auth.emails import email_key
from datasources.postgres import audit
from datasources.postgres.account_links import void_links
from datasources.postgres.accounts import lock_account, set_email
from datasources.postgres.client import Connection
from datasources.postgres.mail_tokens import redeem
from datasources.postgres.profiles import update_profile
from datasources.records.accounts import MailTokenPurpose
from datasources.records.users import UserRecord
from resolvers.account_input import checked_email
from resolvers.attempts import count_mail
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.errors import InvalidInput, WrongCredentials
from resolvers.mails import MailTemplate, queue_mail
from resolvers.proof import prove

NO_SUCH_LINK = "This link has expired, or was used before."


@dataclass(frozen=True, slots=True)
class MailRequested:
    """A mail goes to the address, if there is a reason for it."""

    email: str


async def change_email(context: RequestContext, password: str | None, email: str) -> MailRequested:
    """Have a link sent to the new address. Until it is followed, the old one stays.

    The same happens whether or not another account has the address.

    Raises:
        Unauthenticated, WrongCredentials, RateLimited, Overloaded: as for `prove`.
        InvalidInput: this is no address.
        RateLimited: too many mails to this address, or from this network.
    """
    address = checked_email(email)
    account = await prove(context, password)
    await count_mail(context, address, "change")
    async with context.stores.postgres.transaction() as connection:
        await queue_mail(
            connection, MailTemplate.CHANGE_EMAIL, user_id=account.user_id, email=address
        )
        await audit.record(connection, entry(context, "changeEmail", step="requested"))
    return MailRequested(address)


async def confirm_change(
    context: RequestContext, connection: Connection, token: str, user_id: UUID
) -> UserRecord:
    """Give an account the address that its link was sent to, and tell the old one.

    `user_id` is whose link it was when it was looked at.

    Raises:
        WrongCredentials: the link was used meanwhile, or the account is gone, or closed.
        InvalidInput: another account has the address; the link stays good.
    """
    # The account first, as all do who make links worthless: else two wait for each other.
    account = await lock_account(connection, user_id)
    link = await redeem(connection, token, MailTokenPurpose.CHANGE_EMAIL)
    person = await update_profile(connection, user_id, {})
    if link is None or account is None or person is None or account.disabled_at is not None:
        raise WrongCredentials(NO_SUCH_LINK)
    if not await set_email(connection, person.id, link.email, email_key(link.email)):
        raise InvalidInput(("input", "token"), "Another account has this address.")
    await void_links(connection, person.id)
    if account.email is not None and account.email != link.email:
        await queue_mail(connection, MailTemplate.EMAIL_CHANGED, email=account.email)
    await audit.record(
        connection, entry(context, "changeEmail", actor_id=person.id, step="confirmed")
    )
    return person
