"""A catalogue file while it is being imported: its rows in temporary tables.

A file may name a track in its first and in its last line, and an artist's popularity is known when
all lines are read. PostgreSQL sorts that out, on its disk, so the importer's memory does not grow
with the file. The tables live in one transaction that writes nothing else and is rolled back.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres import catalogue_stage_sql as sql
from datasources.postgres.bulk import copy_into
from datasources.postgres.client import AnyRow, Postgres

READ_AT_ONCE = 500
"""Rows that a stream holds in memory."""


class CatalogueRow(NamedTuple):
    """One row of the file: a track in a playlist. `line` is where it starts, from 1.

    `artist` is the main artist, `artist_key` its normalised name, `featured` who stands behind
    "feat." in the file's artist column. None is unknown.
    """

    line: int
    track: str
    title: str
    artist: str
    artist_key: str
    featured: str | None
    popularity: int
    album: str
    album_title: str
    release_date: date | None
    release_date_precision: str | None
    playlist: str
    playlist_title: str
    genre: str | None
    subgenre: str | None
    danceability: float
    energy: float
    key: int | None
    loudness: float
    mode: int | None
    speechiness: float
    acousticness: float
    instrumentalness: float
    liveness: float
    valence: float
    tempo: float | None
    duration_ms: int


FEATURES = CatalogueRow._fields[CatalogueRow._fields.index("danceability") : -1]
"""The columns of `audio_features` that a row has."""


@dataclass(frozen=True, slots=True)
class StagedCredit:
    """An artist of a track, by name, in the order of the track's credits."""

    track: str
    position: int
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class StagedTrack:
    """A track as its first row has it, with all its credits, and its genres of all rows."""

    row: CatalogueRow
    names: Sequence[str]
    roles: Sequence[str]
    genres: Sequence[str]


@dataclass(frozen=True, slots=True)
class StagedItem:
    """A track's first place in a playlist."""

    playlist: str
    playlist_title: str
    track: str


@dataclass(frozen=True, slots=True)
class StagedCounts:
    """What the file holds.

    `merged` rows name a track that the playlist has already; `contradictions` are rows that say
    something else of a track, album or playlist than its first row, which is believed.
    """

    artists: int
    tracks: int
    playlists: int
    items: int
    merged: int
    contradictions: int


class CatalogueStage:
    """The rows of one file: `add`, `sort_out`, `add_credits`, `count`, and then read the rest."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, rows: Sequence[CatalogueRow]) -> None:
        """Append rows."""
        await copy_into(self._connection, "staged_rows", CatalogueRow._fields, rows)

    async def sort_out(self) -> None:
        """Find the first row of each track, which tells what the track is."""
        for statement in sql.SORT_OUT:
            await self._connection.execute(text(statement))

    async def add_credits(self, credits_: Iterable[StagedCredit]) -> None:
        """Append credits of tracks; all have to be there before tracks and artists are read."""
        await copy_into(
            self._connection,
            "staged_credits",
            ("track", "position", "name", "role"),
            [(one.track, one.position, one.name, one.role) for one in credits_],
        )

    async def main_artists(self, keys: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """Return the names of main artists of the file by normalised name.

        The most popular first, of two the one that the file has first; an unknown key is absent.
        """
        found = await self._connection.execute(text(sql.MAIN_ARTISTS), {"keys": list(keys)})
        names: dict[str, list[str]] = {}
        for key, name in found:
            names.setdefault(key, []).append(name)
        return names

    async def rows(self) -> AsyncIterator[CatalogueRow]:
        """Yield the first row of each track, in the file's order."""
        async for row in self._stream("select * from staged_tracks order by line"):
            yield _row(row)

    async def genres(self) -> Sequence[tuple[str, str | None]]:
        """Return (name, parent's name) of all genres, parents before children, in file order."""
        found = await self._connection.execute(text(sql.GENRES))
        return [(row[0], row[1]) for row in found]

    async def artists(self) -> AsyncIterator[tuple[str, int]]:
        """Yield (name, the greatest popularity of the artist's tracks), in the file's order."""
        async for row in self._stream(sql.ARTISTS):
            yield row[0], row[1]

    async def tracks(self) -> AsyncIterator[StagedTrack]:
        """Yield all tracks, those of an album together, in the file's order of albums."""
        async for row in self._stream(sql.TRACKS):
            yield StagedTrack(_row(row), row.names, row.roles, row.genres or ())

    async def items(self) -> AsyncIterator[StagedItem]:
        """Yield the items of all playlists, those of a playlist together and in file order."""
        async for row in self._stream(sql.ITEMS):
            yield StagedItem(*row)

    async def count(self) -> StagedCounts:
        """Return how many different things the file holds, when all credits are there."""
        await self._connection.execute(text("analyze staged_credits"))
        (row,) = await self._connection.execute(text(sql.COUNTS))
        return StagedCounts(*row)

    async def _stream(self, statement: str) -> AsyncIterator[AnyRow]:
        result = await self._connection.stream(text(statement))
        async for rows in result.partitions(READ_AT_ONCE):  # without a size it would read all
            for row in rows:
                yield row


@asynccontextmanager
async def open_catalogue_stage(postgres: Postgres) -> AsyncIterator[CatalogueStage]:
    """Yield an empty stage. It is gone at the end, whatever happened.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with postgres.transaction() as connection:
        for statement in sql.TABLES:
            await connection.execute(text(statement))
        yield CatalogueStage(connection)


def _row(row: AnyRow) -> CatalogueRow:
    return CatalogueRow(*row[: len(CatalogueRow._fields)])
