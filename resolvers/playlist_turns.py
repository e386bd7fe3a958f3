"""Turns: what would wait for one row in the store waits here, without a connection."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from resolvers.errors import Overloaded

_PATIENCE_S = 5.0

# A lock is there as long as somebody holds it or waits for it.
_locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()


def is_taken(subject: Hashable) -> bool:
    """Return whether somebody of this process changes a subject, and one would wait for a turn."""
    lock = _locks.get(subject)
    return lock is not None and lock.locked()


@asynccontextmanager
async def turn(subject: Hashable) -> AsyncIterator[None]:
    """Let those of this process who change one subject do so one after the other, as they came.

    Each would hold a connection while it waits for the others in the store: twenty who edit one
    playlist would leave none to anybody else. Other processes are kept apart by the store.

    Raises:
        Overloaded: it was not our turn for 5 seconds.
    """
    lock = _locks.setdefault(subject, asyncio.Lock())
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await lock.acquire()
    except TimeoutError as error:
        raise Overloaded("Too many change this at the moment: try again soon.") from error
    try:
        yield
    finally:
        lock.release()
