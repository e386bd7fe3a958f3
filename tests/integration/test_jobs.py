"""The queue: nothing is lost, nothing is done by two, and what fails comes back later."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from datasources.ids import new_id
from datasources.postgres import jobs as queue
from datasources.postgres.account_tables import jobs, mail_tokens, pending_sign_ups
from datasources.records.accounts import MailTokenPurpose
from datasources.records.jobs import JobKind, JobRecord
from datasources.stores import Stores
from gateway.worker.loop import MAX_TRIES, delay_after

LEASE = timedelta(minutes=1)
MAIL = JobKind.SEND_MAIL


async def _enqueue(stores: Stores, count: int = 1, kind: str = MAIL) -> None:
    async with stores.postgres.transaction() as connection:
        for number in range(count):
            await queue.enqueue(connection, kind, {"number": number})


async def _take(stores: Stores, limit: int = 10) -> list[JobRecord]:
    return list(await queue.take(stores.postgres, [MAIL], limit, LEASE))


async def _pass(stores: Stores, time: timedelta) -> None:
    """Let time pass for the queue."""
    async with stores.postgres.transaction() as connection:
        await connection.execute(update(jobs).values(due_at=jobs.c.due_at - time))


async def test_work_comes_with_the_transaction_that_causes_it(empty_stores: Stores) -> None:
    async with empty_stores.postgres.transaction() as connection:
        await queue.enqueue(connection, MAIL, {})
        assert await _take(empty_stores) == []
        await connection.rollback()
    assert await _take(empty_stores) == []
    await _enqueue(empty_stores)
    (job,) = await _take(empty_stores)
    assert (job.kind, job.payload, job.attempts) == (MAIL, {"number": 0}, 1)


async def test_of_many_workers_each_takes_its_own(empty_stores: Stores) -> None:
    await _enqueue(empty_stores, 60)
    taken = await asyncio.gather(*(_take(empty_stores, 7) for _ in range(10)))
    counted = Counter(job.id for batch in taken for job in batch)
    assert all(len(batch) <= 7 for batch in taken)
    rest = [job.id for _ in range(10) for job in await _take(empty_stores, 7)]
    counted.update(rest)
    assert len(counted) == 60
    assert set(counted.values()) == {1}


async def test_the_longest_waiting_comes_first(empty_stores: Stores) -> None:
    for _ in range(3):
        await _enqueue(empty_stores)
    ids = [(await _take(empty_stores, 1))[0].id for _ in range(3)]
    assert ids == sorted(ids)


async def test_what_a_dead_worker_had_comes_back_after_its_lease(empty_stores: Stores) -> None:
    await _enqueue(empty_stores)
    (job,) = await _take(empty_stores)
    assert await _take(empty_stores) == []
    await _pass(empty_stores, LEASE)
    (again,) = await _take(empty_stores)
    assert (again.id, again.attempts) == (job.id, 2)
    # The first one was not dead but slow: it has no say any more.
    assert not await queue.put_off(empty_stores.postgres, job, LEASE, "slow")
    assert not await queue.keep(empty_stores.postgres, job, LEASE)
    assert not await queue.give_up(empty_stores.postgres, job, "slow")
    assert await queue.keep(empty_stores.postgres, again, 3 * LEASE)
    await _pass(empty_stores, LEASE)
    assert await _take(empty_stores) == []


async def test_what_is_put_off_or_given_up_is_not_there(empty_stores: Stores) -> None:
    await _enqueue(empty_stores, 2)
    later, never = await _take(empty_stores)
    assert await queue.put_off(empty_stores.postgres, later, 2 * LEASE, "a reason")
    assert await queue.give_up(empty_stores.postgres, never, "another")
    await _pass(empty_stores, 2 * LEASE)
    (again,) = await _take(empty_stores)
    assert (again.id, again.attempts) == (later.id, 2)
    rows = await empty_stores.postgres.read(select(jobs.c.last_error, jobs.c.failed_at))
    assert {(row[0], row[1] is None) for row in rows} == {("a reason", True), ("another", False)}


async def test_what_is_given_up_says_what_it_was_and_holds_no_address(
    empty_stores: Stores,
) -> None:
    ids = {"user_id": str(new_id()), "sign_up_id": str(new_id())}
    payload = {"template": "CHANGE_EMAIL", "email": "ann@example.org", "more": "Ann", **ids}
    async with empty_stores.postgres.transaction() as connection:
        await queue.enqueue(connection, MAIL, payload)
    (job,) = await _take(empty_stores)
    assert await queue.give_up(empty_stores.postgres, job, "550")
    (row,) = await empty_stores.postgres.read(select(jobs.c.payload))
    assert row.payload == {"template": "CHANGE_EMAIL", **ids}


async def test_what_is_given_back_was_never_taken(empty_stores: Stores) -> None:
    await _enqueue(empty_stores)
    (job,) = await _take(empty_stores)
    assert await queue.give_back(empty_stores.postgres, job)
    assert await _take(empty_stores) == [job]


async def test_what_nobody_here_can_do_waits(empty_stores: Stores) -> None:
    await _enqueue(empty_stores, kind="of_a_later_version")
    assert await _take(empty_stores) == []


async def test_finished_work_is_gone_with_its_transaction(empty_stores: Stores) -> None:
    await _enqueue(empty_stores)
    (job,) = await _take(empty_stores)
    async with empty_stores.postgres.transaction() as connection:
        await queue.finish(connection, job)
    assert await empty_stores.postgres.read(select(jobs)) == []


async def test_what_has_expired_is_swept(empty_stores: Stores) -> None:
    await _enqueue(empty_stores, 3)
    old, new, _ = await _take(empty_stores)
    await queue.give_up(empty_stores.postgres, old, "")
    await queue.give_up(empty_stores.postgres, new, "")
    month = timedelta(days=31)
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(
            update(jobs).where(jobs.c.id == old.id).values(failed_at=func.now() - month)
        )
        for days in (-1, 1):
            expires_at = func.now() + timedelta(days=days)
            await connection.execute(
                mail_tokens.insert().values(
                    hash=f"{days}".encode(),
                    purpose=MailTokenPurpose.RESET_PASSWORD,
                    subject_id=new_id(),
                    email="",
                    expires_at=expires_at,
                )
            )
            await connection.execute(
                pending_sign_ups.insert().values(
                    id=new_id(),
                    email="",
                    handle="",
                    display_name="",
                    password_hash="",
                    expires_at=expires_at,
                )
            )
    assert await queue.sweep(empty_stores.postgres) == 3
    assert await queue.sweep(empty_stores.postgres) == 0
    assert len(await empty_stores.postgres.read(select(jobs))) == 2


async def test_taking_reads_the_index_of_what_is_due(empty_stores: Stores) -> None:
    """Given up work may pile up: it is not looked at."""
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(
            text(
                "insert into jobs (id, kind, payload, created_at, due_at, failed_at)"
                " select gen_random_uuid(), 'send_mail', '{}', now(), now(), now()"
                " from generate_series(1, 20000)"
            )
        )
        await connection.execute(text("analyze jobs"))
        plan = await connection.execute(
            text(
                "explain select id from jobs where failed_at is null and due_at <= now()"
                " and kind = any (array['send_mail']) order by due_at limit 4"
                " for update skip locked"
            )
        )
        assert "ix_jobs_due_at" in "\n".join(row[0] for row in plan)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 30), (2, 60), (5, 480), (8, 3600), (99, 3600)]
)
def test_delays_double_up_to_an_hour_and_differ(attempts: int, seconds: float) -> None:
    delays = [delay_after(attempts).total_seconds() for _ in range(100)]
    assert min(delays) >= seconds * 0.8
    assert max(delays) <= seconds * 1.2
    assert len(set(delays)) > 90


def test_twenty_tries_take_half_a_day() -> None:
    total = sum((delay_after(n) for n in range(1, MAX_TRIES)), timedelta())
    assert timedelta(hours=9) < total < timedelta(hours=18)
