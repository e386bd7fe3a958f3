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
        for statement in _SORT_OUT:
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
        found = await self._connection.execute(text(_MAIN_ARTISTS), {"keys": list(keys)})
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
        found = await self._connection.execute(text(_GENRES))
        return [(row[0], row[1]) for row in found]

    async def artists(self) -> AsyncIterator[tuple[str, int]]:
        """Yield (name, the greatest popularity of the artist's tracks), in the file's order."""
        async for row in self._stream(_ARTISTS):
            yield row[0], row[1]

    async def tracks(self) -> AsyncIterator[StagedTrack]:
        """Yield all tracks, those of an album together, in the file's order of albums."""
        async for row in self._stream(_TRACKS):
            yield StagedTrack(_row(row), row.names, row.roles, row.genres or ())

    async def items(self) -> AsyncIterator[StagedItem]:
        """Yield the items of all playlists, those of a playlist together and in file order."""
        async for row in self._stream(_ITEMS):
            yield StagedItem(*row)

    async def count(self) -> StagedCounts:
        """Return how many different things the file holds, when all credits are there."""
        await self._connection.execute(text("analyze staged_credits"))
        (row,) = await self._connection.execute(text(_COUNTS))
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
        for statement in _TABLES:
            await connection.execute(text(statement))
        yield CatalogueStage(connection)


def _row(row: AnyRow) -> CatalogueRow:
    return CatalogueRow(*row[: len(CatalogueRow._fields)])


_TABLES = (
    # Everything is read whole and in order here. Where the planner expects few rows it would look
    # each of them up, and that grows with the square of the file.
    "set local enable_nestloop = off",
    "set local work_mem = '32MB'",
    """
    create temporary table staged_rows (
        line int, track text, title text, artist text, artist_key text, featured text,
        popularity smallint, album text, album_title text, release_date date,
        release_date_precision text, playlist text, playlist_title text, genre text,
        subgenre text, danceability float8, energy float8, key smallint, loudness float8,
        mode smallint, speechiness float8, acousticness float8, instrumentalness float8,
        liveness float8, valence float8, tempo float8, duration_ms int
    ) on commit drop
    """,
    """
    create temporary table staged_credits (track text, position int, name text, role text)
    on commit drop
    """,
)

_SORT_OUT = (
    """
    create temporary table staged_tracks on commit drop as
    select distinct on (track) * from staged_rows order by track, line
    """,
    "create index on staged_tracks (artist_key)",
    "analyze staged_rows",
    "analyze staged_tracks",
)

_MAIN_ARTISTS = """
    select artist_key, artist from staged_tracks where artist_key = any(:keys)
    group by artist_key, artist order by max(popularity) desc, min(line)
"""

_GENRES = """
    select name, case when min(level) > 0 then min(parent) end from (
        select genre as name, null as parent, line, 0 as level from staged_rows
        union all
        select subgenre, first_value(genre) over (partition by subgenre order by line), line, 1
        from staged_rows
    ) as named
    where name is not null
    group by name order by min(array[level, line]), name
"""

_ARTISTS = """
    select name, max(popularity) from staged_credits join staged_tracks using (track)
    group by name order by min(line), min(position), name
"""

_TRACKS = """
    select staged_tracks.*, credits.names, credits.roles, labels.genres,
        min(line) over (partition by album) as album_line
    from staged_tracks
    join (
        select track, array_agg(name order by position) as names,
            array_agg(role order by position) as roles
        from staged_credits group by track
    ) as credits using (track)
    left join (
        select track, array_agg(distinct name order by name) as genres from (
            select track, genre as name from staged_rows
            union select track, subgenre from staged_rows
        ) as named
        where name is not null group by track
    ) as labels using (track)
    order by album_line, album, line
"""

_ITEMS = """
    select playlist, first_value(playlist_title) over whole, track from (
        select distinct on (playlist, track) playlist, playlist_title, track, line
        from staged_rows order by playlist, track, line
    ) as items
    window whole as (partition by playlist order by line)
    order by min(line) over (partition by playlist), playlist, line
"""

_COUNTS = """
    select
        (select count(distinct name) from staged_credits),
        (select count(*) from staged_tracks),
        (select count(distinct playlist) from staged_rows),
        items.number,
        (select count(*) from staged_rows) - items.number,
        (select count(*) from (
            select
                row(title, artist, featured, popularity, album, duration_ms, danceability, energy,
                    key, loudness, mode, speechiness, acousticness, instrumentalness, liveness,
                    valence, tempo)
                is distinct from first_value(
                row(title, artist, featured, popularity, album, duration_ms, danceability, energy,
                    key, loudness, mode, speechiness, acousticness, instrumentalness, liveness,
                    valence, tempo)
                ) over (partition by track order by line)
                or row(album_title, release_date)
                is distinct from first_value(row(album_title, release_date))
                over (partition by album order by line)
                or playlist_title <> first_value(playlist_title)
                over (partition by playlist order by line) as contradicts
            from staged_rows
        ) as compared where contradicts)
    from (
        select count(*) as number from (select distinct playlist, track from staged_rows) as pairs
    ) as items
"""
