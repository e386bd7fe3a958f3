"""Artists by their names, as importers write them: some sources give artists no ids."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.ids import new_id
from datasources.names import name_key
from datasources.postgres.bulk import Upserted, upsert_rows
from datasources.postgres.reading import any_of
from datasources.postgres.search_index import entry
from datasources.postgres.tables import artists
from datasources.records.external_ids import EntityKind


@dataclass(frozen=True, slots=True)
class ImportedArtist:
    """What an import knows of an artist. `popularity` is 0 to 100."""

    id: UUID
    name: str
    popularity: int


async def write_artists(connection: AsyncConnection, wanted: Mapping[str, int]) -> Upserted:
    """Create the artists that are not there, and raise the popularity of those that are.

    `wanted` is the popularity by name. An artist is there when one has exactly this name; its
    popularity is never lowered. Writes `artists` and `search_entries`.
    """
    there = await find_artists(connection, wanted)
    rows = [
        ImportedArtist(there[name].id, name, max(popularity, there[name].popularity))
        if name in there
        else ImportedArtist(new_id(), name, popularity)
        for name, popularity in wanted.items()
    ]
    return await put_artists(connection, rows)


async def put_artists(connection: AsyncConnection, rows: Sequence[ImportedArtist]) -> Upserted:
    """Insert artists, or make those with these ids equal (`artists`, `search_entries`)."""
    done = await upsert_rows(
        connection,
        "artists",
        [
            {
                "id": one.id,
                "name": one.name,
                "name_key": name_key(one.name),
                "popularity": one.popularity,
            }
            for one in rows
        ],
        "id",
    )
    entries = [entry(EntityKind.ARTIST, one.id, one.name, (), one.popularity) for one in rows]
    await upsert_rows(connection, "search_entries", entries, "kind", "entity_id")
    return done


async def find_artists(
    connection: AsyncConnection, names: Collection[str]
) -> Mapping[str, ImportedArtist]:
    """Return artists by exact name (`artists`), the oldest of several; others are absent."""
    statement = (  # by the key, which has an index; the name decides
        select(artists.c.id, artists.c.name, artists.c.popularity)
        .where(any_of(artists.c.name_key, {name_key(name) for name in names}))
        .order_by(artists.c.id.desc())
    )
    wanted = set(names)
    rows = [ImportedArtist(*row) for row in await connection.execute(statement)]
    return {one.name: one for one in rows if one.name in wanted}
