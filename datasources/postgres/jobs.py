"""A queue of work: written in the transaction that causes it, done by whoever takes it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.ids import new_id
from datasources.postgres.account_tables import jobs
from datasources.postgres.client import Postgres
from datasources.records.jobs import JobRecord


async def enqueue(connection: AsyncConnection, kind: str, payload: Mapping[str, object]) -> None:
    """Ask for work, once the connection's transaction is committed (`jobs`).

    `payload` is what JSON holds, and never a secret: whoever does the work makes those.
    """
    await connection.execute(
        jobs.insert().values(
            id=new_id(),
            kind=kind,
            payload=dict(payload),
            created_at=func.now(),
            due_at=func.now(),
        )
    )


async def take(postgres: Postgres, limit: int, lease: timedelta) -> Sequence[JobRecord]:
    """Return work that is due, the longest waiting first, and count the attempt (`jobs`).

    What is taken comes back when the lease has passed and it is still not finished: a worker that
    dies loses nothing. Two workers never take the same.
    """
    due = (
        select(jobs.c.id)
        .where(jobs.c.failed_at.is_(None), jobs.c.due_at <= func.now())
        .order_by(jobs.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(jobs)
        .where(jobs.c.id.in_(due.scalar_subquery()))
        .values(due_at=func.now() + lease, attempts=jobs.c.attempts + 1)
        .returning(jobs.c.id, jobs.c.kind, jobs.c.payload, jobs.c.attempts)
    )
    async with postgres.transaction() as connection:
        rows = (await connection.execute(taken)).all()
    return [JobRecord(*row) for row in rows]
