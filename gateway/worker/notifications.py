"""Asks for digests of notifications that are due, and removes old notifications."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from datasources.postgres.client import Postgres
from datasources.postgres.notification_digests import take_due
from datasources.postgres.notifications import remove_old_notifications
from gateway.background import every
from gateway.tasks import beside
from resolvers.context import utc_now
from resolvers.mails import MailTemplate, queue_mail

log = structlog.get_logger(__name__)

_DIGESTS_S = 300.0
_REMOVE_S = 3600.0
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


@asynccontextmanager
async def tending_notifications(postgres: Postgres) -> AsyncIterator[None]:
    """Do both again and again, until the end of the block; any number of processes may."""

    async def digests() -> None:
        if queued := await queue_digests(postgres):
            log.info("digests queued", people=queued)

    async def remove() -> None:
        if removed := await remove_old_notifications(postgres, utc_now()):
            log.info("old notifications removed", removed=removed)

    async with beside(
        every(_DIGESTS_S, "digests", digests),
        every(_REMOVE_S, "old notifications", remove),
    ):
        yield
