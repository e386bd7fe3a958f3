"""Credentials that may have ended: told in the live stream, right after the commit.

A process that reads on knows of the end before it reads of what is told later. Whose they are is
told, and never which: readers look at what these people or apps hold open.
"""

from uuid import UUID

from datasources.redis.client import Redis
from datasources.redis.live import announce

CREDENTIALS = "credentials"
"""The topic. The body of an event is the id of a person or an app."""


async def announce_ending(redis: Redis, *owners: UUID) -> None:
    """Tell all processes to look again at what these people or apps hold open. One EVAL.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; it may have been told.
    """
    await announce(redis, CREDENTIALS, *map(str, owners))
