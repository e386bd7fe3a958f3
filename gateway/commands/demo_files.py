"""What `demo` does with files of one's own: import, count, train."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import typer

from datasources.stores import Stores
from gateway.importers.catalogue import import_catalogue
from gateway.importers.delimited import Unreadable
from gateway.importers.hetrec import import_hetrec
from gateway.importers.progress import Steps, show_steps
from gateway.importers.report import CannotWrite, ImportReport
from gateway.training import train

Importer = Callable[[Stores, Path, Path, datetime, Steps], Awaitable[ImportReport]]

_IMPORTED = "imported.json"


async def import_files(
    stores: Stores, data_dir: Path, catalogue: Path | None, listens: Path | None
) -> None:
    """Import a catalogue and listens into embedded stores, and train on them.

    A catalogue that has not changed since it was imported into `data_dir` is there already;
    MongoDB has forgotten everything, so listens are always read. Refused rows go to `data_dir`.

    Raises:
        typer.Exit: 2, after one line that says why a file cannot be read.
    """
    now = datetime.now(UTC)
    with show_steps() as steps:
        if catalogue is not None and not _is_imported(catalogue, data_dir):
            await _import(import_catalogue, stores, catalogue, data_dir, now, steps)
            (data_dir / _IMPORTED).write_bytes(orjson.dumps(_state(catalogue)))
        if listens is not None:
            await _import(import_hetrec, stores, listens, data_dir, now, steps)
        with steps.step("recommendations", 1):
            await train(stores, now)


async def _import(
    importer: Importer, stores: Stores, path: Path, data_dir: Path, now: datetime, steps: Steps
) -> None:
    rejects = data_dir / f"{path.stem}.rejects.csv"
    try:
        report = await importer(stores, path, rejects, now, steps)
    except (Unreadable, CannotWrite) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    for line in (f"{path}:", *report.lines()):
        typer.echo(line, err=True)


def _is_imported(catalogue: Path, data_dir: Path) -> bool:
    marker = data_dir / _IMPORTED
    try:
        return bool(orjson.loads(marker.read_bytes()) == _state(catalogue))
    except (OSError, orjson.JSONDecodeError):
        return False


def _state(path: Path) -> list[object]:
    """Return what changes with a file: its place, size and time of writing."""
    found = path.stat()
    return [str(path.resolve()), found.st_size, found.st_mtime_ns]
