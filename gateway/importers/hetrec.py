"""Imports people, their friends and their play counts from a folder of the HetRec 2011 data set.

Read are `artists.dat`, `user_artists.dat` and `user_friends.dat`, each once, row by row, into
temporary tables of PostgreSQL; from there they are written in batches. Each batch is one
transaction and writes only what is not there yet: an import that was cut off is run again.
`tags.dat` names tags without saying what they are of: it is not read.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from datasources.mongo.artist_plays import ArtistPlays, write_artist_plays
from datasources.mongo.collections import MAX_WRITES
from datasources.mongo.rollups import refresh_listening
from datasources.postgres.bulk import Upserted
from datasources.postgres.import_ids import find_ids
from datasources.postgres.import_turns import import_turn, settle_tables
from datasources.postgres.listening_stage import (
    ListeningStage,
    StagedListening,
    StagedPlays,
    open_listening_stage,
)
from datasources.postgres.people_import import join_artists, write_follows, write_people
from datasources.records.external_ids import EntityKind, ExternalSource
from datasources.stores import Stores
from gateway.importers.batches import batches
from gateway.importers.delimited import BadRow, Unreadable, open_delimited
from gateway.importers.hetrec_rows import (
    ARTISTS,
    FILES,
    FRIENDS,
    PLAYS,
    read_artist,
    read_friends,
    read_plays,
)
from gateway.importers.progress import Steps
from gateway.importers.report import ImportReport, Rejects
from gateway.importers.values import BadValue

BATCH_ROWS = 5_000

T = TypeVar("T")


def check_hetrec(folder: Path) -> None:
    """Find out whether there is anything to import, before a store is asked.

    Raises:
        Unreadable: nothing can be read from one of the files.
    """
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise Unreadable(f"{folder} {what}.")
    for name, columns in FILES.items():
        with open_delimited(folder / name, columns, tabs=True):
            pass


async def import_hetrec(
    stores: Stores, folder: Path, rejects_path: Path, now: datetime, steps: Steps
) -> ImportReport:
    """Import a folder and return what it met; rows that are refused go to `rejects_path`.

    `now` is when new people joined, and when the ranges of listening end.

    Raises:
        Unreadable: nothing can be read from one of the files; nothing is written.
        CannotWrite: there are refused rows, and no place for them; nothing else is written.
        StoreUnavailable, StoreTimeout: a store did not answer; whole batches are written.
    """
    report = ImportReport()
    check_hetrec(folder)
    async with open_listening_stage(stores.postgres) as stage:
        with Rejects(rejects_path, report) as rejects:
            await _read_all(stage, folder, report, rejects, steps)
            await stage.sort_out()
            async for one in stage.refused():
                rejects.add(folder / one.file, one.line, one.reason)
        if not report.accepted:
            return report
        counts = await stage.counts()
        await _write_artists(stores, stage, counts, report, steps)
        await _write_people(stores, stage, counts, report, steps, now)
        await _write_plays(stores, stage, counts, report, steps)
    async with import_turn(stores.postgres) as connection:
        await settle_tables(connection)
    with steps.step("top lists", 1):
        await refresh_listening(stores, now)
    return report


async def _read_all(
    stage: ListeningStage, folder: Path, report: ImportReport, rejects: Rejects, steps: Steps
) -> None:
    async def read(
        name: str,
        to_row: Callable[[int, Sequence[str]], T],
        add: Callable[[Sequence[T]], Awaitable[None]],
    ) -> None:
        path = folder / name
        batch: list[T] = []
        with (
            open_delimited(path, FILES[name], tabs=True) as file,
            steps.step(f"reading {name}", file.size) as advance,
        ):
            for row in file:
                report.rows += 1
                if isinstance(row, BadRow):
                    rejects.add(path, row.line, row.reason)
                    continue
                try:
                    batch.append(to_row(row.line, row.fields))
                except BadValue as error:
                    rejects.add(path, row.line, str(error))
                if len(batch) == BATCH_ROWS:
                    await add(batch)
                    batch.clear()
                    advance(file.new_bytes())
            await add(batch)

    await read(ARTISTS, read_artist, stage.add_artists)
    await read(PLAYS, read_plays, stage.add_plays)
    await read(FRIENDS, read_friends, stage.add_friends)


async def _write_artists(
    stores: Stores,
    stage: ListeningStage,
    counts: StagedListening,
    report: ImportReport,
    steps: Steps,
) -> None:
    with steps.step("artists", counts.artists) as advance:
        async for artists in batches(stage.artists(), BATCH_ROWS):
            async with import_turn(stores.postgres) as connection:
                done = await join_artists(connection, artists)
            report.add("artists", done.artists)
            report.facts["Artists found by their names among those that were there"] += done.joined
            advance(len(artists))


async def _write_people(
    stores: Stores,
    stage: ListeningStage,
    counts: StagedListening,
    report: ImportReport,
    steps: Steps,
    now: datetime,
) -> None:
    with steps.step("people", counts.people) as advance:
        async for people in batches(stage.people(), BATCH_ROWS):
            async with import_turn(stores.postgres) as connection:
                report.add("people", await write_people(connection, people, now))
            advance(len(people))
    with steps.step("friends", counts.follows) as advance:
        async for follows in batches(stage.follows(), BATCH_ROWS):
            async with import_turn(stores.postgres) as connection:
                report.add("follows", await write_follows(connection, follows))
            advance(len(follows))


async def _write_plays(
    stores: Stores,
    stage: ListeningStage,
    counts: StagedListening,
    report: ImportReport,
    steps: Steps,
) -> None:
    with steps.step("play counts", counts.plays) as advance:
        async for plays in batches(stage.plays(), MAX_WRITES):
            report.add("play counts", await _write_batch(stores, plays))
            advance(len(plays))


async def _write_batch(stores: Stores, plays: Sequence[StagedPlays]) -> Upserted:
    """Write play counts while it is this import's turn: two upserts of one count would collide."""
    source = ExternalSource.HETREC
    async with import_turn(stores.postgres) as connection:
        people = await find_ids(
            connection, source, EntityKind.USER, list({one.person for one in plays})
        )
        artists = await find_ids(
            connection, source, EntityKind.ARTIST, list({one.artist for one in plays})
        )
        documents = [
            ArtistPlays(
                key=f"hetrec:{one.person}:{one.artist}",
                user=people[one.person],
                artist=artists[one.artist],
                plays=one.plays,
            )
            for one in plays
        ]
        done = await write_artist_plays(stores.mongo, documents)
    return Upserted(done.inserted, done.updated, done.unchanged)
