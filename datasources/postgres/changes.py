"""The transaction of a change: it waits for nobody long, and knows when its end is not known."""

import asyncio
from collections.abc import Awaitable, Callable
from random import uniform
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.errors import OutcomeUnknown, StoreError, StoreTimeout, StoreUnavailable
from datasources.postgres.client import STORE, Postgres

T = TypeVar("T")

# Shorter than what a statement of a request may take: one that waits for a lock is given up by
# the server, in good order, and tried again.
_LOCK_TIMEOUT = text("set local lock_timeout = '500ms'")

_RETRIES = 3
_PAUSE_S = 0.02

# SQLSTATE: deadlock, serialization failure, lock not available.
_WORTH_ANOTHER_TRY = {"40P01", "40001", "55P03"}


async def in_transaction(postgres: Postgres, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Do work in one transaction (READ COMMITTED), and return what it returns once it is stored.

    What `work` raises rolls all of it back. It is done again, up to three times, where it met a
    deadlock or waited too long for a lock: it must have no other effect than on its connection.

    Raises:
        OutcomeUnknown: the connection was lost while the transaction was being committed.
        StoreUnavailable, StoreTimeout: the store did not answer, or others held what was needed;
            nothing is stored.
    """
    for attempt in range(_RETRIES + 1):
        if attempt:
            await asyncio.sleep(uniform(0.5, 1.5) * _PAUSE_S * attempt)  # noqa: S311  no secret
        try:
            return await _once(postgres, work)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _WORTH_ANOTHER_TRY:
                raise
            last = error
    raise StoreTimeout(STORE, "others held what this needed") from last


async def _once(postgres: Postgres, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    committing = False
    try:
        async with postgres.transaction() as connection:
            await connection.execute(_LOCK_TIMEOUT)
            result = await work(connection)
            await _still_there(connection)
            committing = True
    except StoreError as error:
        if committing:
            raise OutcomeUnknown(STORE, error.detail) from error
        raise
    return result


async def _still_there(connection: AsyncConnection) -> None:
    """Refuse to commit where the connection is known to be lost: then nothing will be sent.

    Raises:
        StoreUnavailable: it is.
    """
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is not None and driver.is_closed():
        raise StoreUnavailable(STORE, "the connection was lost")
