"""Credentials that may have ended: told in the live stream, before all that happens later.

A process that reads on knows of the end before it reads of anything that happened after it. What
is told is whose they are, and never which: readers look at what these people or apps hold open.
"""

from uuid import UUID

from datasources.redis.client import Redis
from datasources.redis.live import Eval, announce, announcement

CREDENTIALS = "credentials"
"""The topic. The body of an event is the id of a person or an app."""


def ending(redis: Redis, owner_id: UUID) -> Eval:
    """Return the EVAL that tells of it, as a part of the transaction that ends them."""
    return announcement(redis, CREDENTIALS, str(owner_id))


async def announce_ending(redis: Redis, owner_id: UUID) -> None:
    """Tell all processes to look again at what a person or an app holds open. One EVAL.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; it may have been told.
    """
    await announce(redis, CREDENTIALS, str(owner_id))
