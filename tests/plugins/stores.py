"""Stores for tests: each test runs on the embedded stores, and on the real ones where they are.

Every use gets a database, a collection space and key names of its own, removed at the end.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from datasources.embedded.mongo import open_embedded_mongo
from datasources.embedded.redis import open_embedded_redis
from datasources.mongo.client import Mongo, open_mongo
from datasources.mongo.settings import MongoSettings
from datasources.postgres.client import open_postgres
from datasources.postgres.settings import PostgresSettings
from datasources.redis.client import open_redis
from datasources.redis.settings import RedisSettings
from datasources.stores import Stores
from tests.plugins.databases import KINDS, URLS, Databases

# Tests share a machine with others: they wait longer than a request may.
PATIENT_POSTGRES = PostgresSettings(
    command_timeout_s=60, connect_timeout_s=10, pool_timeout_s=30, url=None
)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Where embedded PostgreSQL keeps its data between test runs: starting is faster so."""
    return Path(__file__).parents[2] / ".polyphony" / "tests"


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which stores: `embedded` or `real`."""
    kind: str = request.param
    if kind == "real" and not all(URLS.values()):
        pytest.skip("no real stores: set POLYPHONY_POSTGRES_URL, _MONGO_URL and _REDIS_URL")
    return kind


@pytest.fixture
async def empty_stores(databases: Databases) -> AsyncIterator[Stores]:
    """Migrated stores without data, for one test."""
    async with scratch_stores(databases) as stores:
        yield stores


@asynccontextmanager
async def scratch_stores(databases: Databases) -> AsyncIterator[Stores]:
    """Yield migrated stores without data, and remove it at the end."""
    kind, name = databases.kind, f"test_{uuid4().hex}"
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(databases.empty())
        postgres = open_postgres(url, PATIENT_POSTGRES)
        stack.push_async_callback(postgres.close)

        if kind == "embedded":
            mongo = open_embedded_mongo()
        else:
            mongo = open_mongo(URLS["mongo"] or "", MongoSettings(timeout_s=60))
        mongo = Mongo(mongo.client, mongo.client[name])
        stack.push_async_callback(mongo.close)
        stack.push_async_callback(mongo.client.drop_database, name)

        redis_settings = RedisSettings(prefix=f"{name}:", timeout_s=10)
        if kind == "embedded":
            redis = open_embedded_redis(redis_settings)
        else:
            redis = open_redis(URLS["redis"] or "", redis_settings)
        stack.push_async_callback(redis.close)
        stores = Stores(postgres, mongo, redis)
        stack.push_async_callback(_remove_keys, stores)
        yield stores


async def _remove_keys(stores: Stores) -> None:
    async for key in stores.redis.client.scan_iter(match=f"{stores.redis.prefix}*"):
        await stores.redis.client.delete(key)
