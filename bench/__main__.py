"""`python -m bench`: all benchmarks, or the ones named, printed as tables."""

import asyncio
import subprocess
import sys
from typing import Annotated

import typer
from rich.console import Console

from bench import http, round_trips, search
from bench.catalogue import loaded_database
from bench.setup import ROOT, Missing, Setup, read_setup

GRAPH = ("search", "round-trips", "http")
"""Those that read one scratch database with the real catalogue, made once for all of them."""

ALONE = ("imports", "recommend", "sign_in", "editing", "sockets", "live")
"""Those that run as `python -m bench.<name>`, in a process of their own."""


def bench(
    parts: Annotated[
        list[str] | None, typer.Argument(help=f"Some of: {', '.join(GRAPH + ALONE)}.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of the HTTP benchmark.")] = 15,
) -> None:
    """Measure, and print tables.

    Needs POLYPHONY_POSTGRES_URL, POLYPHONY_MONGO_URL and POLYPHONY_REDIS_URL, and the real files
    in POLYPHONY_DATA (by default shared/data beside the checkout). Everything goes into scratch
    databases, which are dropped. The exit code is 1 where a goal is not met.
    """
    unknown = sorted(set(parts or ()) - {*GRAPH, *ALONE})
    if unknown:
        typer.echo(f"There is no benchmark {', '.join(unknown)}: see --help.", err=True)
        raise typer.Exit(2)
    try:
        setup = read_setup()
    except Missing as missing:
        typer.echo(str(missing), err=True)
        raise typer.Exit(2) from None
    asked = parts or [*GRAPH, *ALONE]
    console = Console()
    missed = asyncio.run(_graph(setup, [part for part in GRAPH if part in asked], rounds, console))
    for part in (part for part in ALONE if part in asked):
        command = [sys.executable, "-m", f"bench.{part}"]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:  # noqa: S603  our own command
            missed.append(part)
    if missed:
        console.print(f"Not met: {', '.join(missed)}.")
        raise typer.Exit(1)


async def _graph(setup: Setup, parts: list[str], rounds: int, console: Console) -> list[str]:
    """Run the benchmarks over the graph; return those that miss their goals."""
    if not parts:
        return []
    missed = []
    async with loaded_database(setup.postgres, setup.data) as url:
        if "round-trips" in parts and not await round_trips.run(url, console):
            missed.append("round-trips")
        if "http" in parts and not await asyncio.to_thread(http.run, setup, url, rounds, console):
            missed.append("http")
        if "search" in parts and not await search.run(setup, url, console):
            missed.append("search")
    return missed


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(bench)
    app(prog_name="python -m bench")
