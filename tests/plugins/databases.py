"""Databases for tests: empty ones, and migrated ones that go from test to test."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from datasources.embedded.postgres import embedded_postgres
from datasources.postgres.migrate import migrate
from datasources.postgres.notification_tables import metadata

URLS = {
    name: os.environ.get(f"POLYPHONY_{name.upper()}_URL") for name in ("postgres", "mongo", "redis")
}
KINDS = ["embedded", "real"]

_EMPTY = [
    "alter table audit_log disable trigger audit_log_is_append_only",
    *(f"delete from {table.name}" for table in reversed(metadata.sorted_tables)),  # noqa: S608
    "alter table audit_log enable always trigger audit_log_is_append_only",
]
# What the schema is made of; a test that changes it changes one of these numbers.
_SHAPE = """
    select (select array[count(*), sum(relnatts)] from pg_class),
        (select array[count(*), count(*) filter (where tgenabled = 'O')] from pg_trigger),
        (select count(*) from pg_proc), (select count(*) from pg_constraint)
"""
_OTHERS = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
    and backend_type = 'client backend'
"""


class Databases:
    """Migrated databases of one kind.

    Making one takes a thousand times longer than emptying the few tables that a test has filled.
    """

    def __init__(self, kind: str, data_dir: Path, until: AsyncExitStack) -> None:
        self.kind = kind
        self._data_dir = data_dir
        self._until = until  # when they are dropped
        self._free: list[str] = []
        self._shape: asyncpg.Record | None = None

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[str]:
        """Yield the URL of a migrated database without rows."""
        url = self._free.pop() if self._free else await self._made()
        yield url
        if await self._emptied(url):
            self._free.append(url)

    async def _made(self) -> str:
        url = await self._until.enter_async_context(scratch_database(self.kind, self._data_dir))
        await migrate(url)
        async with _connected(url) as connection:
            self._shape = await connection.fetchrow(_SHAPE)
        return url

    async def _emptied(self, url: str) -> bool:
        """Remove all rows; False for a database whose tables a test has changed."""
        async with _connected(url) as connection:
            await connection.execute(_OTHERS)
            if await connection.fetchrow(_SHAPE) != self._shape:
                return False
            async with connection.transaction():
                await connection.execute("; ".join(_EMPTY))
            return True


@pytest.fixture(scope="session")
async def databases(kind: str, data_dir: Path) -> AsyncIterator[Databases]:
    """Migrated databases without rows."""
    async with AsyncExitStack() as until:
        yield Databases(kind, data_dir, until)


@asynccontextmanager
async def scratch_database(kind: str, data_dir: Path) -> AsyncIterator[str]:
    """Yield the URL of an empty database without tables, and drop it at the end."""
    name = f"test_{uuid4().hex}"
    async with AsyncExitStack() as stack:
        if kind == "embedded":
            server = await stack.enter_async_context(embedded_postgres(data_dir, "postgres"))
        else:
            server = URLS["postgres"] or ""
        connection = await stack.enter_async_context(_connected(server))
        await connection.execute(f'create database "{name}"')
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
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


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)
    try:
        yield connection
    finally:
        await connection.close()
