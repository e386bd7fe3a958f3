"""The embedded Redis: in the memory of this process."""

from functools import cache
from importlib import metadata

from fakeredis import FakeAsyncRedis, FakeServer

from datasources.redis.client import Redis, retention_of
from datasources.redis.settings import RedisSettings


@cache
def _server() -> FakeServer:
    """Return the one server of this process: all its clients see the same data."""
    return FakeServer()


class EmbeddedRedis(Redis):
    """A client of the embedded server, which has no `INFO`."""

    async def version(self) -> str:
        """Return the version of what stands in for Redis."""
        await self.client.ping()
        return f"fakeredis {metadata.version('fakeredis')}"


def open_embedded_redis(settings: RedisSettings) -> Redis:
    """Return a client of the embedded server."""

    def connect(_timeout_s: float) -> FakeAsyncRedis:
        return FakeAsyncRedis(server=_server(), decode_responses=True)

    return EmbeddedRedis(
        connect(settings.timeout_s), settings.prefix, connect, retention_of(settings)
    )
