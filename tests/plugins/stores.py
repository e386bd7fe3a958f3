"""Stores for tests: each test runs on the embedded stores, and on the real ones where they are.

Every use gets a database, a collection space and key names of its own, removed at the end.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from datasources.embedded.mongo import open_embedded_mongo
from datasources.embedded.postgres import embedded_postgres
from datasources.embedded.redis import open_embedded_redis
from datasources.mongo.client import Mongo, open_mongo
from datasources.mongo.settings import MongoSettings
from datasources.postgres.client import open_postgres
from datasources.postgres.migrate import migrate
from datasources.postgres.settings import PostgresSettings
from datasources.redis.client import open_redis
from datasources.redis.settings import RedisSettings
from datasources.stores import Stores

URLS = {
    name: os.environ.get(f"POLYPHONY_{name.upper()}_URL") for name in ("postgres", "mongo", "redis")
}
KINDS = ["embedded", "real"]
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
async def empty_stores(kind: str, data_dir: Path) -> AsyncIterator[Stores]:
    """Migrated stores without data, for one test."""
    async with scratch_stores(kind, data_dir) as stores:
        yield stores


@asynccontextmanager
async def scratch_stores(kind: str, data_dir: Path) -> AsyncIterator[Stores]:
    """Yield migrated stores without data, and remove them at the end."""
    name = f"test_{uuid4().hex}"
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(scratch_database(kind, data_dir, name))
        await migrate(url)
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


@asynccontextmanager
async def scratch_database(kind: str, data_dir: Path, name: str = "") -> AsyncIterator[str]:
    """Yield the URL of an empty database without tables, and drop it at the end."""
    name = name or f"test_{uuid4().hex}"
    async with AsyncExitStack() as stack:
        if kind == "embedded":
            server = await stack.enter_async_context(embedded_postgres(data_dir, "postgres"))
        else:
            server = URLS["postgres"] or ""
        url = make_url(server)
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(plain)
        stack.push_async_callback(connection.close)
        await connection.execute(f'create database "{name}"')
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            await _drop(connection, name)


async def _drop(connection: asyncpg.Connection, name: str) -> None:
    """Drop a database; a worker of the server's own that cleans it up may stand in the way."""
    for _ in range(20):
        try:
            await connection.execute(f'drop database "{name}" with (force)')
        except asyncpg.InsufficientPrivilegeError:
            await asyncio.sleep(0.5)
        else:
            return
    raise TimeoutError(f"{name} cannot be dropped")


async def _remove_keys(stores: Stores) -> None:
    async for key in stores.redis.client.scan_iter(match=f"{stores.redis.prefix}*"):
        await stores.redis.client.delete(key)
