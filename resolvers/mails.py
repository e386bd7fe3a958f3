"""Mails that people are to get: asked for here, in the transaction that causes them."""

from uuid import UUID

from datasources.postgres.client import Connection
from datasources.postgres.jobs import enqueue
from datasources.records.jobs import JobKind
from datasources.records.mail import MailTemplate

__all__ = ["MailTemplate", "queue_mail"]


async def queue_mail(connection: Connection, template: MailTemplate, **payload: UUID | str) -> None:
    """Have a mail sent once the connection's transaction is committed (`jobs`).

    `payload` is what `MailTemplate` says beside each, and never a secret: the worker makes the
    tokens of links, and decides by what it finds then whether there is anything to send.
    """
    values = {name: str(value) for name, value in payload.items()}
    await enqueue(connection, JobKind.SEND_MAIL, {"template": template.value, **values})
