"""`doctor`: what each store is, and what to do about what is wrong."""

import asyncio

import typer
from rich.console import Console
from rich.table import Table

from datasources.diagnosis import Diagnosis, diagnose
from gateway.settings import Settings


def doctor() -> None:
    """Say for each store: which, where, version, latency, and what to do about what is wrong.

    Exit code 1 where something is.
    """
    diagnoses = asyncio.run(diagnose(Settings().stores))
    table = Table("Store", "Kind", "Where", "Version", "Latency", "Migrations", box=None)
    for one in diagnoses:
        table.add_row(
            one.store,
            one.kind,
            one.where,
            one.version or "-",
            "-" if one.latency_ms is None else f"{one.latency_ms:.1f} ms",
            one.migrations,
        )
    Console(soft_wrap=True).print(table)
    problems = [one for one in diagnoses if one.advice]
    for one in problems:
        typer.echo(f"{one.store}: {_sentence(one)}")
    if problems:
        raise typer.Exit(1)
    typer.echo("All is well.")


def _sentence(one: Diagnosis) -> str:
    return f"{one.problem}. {one.advice}"
