"""The topic of a person's plays in the event log: `events:listens:<user>`."""

from uuid import UUID

from datasources.redis.client import Redis
from datasources.redis.event_log import log_keys


def listens_topic(user_id: UUID) -> str:
    """Return the name of the topic."""
    return f"listens:{user_id}"


async def forget_listens(redis: Redis, user_id: UUID) -> None:
    """Remove what is kept of a person's plays; repeatable.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with redis.answering():
        await redis.client.delete(*log_keys(redis, listens_topic(user_id)))
