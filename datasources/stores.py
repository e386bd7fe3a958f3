"""The three stores of one process, opened and closed together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from datasources.mongo.client import Mongo, open_mongo
from datasources.postgres.client import Postgres, open_postgres
from datasources.redis.client import Redis, open_redis
from datasources.settings import StoreSettings


@dataclass(frozen=True, slots=True)
class Stores:
    """A client for each store. None of them has connected before its first use."""

    postgres: Postgres
    mongo: Mongo
    redis: Redis


@asynccontextmanager
async def open_stores(settings: StoreSettings) -> AsyncIterator[Stores]:
    """Yield the stores, embedded where there is no URL, and close them at the end.

    What stands in for a store is imported only where it does.
    """
    async with AsyncExitStack() as stack:
        postgres = await _open_postgres(settings, stack)
        stack.push_async_callback(postgres.close)
        mongo = _open_mongo(settings)
        stack.push_async_callback(mongo.close)
        redis = _open_redis(settings)
        stack.push_async_callback(redis.close)
        yield Stores(postgres, mongo, redis)


async def _open_postgres(settings: StoreSettings, stack: AsyncExitStack) -> Postgres:
    if settings.postgres.url is not None:
        return open_postgres(settings.postgres.url.get_secret_value(), settings.postgres)
    from datasources.embedded.postgres import embedded_postgres

    url = await stack.enter_async_context(embedded_postgres(settings.data_dir))
    return open_postgres(url, settings.postgres)


def _open_mongo(settings: StoreSettings) -> Mongo:
    if settings.mongo.url is not None:
        return open_mongo(settings.mongo.url.get_secret_value(), settings.mongo)
    from datasources.embedded.mongo import open_embedded_mongo

    return open_embedded_mongo()


def _open_redis(settings: StoreSettings) -> Redis:
    if settings.redis.url is not None:
        return open_redis(settings.redis.url.get_secret_value(), settings.redis)
    from datasources.embedded.redis import open_embedded_redis

    return open_embedded_redis(settings.redis)
