"""`doctor`: what each store is, and what to do about what is wrong."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datasources.postgres.recount import Recounted
    from datasources.settings import StoreSettings

_MIN_WIDTH = 120  # addresses are not cut where output is no terminal


def doctor(
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Count tracks, lengths and followers of playlists again."),
    ] = False,
) -> None:
    """Say for each store: which, where, version, latency, and what to do about what is wrong.

    Exit code 1 where something is.
    """
    from rich.console import Console
    from rich.table import Table

    from datasources.diagnosis import diagnose
    from gateway.settings import Settings

    settings = Settings().stores
    diagnoses = asyncio.run(diagnose(settings))
    table = Table("Store", "Kind", "Where", "Version", "Latency", "Migrations", box=None)
    for one in diagnoses:
        latency = "-" if one.latency_ms is None else f"{one.latency_ms:.1f} ms"
        version = one.version or "-"
        table.add_row(one.store, one.kind, one.where, version, latency, one.migrations)
    console = Console()
    console.width = max(console.width, _MIN_WIDTH)
    console.print(table)
    for one in diagnoses:
        if one.events:
            typer.echo(f"{one.store}: of the events to be published, {one.events}.")
        if one.live:
            typer.echo(f"{one.store}: live updates in {one.live}.")
    problems = [one for one in diagnoses if one.advice]
    for one in problems:
        typer.echo(f"{one.store}: {one.problem}. {one.advice}")
    if problems:
        raise typer.Exit(1)
    if repair:
        done = asyncio.run(_repair(settings))
        typer.echo(f"{done.playlists} playlists counted again, {done.corrected} corrected.")
    typer.echo("All is well.")


async def _repair(settings: "StoreSettings") -> "Recounted":
    from datasources.postgres.recount import recount_playlists
    from datasources.stores import open_stores

    async with open_stores(settings.patient()) as stores:
        return await recount_playlists(stores.postgres)
