"""`import`: files of other services into the stores."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasources.errors import StoreError
from datasources.stores import Stores, open_stores
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.importers.progress import Steps
    from gateway.importers.report import ImportReport

    Importer = Callable[[Stores, Path, Path, datetime, Steps], Awaitable[ImportReport]]

app = typer.Typer(help="Import a catalogue, or listening.", no_args_is_help=True)

FAILED = 1
NOTHING_READ = 2


class ListensFormat(StrEnum):
    """The formats of listening that can be read."""

    HETREC = "hetrec"


class _MigrationsPending(Exception):
    """The database is not what this version needs."""


@app.command()
def catalogue(
    file: Annotated[Path, typer.Argument(help="A CSV file with the columns of spotify_songs.csv.")],
) -> None:
    """Import tracks, albums, artists, audio features, genres and playlists from one file.

    Run it again after an interruption: what is there already is not written twice.
    """
    from gateway.importers.catalogue import check_catalogue, import_catalogue

    _run(check_catalogue, import_catalogue, file, Settings())


@app.command()
def listens(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the data set.")],
    format_: Annotated[ListensFormat, typer.Option("--format", help="What DIR holds.")],
) -> None:
    """Import people, friendships and play counts.

    Run it again after an interruption: what is there already is not written twice.
    """
    from gateway.importers.hetrec import check_hetrec, import_hetrec

    importers = {ListensFormat.HETREC: (check_hetrec, import_hetrec)}
    settings = Settings()
    if settings.mongo.url is None:
        typer.echo(
            "The embedded MongoDB would forget the play counts when this command ends: set"
            " POLYPHONY_MONGO_URL, or use `make demo LISTENS=…`.",
            err=True,
        )
        raise typer.Exit(NOTHING_READ)
    check, importer = importers[format_]
    _run(check, importer, folder, settings)


def _run(
    check: Callable[[Path], None], importer: "Importer", path: Path, settings: Settings
) -> None:
    from gateway.importers.delimited import Unreadable
    from gateway.importers.report import CannotWrite

    rejects = Path(f"{path.absolute().stem}.rejects.csv")
    try:
        check(path)
        report = asyncio.run(_import(importer, path, rejects, settings))
    except Unreadable as error:
        typer.echo(f"Nothing imported: {error}", err=True)
        raise typer.Exit(NOTHING_READ) from None
    except (CannotWrite, _MigrationsPending) as error:
        typer.echo(f"Nothing imported: {error}", err=True)
        raise typer.Exit(FAILED) from None
    except StoreError as error:
        typer.echo(
            f"Stopped: {error}. What is written stays; run the same command again to go on.",
            err=True,
        )
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        typer.echo("Stopped. Run the same command again to go on.", err=True)
        raise typer.Exit(130) from None
    _print(report)
    if not report.accepted:
        typer.echo(f"Nothing imported: no row of {path} is of use.", err=True)
        raise typer.Exit(NOTHING_READ)


async def _import(
    importer: "Importer", path: Path, rejects: Path, settings: Settings
) -> "ImportReport":
    from datasources.postgres.migrate import pending_migrations
    from gateway.importers.progress import show_steps

    async with open_stores(settings.stores.patient()) as stores:
        async with stores.postgres.transaction():
            pass  # whether it answers at all, said in our words
        if await pending_migrations(stores.postgres.url):
            raise _MigrationsPending("run `python -m gateway migrate` first.")
        with show_steps() as steps:
            return await importer(stores, path, rejects, datetime.now(UTC), steps)


def _print(report: "ImportReport") -> None:
    from rich.console import Console

    if report.written:
        Console().print(report.table())
    for line in report.lines():
        typer.echo(line)
