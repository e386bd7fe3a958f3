"""Links in mails that must not outlive a change of password or address."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.account_tables import jobs, mail_tokens
from datasources.records.accounts import MailTokenPurpose
from datasources.records.jobs import JobKind
from datasources.records.mail import MailTemplate


async def void_links(connection: AsyncConnection, user_id: UUID) -> None:
    """Make all links worthless that an account was sent, or is about to be (`mail_tokens`, `jobs`).

    Who knew the old password may have asked for another address; who reads the old address may
    have asked for another password.
    """
    purposes = (MailTokenPurpose.CHANGE_EMAIL, MailTokenPurpose.RESET_PASSWORD)
    await connection.execute(
        delete(mail_tokens).where(
            mail_tokens.c.subject_id == user_id, mail_tokens.c.purpose.in_(purposes)
        )
    )
    await connection.execute(
        delete(jobs).where(
            jobs.c.kind == JobKind.SEND_MAIL,
            jobs.c.payload["template"].astext == MailTemplate.CHANGE_EMAIL,
            jobs.c.payload["user_id"].astext == str(user_id),
        )
    )
