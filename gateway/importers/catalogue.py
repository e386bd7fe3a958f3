"""Imports a catalogue with playlists from one CSV file of the columns of `spotify_songs.csv`.

The file is read once, row by row, into temporary tables of PostgreSQL, and from there written in
batches: genres, artists, albums with their tracks, playlists with their items. Each batch is one
transaction and complete in itself, and writes only what is not there yet: an import that was cut
off is run again.
"""

from collections import Counter
from datetime import datetime
from pathlib import Path

from datasources.postgres.artist_import import write_artists
from datasources.postgres.catalogue_import import write_albums
from datasources.postgres.catalogue_stage import (
    CatalogueRow,
    CatalogueStage,
    StagedCounts,
    StagedCredit,
    open_catalogue_stage,
)
from datasources.postgres.client import Postgres
from datasources.postgres.genre_import import refresh_genre_counts, write_genres
from datasources.postgres.import_turns import import_turn, settle_tables
from datasources.postgres.playlist_import import claim_owner, write_playlists
from datasources.stores import Stores
from gateway.importers.batches import batches
from gateway.importers.catalogue_row import COLUMNS, read_row
from gateway.importers.delimited import BadRow, open_delimited
from gateway.importers.names import credits_of, keys_in_title
from gateway.importers.progress import Steps
from gateway.importers.report import ImportReport, Rejects
from gateway.importers.values import BadValue

BATCH_ROWS = 2_000


def check_catalogue(path: Path) -> None:
    """Find out whether there is anything to import, before a store is asked.

    Raises:
        Unreadable: nothing can be read from the file.
    """
    with open_delimited(path, COLUMNS):
        pass


async def import_catalogue(
    stores: Stores, path: Path, rejects_path: Path, now: datetime, steps: Steps
) -> ImportReport:
    """Import a file and return what it met; rows that are refused go to `rejects_path`.

    `now` is when new playlists were made. Nothing is written where no row is of use.

    Raises:
        Unreadable: nothing can be read from the file; nothing is written.
        CannotWrite: there are refused rows, and no place for them; nothing else is written.
        StoreUnavailable, StoreTimeout: PostgreSQL did not answer; whole batches are written.
    """
    report = ImportReport()
    postgres = stores.postgres
    async with open_catalogue_stage(postgres) as stage:
        await _read(stage, path, rejects_path, report, steps)
        if not report.accepted:
            return report
        await stage.sort_out()
        await _find_credits(stage, steps)
        counts = await stage.count()
        report.facts["Rows merged: their playlist had the track already"] = counts.merged
        report.facts["Rows that contradict an earlier row, which is believed"] = (
            counts.contradictions
        )
        async with import_turn(postgres) as connection:
            report.add("genres", await write_genres(connection, await stage.genres()))
        await _write_artists(postgres, stage, counts, report, steps)
        await _write_albums(postgres, stage, counts, report, steps)
        await _write_playlists(postgres, stage, counts, report, steps, now)
    async with import_turn(postgres) as connection:
        await refresh_genre_counts(connection)
        await settle_tables(connection)
    return report


async def _read(
    stage: CatalogueStage, path: Path, rejects_path: Path, report: ImportReport, steps: Steps
) -> None:
    """Stage the rows of use, and refuse the others."""
    unknown: Counter[str] = Counter()
    batch: list[CatalogueRow] = []
    with (
        open_delimited(path, COLUMNS) as file,
        Rejects(rejects_path, report) as rejects,
        steps.step("reading", file.size) as advance,
    ):
        for row in file:
            report.rows += 1
            if isinstance(row, BadRow):
                rejects.add(path, row.line, row.reason)
                continue
            try:
                batch.append(read_row(row.line, row.fields, unknown))
            except BadValue as error:
                rejects.add(path, row.line, str(error))
            if len(batch) == BATCH_ROWS:
                await stage.add(batch)
                batch.clear()
                advance(file.new_bytes())
        await stage.add(batch)
    for what, number in unknown.items():
        report.facts[f"Rows with an unknown {what}"] = number


async def _find_credits(stage: CatalogueStage, steps: Steps) -> None:
    """Name the artists of each track; those in titles are known when all rows are staged."""
    with steps.step("artists' names", 1):
        async for rows in batches(stage.rows(), BATCH_ROWS):
            known = await stage.main_artists(
                {key for row in rows for key in keys_in_title(row.title)}
            )
            await stage.add_credits(
                StagedCredit(row.track, position, name, role)
                for row in rows
                for position, (name, role) in enumerate(
                    credits_of(row.artist, row.featured, row.title, known)
                )
            )


async def _write_artists(
    postgres: Postgres,
    stage: CatalogueStage,
    counts: StagedCounts,
    report: ImportReport,
    steps: Steps,
) -> None:
    with steps.step("artists", counts.artists) as advance:
        async for artists in batches(stage.artists(), BATCH_ROWS):
            async with import_turn(postgres) as connection:
                done = await write_artists(connection, dict(artists))
            report.add("artists", done)
            advance(len(artists))


async def _write_albums(
    postgres: Postgres,
    stage: CatalogueStage,
    counts: StagedCounts,
    report: ImportReport,
    steps: Steps,
) -> None:
    with steps.step("tracks", counts.tracks) as advance:
        async for tracks in batches(stage.tracks(), BATCH_ROWS, lambda one: one.row.album):
            async with import_turn(postgres) as connection:
                done = await write_albums(connection, tracks)
            report.add("albums", done.albums)
            report.add("tracks", done.tracks)
            report.add("audio features", done.features)
            advance(len(tracks))


async def _write_playlists(
    postgres: Postgres,
    stage: CatalogueStage,
    counts: StagedCounts,
    report: ImportReport,
    steps: Steps,
    now: datetime,
) -> None:
    with steps.step("playlists", counts.items) as advance:
        async for items in batches(stage.items(), BATCH_ROWS, lambda one: one.playlist):
            async with import_turn(postgres) as connection:
                owner = await claim_owner(connection, now)
                done = await write_playlists(connection, items, owner, now)
            report.add("playlists", done.playlists)
            report.add("playlist items", done.items)
            advance(len(items))
