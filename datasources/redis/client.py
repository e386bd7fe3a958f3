"""The Redis client, and its errors in our words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis as RedisClient
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeout

from datasources.errors import StoreTimeout, StoreUnavailable
from datasources.redis.settings import RedisSettings

STORE = "redis"


class Redis:
    """A client and the prefix that all our keys share."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self.client = client
        self.prefix = prefix

    def key(self, *parts: object) -> str:
        """Return the full name of a key, its parts joined by colons."""
        return self.prefix + ":".join(str(part) for part in parts)

    async def version(self) -> str:
        """Return the server's version (`INFO server`).

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer.
        """
        async with our_errors():
            info = await self.client.info("server")
        return str(info["redis_version"])

    async def close(self) -> None:
        """Close all connections."""
        await self.client.aclose()


def open_redis(url: str, settings: RedisSettings) -> Redis:
    """Return a client; the first command connects.

    Without retries of the driver's own: they turn a time-out of one second into fifteen.
    """
    client = RedisClient.from_url(
        url,
        socket_timeout=settings.timeout_s,
        socket_connect_timeout=settings.timeout_s,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
        client_name="polyphony",
    )
    return Redis(client, settings.prefix)


@asynccontextmanager
async def our_errors() -> AsyncIterator[None]:
    """Turn the driver's connection errors into ours; others are defects and pass."""
    try:
        yield
    except RedisTimeout as error:
        raise StoreTimeout(STORE) from error
    except (RedisConnectionError, OSError) as error:
        raise StoreUnavailable(STORE, str(error)) from error
