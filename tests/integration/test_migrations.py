import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from datasources.postgres.migrate import MIGRATIONS, migrate, pending_migrations
from datasources.postgres.notification_tables import metadata  # and, with it, all other tables
from datasources.stores import Stores
from tests.plugins.databases import scratch_database


# PostgreSQL writes the expressions of computed columns in its own words.
@pytest.mark.filterwarnings("ignore:Computed default on:UserWarning")
async def test_the_migrations_make_the_tables(empty_stores: Stores) -> None:
    def differences(connection: Connection) -> list[Any]:
        options = {"compare_type": True, "compare_server_default": True}
        found: list[Any] = compare_metadata(
            MigrationContext.configure(connection, opts=options), metadata
        )
        return found

    async with empty_stores.postgres.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_two_processes_migrate_at_once(kind: str, data_dir: Path) -> None:
    revisions = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    async with scratch_database(kind, data_dir) as url:
        assert await pending_migrations(url) == revisions
        said = await asyncio.gather(_migrate_in_a_process(url), _migrate_in_a_process(url))
        assert sorted(said) == [
            f"postgres: applied {', '.join(revisions)}",
            "postgres: up to date",
        ]
        assert await migrate(url) == []
        assert await pending_migrations(url) == []


async def _migrate_in_a_process(url: str) -> str:
    """Run the command as an operator does; return its first line."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("POLYPHONY_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "migrate",
        env=env | {"POLYPHONY_POSTGRES_URL": url}, stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode().splitlines()[0]
