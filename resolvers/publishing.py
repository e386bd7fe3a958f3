"""Publishing: what was committed is told to those who listen, at least once and in order."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

import structlog

from datasources.errors import StoreError
from datasources.postgres import outbox
from datasources.postgres.client import Connection
from datasources.records.events import EventRecord
from datasources.redis.events import tell_events
from datasources.stores import Stores

log = structlog.get_logger(__name__)

_AT_ONCE = 200


async def publish(stores: Stores, subject_id: UUID) -> None:
    """Tell what happened to a subject, right after the commit; whatever goes wrong, quietly.

    The change stands by then. What is not published now, the worker publishes later. Waits for
    Redis once, and not at all where others have just waited in vain.
    """
    try:
        await publish_subject(stores, subject_id)
    except StoreError as error:
        log.debug("events are published later", store=error.store)
    except Exception:
        log.exception("events are published later")


async def publish_missed(stores: Stores) -> int:
    """Publish all events that wait, subject by subject; return how many (`outbox`).

    Subjects that somebody else is at are left to them.

    Raises:
        StoreUnavailable, StoreTimeout: a store did not answer; some may be published.
    """
    published, last = 0, None
    while subjects := await outbox.fetch_subjects(stores.postgres, last):
        last = subjects[-1]
        for subject_id in subjects:
            try:
                published += await publish_subject(stores, subject_id)
            except StoreError:
                raise
            except Exception:
                log.exception("events cannot be published", subject=str(subject_id))
    return published


async def publish_subject(stores: Stores, subject_id: UUID) -> int:
    """Publish the events of a subject that wait, in order; return how many (`outbox`).

    Whoever is at it keeps others away, who need not wait: it looks again after it has let go.

    Raises:
        StoreUnavailable, StoreTimeout: a store did not answer; some may be published.
    """
    published = 0
    while True:
        async with stores.postgres.transaction() as connection:
            if not await outbox.try_lock(connection, subject_id):
                return published
            waiting = await outbox.fetch_unpublished(connection, subject_id, _AT_ONCE)
            for topic, events in groupby(waiting, key=lambda one: one.topic):
                await _tell(stores, connection, topic, list(events))
            await outbox.mark_published(connection, [one.id for one in waiting])
        published += len(waiting)
        if not await outbox.has_unpublished(stores.postgres, subject_id):
            return published


async def _tell(
    stores: Stores, connection: Connection, topic: str, events: Sequence[EventRecord]
) -> None:
    """Tell events of one topic, all of them.

    Where Redis lacks some before them, since it has forgotten its last seconds, they are repeated.
    Those that nobody has never existed: an import counts versions without an event. Readers see
    the gap, and read the history.
    """
    subject_id, wanted = events[0].subject_id, list(events)
    last = await tell_events(stores.redis, topic, subject_id, wanted)
    while last < events[-1].seq:
        missing = [one for one in wanted if one.seq > last]
        before = await outbox.fetch_published(connection, topic, subject_id, last, missing[0].seq)
        wanted = [*before, *missing]
        if wanted[0].seq != last + 1:
            log.info("event numbers are skipped", topic=topic, after=last, next=wanted[0].seq)
        last = await tell_events(stores.redis, topic, subject_id, wanted, over_gap=True)
