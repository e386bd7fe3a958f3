"""Migrations: forward to the newest, and how many are pending."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from datasources.postgres.client import connected, our_errors

MIGRATIONS = Path(__file__).parent / "migrations"


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


async def migrate(url: str) -> list[str]:
    """Bring the schema to the newest revision; return the revisions applied, oldest first.

    Safe to run twice and from several processes at once: the others wait, and find nothing to do.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; nothing is applied.
    """
    applied: list[str] = []
    config = _config(url)
    config.attributes["applied"] = applied
    async with our_errors():
        await asyncio.to_thread(command.upgrade, config, "head")
    return applied


async def pending_migrations(url: str, timeout_s: float = 1.0) -> list[str]:
    """Return the revisions that are not applied yet, oldest first."""
    script = ScriptDirectory(str(MIGRATIONS))
    connect_args = {"timeout": timeout_s, "command_timeout": timeout_s}
    engine = create_async_engine(url, connect_args=connect_args, hide_parameters=True)
    try:
        async with our_errors(), connected(engine) as connection:
            current = await connection.run_sync(_current)
    finally:
        await engine.dispose()
    newest_first = [revision.revision for revision in script.walk_revisions()]
    done = newest_first.index(current) if current in newest_first else len(newest_first)
    return newest_first[:done][::-1]


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
