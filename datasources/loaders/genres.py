"""Loaders of genres."""

from collections.abc import Mapping, Sequence

from datasources.loaders.batch import Batch
from datasources.loaders.sources import from_postgres
from datasources.postgres import genres
from datasources.postgres.client import Postgres
from datasources.postgres.popular import (
    Popular,
    fetch_popular_tracks,
    fetch_popular_tracks_of_genres,
)
from datasources.records.genres import GenreRecord

ALL_GENRES = "*"
"""The one key of `AllGenres` and `PopularTracks`; as a slug no genre has it."""

POPULAR_TRACKS = 100
"""Tracks in each list of popular ones."""


async def _all(postgres: Postgres, keys: Sequence[str]) -> Mapping[str, Sequence[GenreRecord]]:
    return dict.fromkeys(keys, await genres.fetch_genres(postgres))


async def _popular(postgres: Postgres, keys: Sequence[str]) -> Mapping[str, Sequence[Popular]]:
    return dict.fromkeys(keys, await fetch_popular_tracks(postgres, POPULAR_TRACKS))


async def _popular_of_genres(
    postgres: Postgres, slugs: Sequence[str]
) -> Mapping[str, Sequence[Popular]]:
    return await fetch_popular_tracks_of_genres(postgres, slugs, POPULAR_TRACKS)


GenreById = Batch("GenreById", from_postgres(genres.fetch_genres_by_ids))
SubgenresOfGenre = Batch("SubgenresOfGenre", from_postgres(genres.fetch_subgenres), missing=())
GenresOfTrack = Batch("GenresOfTrack", from_postgres(genres.fetch_genres_of_tracks), missing=())
GenresOfArtist = Batch("GenresOfArtist", from_postgres(genres.fetch_genres_of_artists), missing=())

AllGenres = Batch("AllGenres", from_postgres(_all), missing=())
PopularTracks = Batch("PopularTracks", from_postgres(_popular), missing=())
PopularTracksOfGenre = Batch("PopularTracksOfGenre", from_postgres(_popular_of_genres), missing=())
