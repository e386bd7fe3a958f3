"""The three stores of one process, opened and closed together."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from datasources.embedded.mongo import open_embedded_mongo
from datasources.embedded.postgres import embedded_postgres
from datasources.embedded.redis import open_embedded_redis
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
    """Yield the stores, embedded where there is no URL, and close them at the end."""
    async with AsyncExitStack() as stack:
        if settings.postgres.url is None:
            url = await stack.enter_async_context(embedded_postgres(settings.data_dir))
        else:
            url = settings.postgres.url.get_secret_value()
        postgres = open_postgres(url, settings.postgres)
        stack.push_async_callback(postgres.close)

        if settings.mongo.url is None:
            mongo = open_embedded_mongo()
        else:
            mongo = open_mongo(settings.mongo.url.get_secret_value(), settings.mongo)
        stack.push_async_callback(mongo.close)

        if settings.redis.url is None:
            redis = open_embedded_redis(settings.redis)
        else:
            redis = open_redis(settings.redis.url.get_secret_value(), settings.redis)
        stack.push_async_callback(redis.close)

        yield Stores(postgres, mongo, redis)
