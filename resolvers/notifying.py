"""Telling people what happened: written in the transaction that does it, then told live."""

from uuid import UUID, uuid5

from datasources.postgres.client import Connection
from datasources.postgres.notifications import write_notification
from datasources.postgres.outbox import write_event
from datasources.records.notifications import NewNotification, NotificationKind
from datasources.stores import Stores
from resolvers.publishing import publish

__all__ = ["TOPIC", "NewNotification", "NotificationKind", "publish_told", "subject_of", "tell"]

TOPIC = "notifications"
"""Of the outbox and of the live stream."""

_SUBJECTS = UUID("0b6f5f0e-6d0b-4f0c-9a53-5c8a5c0f2d11")


def subject_of(user_id: UUID) -> UUID:
    """Return what stands for a person in events that they were told something.

    So what lies in the outbox and in Redis for a day names nobody.
    """
    return uuid5(_SUBJECTS, str(user_id))


async def tell(connection: Connection, *news: NewNotification) -> None:
    """Tell people of what the connection's transaction does, as its last act.

    Nobody is told what they do not want to be told, or of somebody whom a block hides. The event
    says no more than that there is something: what it is, is read by who may.
    """
    for new in sorted(news, key=lambda one: one.user_id):
        seq = await write_notification(connection, new)
        if seq is not None:
            await write_event(connection, TOPIC, subject_of(new.user_id), seq, {})


async def publish_told(stores: Stores, *user_ids: UUID) -> None:
    """Let those who listen know that these people were told something, right after the commit.

    Whatever goes wrong, quietly: the worker publishes it later.
    """
    for user_id in user_ids:
        await publish(stores, subject_of(user_id))
