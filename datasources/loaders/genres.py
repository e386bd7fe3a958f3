"""Loaders of genres."""

from datasources.loaders.batch import Batch
from datasources.loaders.sources import from_postgres
from datasources.postgres import genres

GenreById = Batch("GenreById", from_postgres(genres.fetch_genres_by_ids))
SubgenresOfGenre = Batch("SubgenresOfGenre", from_postgres(genres.fetch_subgenres), missing=())
GenresOfTrack = Batch("GenresOfTrack", from_postgres(genres.fetch_genres_of_tracks), missing=())
GenresOfArtist = Batch("GenresOfArtist", from_postgres(genres.fetch_genres_of_artists), missing=())
