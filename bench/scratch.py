"""Scratch databases: every benchmark loads one of its own and drops it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
from sqlalchemy import make_url

from datasources.postgres.migrate import migrate


def plain_url(url: str, database: str | None = None) -> str:
    """Return the URL as asyncpg itself takes it, of another database if one is named."""
    parts = make_url(url).set(drivername="postgresql")
    if database is not None:
        parts = parts.set(database=database)
    return parts.render_as_string(hide_password=False)


@asynccontextmanager
async def scratch_database(server: str) -> AsyncIterator[str]:
    """Yield the URL of a new, migrated database on a server, and drop it at the end."""
    name = f"bench_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(plain_url(server))
    try:
        await connection.execute(f'create database "{name}"')
        try:
            url = make_url(server).set(database=name).render_as_string(hide_password=False)
            await migrate(url)
            yield url
        finally:
            await connection.execute(f'drop database "{name}" with (force)')
    finally:
        await connection.close()
