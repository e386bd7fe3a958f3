"""Genres, and those of tracks and artists."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from datasources.postgres.client import Postgres
from datasources.postgres.reading import any_of, columns_of, fetch_by_ids, fetch_lists
from datasources.postgres.tables import artist_genres, genres, track_genres
from datasources.records.genres import GenreRecord

_COLUMNS = columns_of(GenreRecord, genres)


async def fetch_genres(postgres: Postgres) -> Sequence[GenreRecord]:
    """Return all genres by name (`genres`)."""
    statement = select(*_COLUMNS).order_by(genres.c.name, genres.c.id)
    return [GenreRecord(*row) for row in await postgres.read(statement)]


async def fetch_genres_by_ids(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, GenreRecord]:
    """Return genres by id (`genres`)."""
    return await fetch_by_ids(postgres, GenreRecord, genres, ids)


async def fetch_subgenres(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[GenreRecord]]:
    """Return the genres under each genre, by name (`genres`)."""
    parent = genres.c.parent_id
    statement = select(parent, *_COLUMNS).where(any_of(parent, ids)).order_by(parent, genres.c.name)
    return await fetch_lists(postgres, statement, GenreRecord)


async def fetch_genres_of_tracks(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[GenreRecord]]:
    """Return the genres of each track, by name (`track_genres`, `genres`)."""
    track = track_genres.c.track_id
    statement = (
        select(track, *_COLUMNS)
        .join(genres, genres.c.id == track_genres.c.genre_id)
        .where(any_of(track, ids))
        .order_by(track, genres.c.name)
    )
    return await fetch_lists(postgres, statement, GenreRecord)


async def fetch_genres_of_artists(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[GenreRecord]]:
    """Return the genres of each artist, those of most of its tracks first.

    Read from `artist_genres` and `genres`.
    """
    artist = artist_genres.c.artist_id
    statement = (
        select(artist, *_COLUMNS)
        .join(genres, genres.c.id == artist_genres.c.genre_id)
        .where(any_of(artist, ids))
        .order_by(artist, artist_genres.c.track_count.desc(), genres.c.name)
    )
    return await fetch_lists(postgres, statement, GenreRecord)
