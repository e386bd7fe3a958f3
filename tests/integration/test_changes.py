"""The transaction of a change: tried again where others are in the way, never stored in part.

What is lost in the commit itself: test_idempotency_at_once.py.
"""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.errors import StoreTimeout, StoreUnavailable
from datasources.postgres.changes import in_transaction
from datasources.postgres.client import Postgres
from datasources.stores import Stores

KILL = "select pg_terminate_backend(:pid)"


@pytest.fixture
async def postgres(empty_stores: Stores) -> Postgres:
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(text("create table spots (id int primary key, n int not null)"))
        await connection.execute(text("insert into spots values (1, 0), (2, 0)"))
    return empty_stores.postgres


async def count(connection: AsyncConnection, spot: int) -> None:
    await connection.execute(text("update spots set n = n + 1 where id = :id"), {"id": spot})


async def counts(postgres: Postgres) -> list[int]:
    return [row[0] for row in await postgres.read(text("select n from spots order by id"))]


async def kill(postgres: Postgres, connection: AsyncConnection) -> None:
    """End the server's part of a connection, and wait until it is gone."""
    (pid,) = (await connection.execute(text("select pg_backend_pid()"))).one()
    await postgres.read(text(KILL), {"pid": pid})
    gone = text("select 1 from pg_stat_activity where pid = :pid")
    async with asyncio.timeout(30):
        while await postgres.read(gone, {"pid": pid}):  # noqa: ASYNC110  the server tells nobody
            await asyncio.sleep(0.001)


async def test_what_was_done_is_stored_and_its_result_returned(postgres: Postgres) -> None:
    async def work(connection: AsyncConnection) -> str:
        await count(connection, 1)
        return "done"

    assert await in_transaction(postgres, work) == "done"
    assert await counts(postgres) == [1, 0]


async def test_what_is_raised_rolls_back_and_is_not_tried_again(postgres: Postgres) -> None:
    tries = 0

    async def work(connection: AsyncConnection) -> None:
        nonlocal tries
        tries += 1
        await count(connection, 1)
        await connection.execute(text("select nothing from nowhere"))

    with pytest.raises(ProgrammingError):
        await in_transaction(postgres, work)
    assert (tries, await counts(postgres)) == (1, [0, 0])


async def test_two_that_wait_for_each_other_are_both_done(postgres: Postgres) -> None:
    met, tries = asyncio.Barrier(2), 0

    def both(first: int, second: int) -> object:
        waits = True

        async def work(connection: AsyncConnection) -> None:
            nonlocal waits, tries
            tries += 1
            # A deadlock is found after a second; a lock that is waited for too long, sooner.
            await connection.execute(text("set local lock_timeout = 0"))
            await count(connection, first)
            if waits:
                waits = False
                await met.wait()
            await count(connection, second)

        return in_transaction(postgres, work)

    await asyncio.gather(both(1, 2), both(2, 1))  # type: ignore[call-overload]  # awaitables
    assert (tries, await counts(postgres)) == (3, [2, 2])


async def test_who_waits_too_long_gives_up_after_four_tries(postgres: Postgres) -> None:
    tries = 0

    async def work(connection: AsyncConnection) -> None:
        nonlocal tries
        tries += 1
        await connection.execute(text("set local lock_timeout = '1ms'"))
        await count(connection, 1)

    async with postgres.transaction() as holding:
        await count(holding, 1)
        with pytest.raises(StoreTimeout):
            await in_transaction(postgres, work)
    assert (tries, await counts(postgres)) == (4, [1, 0])


async def test_a_lock_is_not_waited_for_without_end(postgres: Postgres) -> None:
    async def work(connection: AsyncConnection) -> str:
        shown = await connection.execute(text("show lock_timeout"))
        return str(shown.scalar_one())

    assert await in_transaction(postgres, work) == "500ms"
    assert (await postgres.read(text("show lock_timeout")))[0][0] == "0"


async def test_what_is_lost_before_the_commit_is_not_stored(postgres: Postgres) -> None:
    async def between(connection: AsyncConnection) -> None:
        await count(connection, 1)
        await kill(postgres, connection)
        await count(connection, 1)

    async def at_the_end(connection: AsyncConnection) -> None:
        await count(connection, 1)
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await kill(postgres, connection)
        async with asyncio.timeout(30):
            while not driver.is_closed():  # noqa: ASYNC110  the driver tells nobody
                await asyncio.sleep(0.001)

    for work in (between, at_the_end):
        with pytest.raises(StoreUnavailable):
            await in_transaction(postgres, work)
    assert await counts(postgres) == [0, 0]
