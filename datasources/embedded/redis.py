"""The embedded Redis: in the memory of this process."""

from functools import cache

from fakeredis import FakeAsyncRedis, FakeServer

from datasources.redis.client import Redis
from datasources.redis.settings import RedisSettings


@cache
def _server() -> FakeServer:
    """Return the one server of this process: all its clients see the same data."""
    return FakeServer()


def open_embedded_redis(settings: RedisSettings) -> Redis:
    """Return a client of the embedded server."""
    return Redis(FakeAsyncRedis(server=_server(), decode_responses=True), settings.prefix)
