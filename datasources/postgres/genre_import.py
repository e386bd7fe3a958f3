"""Genres as importers write them, and what is counted from them."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.ids import new_id
from datasources.names import name_key, slug
from datasources.postgres.bulk import Upserted, upsert_rows
from datasources.postgres.reading import any_of
from datasources.postgres.tables import genres


@lru_cache(maxsize=10_000)
def genre_slug(name: str) -> str:
    """Return the slug that identifies a genre: "Hip-Hop" and "hip hop" are one.

    A name without a single word gets one of its code points: "!!!" is "u21-u21-u21".
    """
    return slug(name) or "-".join(f"u{ord(char):x}" for char in name_key(name))


async def write_genres(
    connection: AsyncConnection, wanted: Sequence[tuple[str, str | None]]
) -> Upserted:
    """Create the genres (name, parent's name) that are not there by slug; parents come first.

    One that is there keeps its name and its parent. Writes `genres`.
    """
    ids = await find_genres(connection, [name for name, _ in wanted])
    there = len(ids)
    rows: list[dict[str, object]] = []
    for name, parent in wanted:
        key = genre_slug(name)
        if key in ids:  # it is there, or another spelling of it came before
            continue
        parent_id = None if parent is None else ids.get(genre_slug(parent))
        ids[key] = new_id()
        rows.append({"id": ids[key], "slug": key, "name": name, "parent_id": parent_id})
    parents = [row for row in rows if row["parent_id"] is None]
    children = [row for row in rows if row["parent_id"] is not None]
    done = await upsert_rows(connection, "genres", parents, "id")
    return done + await upsert_rows(connection, "genres", children, "id") + Upserted(0, 0, there)


async def find_genres(connection: AsyncConnection, names: Collection[str]) -> dict[str, UUID]:
    """Return the ids of genres by slug (`genres`); see `genre_slug`. Others are absent."""
    slugs = {genre_slug(name) for name in names}
    statement = select(genres.c.slug, genres.c.id).where(any_of(genres.c.slug, slugs))
    return {row[0]: row[1] for row in await connection.execute(statement)}


async def put_track_genres(
    connection: AsyncConnection, names: Mapping[UUID, Collection[str]]
) -> None:
    """Add genres, by name, to tracks (`track_genres`); the genres have to be there."""
    ids = await find_genres(connection, {name for few in names.values() for name in few})
    pairs = {(track, ids[genre_slug(name)]) for track, few in names.items() for name in few}
    rows: list[dict[str, object]] = [{"track_id": pair[0], "genre_id": pair[1]} for pair in pairs]
    await upsert_rows(connection, "track_genres", rows, "track_id", "genre_id")


async def refresh_genre_counts(connection: AsyncConnection) -> None:
    """Count the tracks of each genre and the genres of each artist again.

    Writes `genres.track_count` and `artist_genres`, only rows that change.
    """
    for statement in _REFRESH:
        await connection.execute(text(statement))


_REFRESH = (
    """
    update genres set track_count = counted.number from (
        select id, count(track_id) as number
        from genres left join track_genres on genre_id = id group by id
    ) as counted
    where genres.id = counted.id and track_count <> number
    """,
    """
    create temporary table counted_artist_genres on commit drop as
    select artist_id, genre_id, count(distinct track_id)::int as track_count
    from track_credits join track_genres using (track_id) group by artist_id, genre_id
    """,
    """
    delete from artist_genres as old where not exists (
        select from counted_artist_genres as new
        where (new.artist_id, new.genre_id) = (old.artist_id, old.genre_id)
    )
    """,
    """
    insert into artist_genres (artist_id, genre_id, track_count)
    select artist_id, genre_id, track_count from counted_artist_genres
    on conflict (artist_id, genre_id) do update set track_count = excluded.track_count
    where artist_genres.track_count <> excluded.track_count
    """,
)
