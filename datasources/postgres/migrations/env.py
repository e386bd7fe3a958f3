"""Runs the migrations in one transaction, behind a lock that other processes wait for."""

import asyncio

from alembic import context
from alembic.runtime.migration import MigrationInfo
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from datasources.postgres.client import connected
from datasources.postgres.notification_tables import metadata  # and, with it, all other tables

LOCK = 7_064_973  # any number, the same for all processes


def _run(connection: Connection) -> None:
    applied = context.config.attributes.get("applied", [])

    def remember(*, step: MigrationInfo, **_: object) -> None:
        applied.append(step.up_revision_id)

    context.configure(
        connection=connection,
        target_metadata=metadata,
        on_version_apply=remember,  # type: ignore[arg-type]  # called by names alone
    )
    with context.begin_transaction():
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.run_migrations()


async def _main() -> None:
    engine = create_async_engine(context.config.attributes["url"], hide_parameters=True)
    async with connected(engine) as connection:
        await connection.run_sync(_run)
    await engine.dispose()


asyncio.run(_main())
