"""`recommend train`: learns from the stores what goes with what."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from datasources.errors import StoreError
from datasources.stores import open_stores
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.training import TrainingSummary

app = typer.Typer(help="Recommendations: train them from what people play and how tracks sound.")


@app.callback()
def recommend() -> None:
    """Recommendations: train them from what people play and how tracks sound."""


@app.command()
def train() -> None:
    """Compute neighbours of artists and tracks, and tracks for people, and write them."""
    settings = Settings()
    if settings.mongo.url is None:
        typer.echo(
            "The embedded MongoDB would forget the result: set POLYPHONY_MONGO_URL"
            " (the demo trains by itself).",
            err=True,
        )
        raise typer.Exit(2)
    try:
        done = asyncio.run(_train(settings))
    except StoreError as error:
        typer.echo(f"Stopped: {error}. Run it again; what is written stays whole.", err=True)
        raise typer.Exit(1) from None
    for line in summary(done):
        typer.echo(line)


async def _train(settings: Settings) -> "TrainingSummary":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from gateway.training import train as run

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    silent = not console.is_terminal
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=silent) as progress:
        async with open_stores(settings.stores.patient()) as stores:
            return await run(stores, datetime.now(UTC), progress)


def summary(done: "TrainingSummary") -> list[str]:
    """Return what a run did, in lines for people."""
    lines = []
    if model := done.artist_model:
        lines.append(f"{model.name}, version {model.version}")
        lines.append(
            f"  {done.counts:,} counts of {done.people:,} people, {done.artists:,} artists"
        )
        lines.append(f"  neighbours of {done.artist_lists:,} artists")
        lines.append(f"  tracks for {done.people_lists:,} people")
    else:
        lines.append("No play counts: nothing learnt of artists and people.")
    if model := done.content_model:
        lines.append(f"{model.name}, version {model.version}")
        lines.append(f"  {done.tracks:,} analysed tracks")
        lines.append(f"  neighbours of {done.track_lists:,} tracks")
    else:
        lines.append("No analysed tracks: nothing learnt of how they sound.")
    return lines
