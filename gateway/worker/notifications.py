"""Asks for digests of notifications that are due."""

from datasources.postgres.client import Postgres
from datasources.postgres.notification_digests import take_due
from resolvers.context import utc_now
from resolvers.mails import MailTemplate, queue_mail

_PEOPLE_AT_ONCE = 100


async def queue_digests(postgres: Postgres) -> int:
    """Ask for the mail of everybody who is due for a digest; return how many that were.

    That it is asked for and what goes into it are one transaction: nobody gets the same twice.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; the rest comes the next time.
    """
    queued = 0
    while True:
        now = utc_now()
        async with postgres.transaction() as connection:
            people = await take_due(connection, now, _PEOPLE_AT_ONCE)
            for person in people:
                await queue_mail(
                    connection,
                    MailTemplate.NOTIFICATION_DIGEST,
                    user_id=person,
                    mailed_at=now.isoformat(),
                )
        if not people:
            return queued
        queued += len(people)
