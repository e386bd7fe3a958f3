"""What Redis holds about one person, removed: `now-playing`, sessions, and counted attempts."""

from uuid import UUID

from datasources.redis.client import Redis
from datasources.redis.listens import forget_listens
from datasources.redis.sessions import remove_sessions


async def remove_moments(redis: Redis, user_id: UUID) -> None:
    """End a person's sessions, and forget what they play and where they failed; repeatable.

    `session:<hash>`, `sessions-of:<user>`, `now-playing:<user>`, `attempts:…:<user>` and
    `events:listens:<user>`. What else names them (a challenge of some minutes, the live stream of
    some hours) goes by itself.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    await remove_sessions(redis, user_id)
    await forget_listens(redis, user_id)
    names = (
        redis.key("now-playing", user_id),
        redis.key("sessions-of", user_id),
        redis.key("attempts", "account", user_id),
        redis.key("attempts", "export", user_id),
    )
    async with redis.answering():
        await redis.client.delete(*names)
