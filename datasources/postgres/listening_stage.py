"""The files of a HetRec data set while they are being imported: rows in temporary tables.

What refers to what, and how many people listen to an artist, is known when all lines are read.
PostgreSQL sorts that out, as it does for a catalogue file: see `catalogue_stage.py`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.bulk import copy_into
from datasources.postgres.client import AnyRow, Postgres

READ_AT_ONCE = 500
"""Rows that a stream holds in memory."""


class ArtistRow(NamedTuple):
    """An artist. `lastfm` is its name in a last.fm address, where it has one."""

    line: int
    artist: int
    name: str
    name_key: str
    lastfm: str | None


class PlaysRow(NamedTuple):
    """How often a person played an artist."""

    line: int
    person: int
    artist: int
    plays: int


class FriendsRow(NamedTuple):
    """Two people who are friends."""

    line: int
    person: int
    friend: int


@dataclass(frozen=True, slots=True)
class StagedArtist:
    """An artist. `popularity`, 0 to 100, is of those who listen to it or to a namesake."""

    artist: str
    name: str
    name_key: str
    lastfm: str | None
    popularity: int


@dataclass(frozen=True, slots=True)
class StagedPlays:
    """How often a person played an artist."""

    person: str
    artist: str
    plays: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that does not fit to the others."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class StagedListening:
    """How many of each there are."""

    artists: int
    people: int
    follows: int
    plays: int


class ListeningStage:
    """The rows of one data set. Fill it with `add`, then `sort_out`, then read."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_artists(self, rows: Sequence[ArtistRow]) -> None:
        """Append artists."""
        await copy_into(self._connection, "staged_artists", ArtistRow._fields, rows)

    async def add_plays(self, rows: Sequence[PlaysRow]) -> None:
        """Append play counts."""
        await copy_into(self._connection, "staged_plays", PlaysRow._fields, rows)

    async def add_friends(self, rows: Sequence[FriendsRow]) -> None:
        """Append friendships."""
        await copy_into(self._connection, "staged_friends", FriendsRow._fields, rows)

    async def sort_out(self) -> None:
        """Find the rows of use: the first of each kind that refer to what is there."""
        for statement in _SORT_OUT:
            await self._connection.execute(text(statement))

    async def refused(self) -> AsyncIterator[Refused]:
        """Yield the other rows, by file and line."""
        async for row in self._stream(_REFUSED):
            yield Refused(*row)

    async def artists(self) -> AsyncIterator[StagedArtist]:
        """Yield the artists, in the file's order."""
        async for row in self._stream(_ARTISTS):
            yield StagedArtist(*row)

    async def people(self) -> AsyncIterator[str]:
        """Yield the people who listen or have friends, by their numbers."""
        async for row in self._stream("select person::text from people order by person"):
            yield row[0]

    async def follows(self) -> AsyncIterator[tuple[str, str]]:
        """Yield (follower, followed), both ways for each friendship, by their numbers."""
        async for row in self._stream(
            "select person::text, friend::text from follows order by person, friend"
        ):
            yield row[0], row[1]

    async def plays(self) -> AsyncIterator[StagedPlays]:
        """Yield the play counts, in the file's order."""
        async for row in self._stream(
            "select person::text, artist::text, plays from used_plays order by line"
        ):
            yield StagedPlays(*row)

    async def counts(self) -> StagedListening:
        """Return how many of each there are."""
        (row,) = await self._connection.execute(text(_COUNTS))
        return StagedListening(*row)

    async def _stream(self, statement: str) -> AsyncIterator[AnyRow]:
        result = await self._connection.stream(text(statement))
        async for rows in result.partitions(READ_AT_ONCE):  # without a size it would read all
            for row in rows:
                yield row


@asynccontextmanager
async def open_listening_stage(postgres: Postgres) -> AsyncIterator[ListeningStage]:
    """Yield an empty stage. It is gone at the end, whatever happened.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with postgres.transaction() as connection:
        for statement in _TABLES:
            await connection.execute(text(statement))
        yield ListeningStage(connection)


_TABLES = (
    "set local enable_nestloop = off",  # everything is read whole: see catalogue_stage.py
    "set local work_mem = '32MB'",
    """
    create temporary table staged_artists
        (line int, artist bigint, name text, name_key text, lastfm text) on commit drop
    """,
    """
    create temporary table staged_plays
        (line int, person bigint, artist bigint, plays bigint) on commit drop
    """,
    """
    create temporary table staged_friends (line int, person bigint, friend bigint)
    on commit drop
    """,
)

_SORT_OUT = (
    """
    create temporary table used_artists on commit drop as
    select distinct on (artist) * from staged_artists order by artist, line
    """,
    """
    create temporary table used_plays on commit drop as
    select distinct on (person, artist) staged_plays.*
    from staged_plays join used_artists using (artist)
    order by person, artist, staged_plays.line
    """,
    """
    create temporary table used_friends on commit drop as
    select distinct on (person, friend) * from staged_friends where person <> friend
    order by person, friend, line
    """,
    """
    create temporary table follows on commit drop as
    select person, friend from used_friends union select friend, person from used_friends
    """,
    """
    create temporary table people on commit drop as
    select person from used_plays union select person from follows
    """,
    "analyze staged_artists, staged_plays, staged_friends, used_artists, used_plays, used_friends",
)

_REFUSED = """
    select 'artists.dat' as file, line, 'the artist is there already' as reason
    from staged_artists
    where not exists (select from used_artists where used_artists.line = staged_artists.line)
    union all
    select 'user_artists.dat', line, case
        when exists (select from used_artists where used_artists.artist = staged_plays.artist)
        then 'the user and artist are there already'
        else 'artist ' || artist || ' is not in artists.dat'
    end
    from staged_plays
    where not exists (select from used_plays where used_plays.line = staged_plays.line)
    union all
    select 'user_friends.dat', line, case
        when person = friend then 'a friend of oneself' else 'the friends are there already'
    end
    from staged_friends
    where not exists (select from used_friends where used_friends.line = staged_friends.line)
    order by file, line
"""

_ARTISTS = """
    select artist::text, name, name_key, lastfm, coalesce(round(
        100 * ln(1 + listeners) / nullif(ln(1 + max(listeners) over ()), 0)
    ), 0)::int
    from used_artists join (
        select name_key, count(distinct person)::float8 as listeners
        from used_artists left join used_plays using (artist) group by name_key
    ) as heard using (name_key)
    order by line
"""

_COUNTS = """
    select
        (select count(*) from used_artists),
        (select count(*) from people),
        (select count(*) from follows),
        (select count(*) from used_plays)
"""
