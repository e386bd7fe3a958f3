"""`migrate`: bring the stores' structure to what this version needs."""

import asyncio

import typer


def migrate() -> None:
    """Apply PostgreSQL's pending migrations and create MongoDB's missing indexes.

    Safe to run twice, and from several processes at once.
    """
    from datasources.errors import StoreError

    try:
        applied = asyncio.run(_migrate())
    except (StoreError, OSError) as error:
        typer.echo(f"Cannot migrate: {error}. `python -m gateway doctor` says more.", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"postgres: applied {', '.join(applied)}" if applied else "postgres: up to date")
    typer.echo("mongo: indexes are there")


async def _migrate() -> list[str]:
    from datasources.mongo.indexes import ensure_indexes
    from datasources.postgres.migrate import migrate as migrate_postgres
    from datasources.stores import open_stores
    from gateway.settings import Settings

    async with open_stores(Settings().stores.patient()) as stores:
        applied = await migrate_postgres(stores.postgres.url)
        await ensure_indexes(stores.mongo)
    return applied
