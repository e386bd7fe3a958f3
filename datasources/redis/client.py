"""The Redis client, and its errors in our words."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis as RedisClient
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeout

from datasources.breaker import Breaker
from datasources.errors import StoreTimeout, StoreUnavailable
from datasources.redis.settings import RedisSettings
from datasources.timing import store_call

STORE = "redis"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long, and how many, events of a topic are kept to resume from."""

    hours: float = 24.0
    events: int = 10_000

    @property
    def ms(self) -> int:
        """How long in milliseconds."""
        return int(self.hours * 3_600_000)


class Redis:
    """A client and the prefix that all our keys share.

    `another` opens a second client of the same server, for whoever blocks on its connection; its
    argument is the longest wait for an answer, in seconds.
    """

    def __init__(
        self,
        client: RedisClient,
        prefix: str,
        another: Callable[[float], RedisClient] | None = None,
        retention: Retention = Retention(),
    ) -> None:
        self.client = client
        self.prefix = prefix
        self.retention = retention
        self.live_seen = ("-", 0)  # of the live stream: an epoch, and the highest number in it
        self._another = another
        self._breaker = Breaker(STORE)

    def key(self, *parts: object) -> str:
        """Return the full name of a key, its parts joined by colons."""
        return self.prefix + ":".join(str(part) for part in parts)

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Run one command, and not at all where the last one waited in vain.

        Whoever is cancelled meanwhile is: the driver sends with `asyncio.wait_for`, which in Python
        3.11 loses a cancellation that comes in the moment in which all is sent.

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer.
        """
        before = _cancellations()
        try:
            with store_call():
                async with self._breaker.guard(), our_errors():
                    yield
        finally:
            if _cancellations() > before:
                raise asyncio.CancelledError

    def another_client(self, timeout_s: float) -> RedisClient:
        """Return a client of the same server with connections of its own; whoever asks closes it.

        Its commands stand in no breaker: wrap them in `our_errors`.
        """
        if self._another is None:
            raise TypeError("this client was made without a way to open another")
        return self._another(timeout_s)

    async def version(self) -> str:
        """Return the server's version (`INFO server`).

        Raises:
            StoreUnavailable, StoreTimeout: the store did not answer.
        """
        async with self.answering():
            info = await self.client.info("server")
        return str(info["redis_version"])

    async def close(self) -> None:
        """Close all connections."""
        await self.client.aclose()


def open_redis(url: str, settings: RedisSettings) -> Redis:
    """Return a client; the first command connects.

    Without retries of the driver's own: they turn a time-out of one second into fifteen.

    Raises:
        StoreUnavailable: this is no address of Redis, or has an option that nobody knows.
    """

    def connect(timeout_s: float) -> RedisClient:
        client: RedisClient = RedisClient.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=min(timeout_s, settings.timeout_s),
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
            client_name="polyphony",
        )
        return client

    try:
        client = connect(settings.timeout_s)
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)  # reads the options, connects to nothing
    except (RedisError, TypeError, ValueError) as error:
        # "Port could not be cast … as 'x'": where a password has a slash, x is a part of it.
        raise StoreUnavailable(STORE, str(error).partition(" as '")[0]) from None
    return Redis(client, settings.prefix, connect, retention_of(settings))


def retention_of(settings: RedisSettings) -> Retention:
    """Return what the operator has set of how long events are kept."""
    return Retention(settings.events_kept_hours, settings.events_kept)


def _cancellations() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


@asynccontextmanager
async def our_errors() -> AsyncIterator[None]:
    """Turn the driver's errors into ours.

    Our few commands cannot be wrong by themselves: what the server answers to them with an error
    is that it does not want us (login, permission, number of the database).
    """
    try:
        yield
    except RedisTimeout as error:
        raise StoreTimeout(STORE) from error
    except (RedisConnectionError, ResponseError, OSError) as error:
        raise StoreUnavailable(STORE, str(error)) from error
