"""`rollup`: recomputes play counts, tops and charts."""

import asyncio
from datetime import UTC, datetime

import typer

from datasources.errors import StoreError
from datasources.stores import open_stores
from gateway.settings import Settings


def rollup() -> None:
    """Recompute play counts, tops and charts."""
    settings = Settings()
    if settings.mongo.url is None:
        typer.echo(
            "The embedded MongoDB would forget the result: set POLYPHONY_MONGO_URL"
            " (the demo counts by itself).",
            err=True,
        )
        raise typer.Exit(2)
    try:
        asyncio.run(_rollup(settings))
    except StoreError as error:
        typer.echo(f"Stopped: {error}. Run it again.", err=True)
        raise typer.Exit(1) from None
    typer.echo("Play counts, recent listens, tops and charts are up to date.")


async def _rollup(settings: Settings) -> None:
    from datasources.mongo.rollups import refresh_listening

    async with open_stores(settings.stores.patient()) as stores:
        await refresh_listening(stores, datetime.now(UTC))
