"""Events: written in the transaction of what they tell of, and kept until they are published."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.ids import new_id
from datasources.postgres.client import Postgres
from datasources.postgres.playlist_tables import outbox
from datasources.postgres.reading import any_of, columns_of
from datasources.records.events import EventRecord

_LOCKS = 7_326
"""Sets the locks of publishing apart from others that are made of a hash."""

_REPEATED_FOR = timedelta(hours=1)
_KEPT_FOR = timedelta(days=1)
_BATCH = 1000

_COLUMNS = columns_of(EventRecord, outbox)


async def write_event(
    connection: AsyncConnection, topic: str, subject_id: UUID, seq: int, payload: Mapping[str, Any]
) -> None:
    """Tell of a change, once the connection's transaction is committed (`outbox`).

    Whoever writes holds the row of the subject: `seq` is one more than that of the last event of
    this topic and subject, as a playlist's version is. `payload` is what JSON holds, never a secret
    nor who did it: nobody looks into streams for a person whose account is deleted. After the
    commit call `resolvers.publishing.publish`.
    """
    await connection.execute(
        outbox.insert().values(
            id=new_id(),
            topic=topic,
            subject_id=subject_id,
            seq=seq,
            payload=dict(payload),
            created_at=func.now(),
        )
    )


async def try_lock(connection: AsyncConnection, subject_id: UUID) -> bool:
    """Whether this transaction alone may publish what is told of a subject, until it ends."""
    key = func.hashtextextended(str(subject_id), _LOCKS)
    return bool((await connection.execute(select(func.pg_try_advisory_xact_lock(key)))).scalar())


async def fetch_unpublished(
    connection: AsyncConnection, subject_id: UUID, limit: int
) -> Sequence[EventRecord]:
    """Return the first unpublished events of a subject, by topic and `seq` (`outbox`)."""
    statement = (
        select(*_COLUMNS)
        .where(outbox.c.published_at.is_(None), outbox.c.subject_id == subject_id)
        .order_by(outbox.c.topic, outbox.c.seq)
        .limit(limit)
    )
    return [EventRecord(*row) for row in await connection.execute(statement)]


async def fetch_published(
    connection: AsyncConnection, topic: str, subject_id: UUID, after: int, before: int
) -> Sequence[EventRecord]:
    """Return events of the last hour between two `seq`, published ones, in order (`outbox`)."""
    statement = (
        select(*_COLUMNS)
        .where(
            outbox.c.published_at >= func.now() - _REPEATED_FOR,
            outbox.c.topic == topic,
            outbox.c.subject_id == subject_id,
            outbox.c.seq > after,
            outbox.c.seq < before,
        )
        .order_by(outbox.c.seq)
    )
    return [EventRecord(*row) for row in await connection.execute(statement)]


async def mark_published(connection: AsyncConnection, ids: Collection[UUID]) -> None:
    """Say of events that they are published (`outbox`)."""
    mark = update(outbox).where(any_of(outbox.c.id, ids)).values(published_at=func.now())
    await connection.execute(mark)


async def has_unpublished(postgres: Postgres, subject_id: UUID) -> bool:
    """Whether an event of a subject waits (`outbox`)."""
    waiting = select(literal(1)).where(
        outbox.c.published_at.is_(None), outbox.c.subject_id == subject_id
    )
    return bool(await postgres.read(waiting.limit(1)))


async def fetch_subjects(
    postgres: Postgres, after: UUID | None = None, limit: int = 100
) -> Sequence[UUID]:
    """Return subjects with unpublished events, by id, from the one after `after` (`outbox`)."""
    statement = select(outbox.c.subject_id).distinct().where(outbox.c.published_at.is_(None))
    if after is not None:
        statement = statement.where(outbox.c.subject_id > after)
    rows = await postgres.read(statement.order_by(outbox.c.subject_id).limit(limit))
    return [row[0] for row in rows]


async def oldest_unpublished(postgres: Postgres) -> tuple[int, datetime | None]:
    """Return how many events wait, and since when the first does (`outbox`)."""
    statement = select(func.count(), func.min(outbox.c.created_at)).where(
        outbox.c.published_at.is_(None)
    )
    ((waiting, since),) = await postgres.read(statement)
    return waiting, since


async def remove_old(postgres: Postgres) -> int:
    """Remove events published a day ago, some at a time, and return how many (`outbox`)."""
    removed = 0
    old = outbox.c.published_at <= func.now() - _KEPT_FOR
    # Locked once, whatever the plan: a subquery beside the table might be run for each row.
    some = select(outbox.c.id).where(old).limit(_BATCH).with_for_update(skip_locked=True).cte()
    while True:
        async with postgres.transaction() as connection:
            gone = await connection.execute(delete(outbox).where(outbox.c.id == some.c.id))
        removed += gone.rowcount
        if gone.rowcount < _BATCH:
            return removed
