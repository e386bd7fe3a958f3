"""`doctor`: what each store is, and what to do about what is wrong."""

import asyncio

import typer

_MIN_WIDTH = 120  # addresses are not cut where output is no terminal


def doctor() -> None:
    """Say for each store: which, where, version, latency, and what to do about what is wrong.

    Exit code 1 where something is.
    """
    from rich.console import Console
    from rich.table import Table

    from datasources.diagnosis import diagnose
    from gateway.settings import Settings

    diagnoses = asyncio.run(diagnose(Settings().stores))
    table = Table("Store", "Kind", "Where", "Version", "Latency", "Migrations", box=None)
    for one in diagnoses:
        latency = "-" if one.latency_ms is None else f"{one.latency_ms:.1f} ms"
        version = one.version or "-"
        table.add_row(one.store, one.kind, one.where, version, latency, one.migrations)
    console = Console()
    console.width = max(console.width, _MIN_WIDTH)
    console.print(table)
    problems = [one for one in diagnoses if one.advice]
    for one in problems:
        typer.echo(f"{one.store}: {one.problem}. {one.advice}")
    if problems:
        raise typer.Exit(1)
    typer.echo("All is well.")
