"""A queue of work: written in the transaction that causes it, done by whoever takes it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Update, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.ids import new_id
from datasources.postgres.account_tables import (
    jobs,
    mail_tokens,
    pending_sign_ups,
    token_families,
)
from datasources.postgres.client import Postgres
from datasources.postgres.reading import any_of
from datasources.records.jobs import JobRecord

_A_DAY = timedelta(days=1)
_FAILED_ARE_KEPT = timedelta(days=30)
_KEPT_OF_FAILED = frozenset({"template", "user_id", "sign_up_id"})


async def enqueue(connection: AsyncConnection, kind: str, payload: Mapping[str, object]) -> None:
    """Ask for work, once the connection's transaction is committed (`jobs`).

    `payload` is what JSON holds, and never a secret: whoever does the work makes those.
    """
    await connection.execute(
        jobs.insert().values(
            id=new_id(),
            kind=str(kind),
            payload=dict(payload),
            created_at=func.now(),
            due_at=func.now(),
        )
    )


async def take(
    postgres: Postgres, kinds: Collection[str], limit: int, lease: timedelta
) -> Sequence[JobRecord]:
    """Return work of some kinds that is due, and count the attempt (`jobs`).

    The longest waiting comes first. What is taken comes back when the lease has passed and it is
    still not finished: a worker that dies loses nothing. Two workers never take the same.
    """
    due = (
        select(jobs.c.id)
        .where(
            jobs.c.failed_at.is_(None),
            jobs.c.due_at <= func.now(),
            any_of(jobs.c.kind, [str(kind) for kind in kinds]),
        )
        .order_by(jobs.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        # Locked once, whatever the plan: a subquery beside the table might be run for each row.
        .cte("due")
    )
    taken = (
        update(jobs)
        .where(jobs.c.id == due.c.id)
        .values(due_at=func.now() + lease, attempts=jobs.c.attempts + 1)
        .returning(jobs.c.id, jobs.c.kind, jobs.c.payload, jobs.c.attempts)
    )
    async with postgres.transaction() as connection:
        rows = (await connection.execute(taken)).all()
    return sorted((JobRecord(*row) for row in rows), key=lambda job: job.id)


async def keep(postgres: Postgres, job: JobRecord, lease: timedelta) -> bool:
    """Make the lease of work under way last from now; False where it is not ours any more."""
    return await _change(postgres, _taken(job).values(due_at=func.now() + lease))


async def finish(connection: AsyncConnection, job: JobRecord) -> None:
    """Remove work that is done (`jobs`)."""
    await connection.execute(delete(jobs).where(jobs.c.id == job.id))


async def put_off(postgres: Postgres, job: JobRecord, delay: timedelta, error: str) -> bool:
    """Have work tried again later; False where it is not ours any more (`jobs`).

    `error` is for operators: a kind of failure, without names, addresses or secrets.
    """
    later = _taken(job).values(due_at=func.now() + delay, last_error=error)
    return await _change(postgres, later)


async def give_back(postgres: Postgres, job: JobRecord) -> bool:
    """Leave work that was begun to whoever takes it next, as if it had not been taken (`jobs`)."""
    back = _taken(job).values(due_at=func.now(), attempts=jobs.c.attempts - 1)
    return await _change(postgres, back)


async def give_up(postgres: Postgres, job: JobRecord, error: str) -> bool:
    """Keep work that cannot be done, and try no more; False where it is not ours any more.

    Of its payload stays what says which it was: an address does not outlive its account here.
    """
    kept = {name: value for name, value in job.payload.items() if name in _KEPT_OF_FAILED}
    given_up = _taken(job).values(failed_at=func.now(), last_error=error, payload=kept)
    return await _change(postgres, given_up)


async def sweep(postgres: Postgres) -> int:
    """Remove what has expired, and return how much that was.

    From `mail_tokens`, `pending_sign_ups` and `token_families`, and of `jobs` what was given up a
    month ago.
    """
    expired = (
        delete(mail_tokens).where(mail_tokens.c.expires_at <= func.now()),
        delete(pending_sign_ups).where(pending_sign_ups.c.expires_at <= func.now()),
        delete(token_families).where(token_families.c.expires_at <= func.now() - _A_DAY),
        delete(jobs).where(jobs.c.failed_at <= func.now() - _FAILED_ARE_KEPT),
    )
    async with postgres.transaction() as connection:
        return sum([(await connection.execute(one)).rowcount for one in expired])


def _taken(job: JobRecord) -> Update:
    """Return a change of work as this worker took it: whoever takes it next counts on."""
    mine = (jobs.c.id == job.id, jobs.c.attempts == job.attempts, jobs.c.failed_at.is_(None))
    return update(jobs).where(*mine)


async def _change(postgres: Postgres, statement: Update) -> bool:
    async with postgres.transaction() as connection:
        return (await connection.execute(statement)).rowcount > 0
